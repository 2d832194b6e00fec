import { SimulatorConnectionSchema } from '@/lib/contract/connection';
import { SimulatedProcesses } from '@/lib/drivers/simulator/simulated-processes';
import { PhantomCluster } from '@/lib/drivers/simulator/phantom-cluster';
import { SimulatorProvisioner } from '@/lib/provisioners/simulator-provisioner';
import { describeProvisionerContract } from './provisioner-contract';

const FIRST_NODES = 1_997;

describeProvisionerContract('simulator', () => {
  let cluster = PhantomCluster.create(SimulatorConnectionSchema.parse({ kind: 'simulator', nodeCount: FIRST_NODES, shardCount: 16 }));
  const running = () => cluster.core.nodes.filter((node) => node.waiting && !node.removed);
  return Promise.resolve({
    // As after a restart of the server: the cluster comes back from its file.
    open: () => {
      cluster = PhantomCluster.restore(cluster.snapshot());
      return new SimulatorProvisioner({
        start: (intentId, zone) => new SimulatedProcesses(cluster).start(intentId, zone), list: () => new SimulatedProcesses(cluster).list(), end: (intentId) => new SimulatedProcesses(cluster).end(intentId),
      });
    },
    nodesOutThere: () => Promise.resolve(running().length),
    answers: (address) => Promise.resolve(running().some((node) => address.startsWith(`${node.id}.`))),
    stop: () => Promise.resolve(),
  });
}, { nodesMax: 3, restartsNodes: false });
