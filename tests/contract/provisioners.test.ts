import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatorConnectionSchema } from '@/lib/contract/connection';
import { PhantomCluster } from '@/lib/drivers/simulator/phantom-cluster';
import { SimulatedProcesses } from '@/lib/drivers/simulator/simulated-processes';
import { systemClock } from '@/lib/platform/system-clock';
import { HookProvisioner } from '@/lib/provisioners/hook/hook-provisioner';
import { ProgramTransport } from '@/lib/provisioners/hook/program-transport';
import { WebhookTransport } from '@/lib/provisioners/hook/webhook-transport';
import { SimulatorProvisioner } from '@/lib/provisioners/simulator-provisioner';
import { StandbyProvisioner } from '@/lib/provisioners/standby-provisioner';
import { OutboundRule } from '@/lib/server/outbound-rule';
import { nodesOfHookProgram, writeHookProgram } from '../support/hook-program';
import { HookService, SECRET } from '../support/hook-service';
import { describeProvisionerContract } from './provisioner-contract';

const NODES_MAX = 3;
const TIMING = { readyWithinMs: 60_000, pollMs: 100 };
const TRAITS = { nodesMax: NODES_MAX, restartsNodes: false };

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'phantom-scale-provisioners-'));
}

describeProvisionerContract('simulator', () => {
  const most = 2_000;
  let cluster = PhantomCluster.create(SimulatorConnectionSchema.parse({ kind: 'simulator', nodeCount: most - NODES_MAX, shardCount: 16 }));
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
    isThere: (address) => Promise.resolve(running().some((node) => address.startsWith(`${node.id}.`))),
    stop: () => Promise.resolve(),
  });
}, TRAITS);

describeProvisionerContract('standby', async () => {
  const folder = newFolder();
  const claimsFile = join(folder, 'deep', 'claims.json');
  const servers = await Promise.all(Array.from({ length: NODES_MAX }, () => new Promise<Server>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => { resolve(server); });
  })));
  const nodes = servers.map((server) => ({ address: `127.0.0.1:${(server.address() as AddressInfo).port}`, zone: null }));
  // One more on the list that does not answer is passed over.
  const options = { nodes: [{ address: '127.0.0.1:1', zone: null }, ...nodes], claimsFile, clock: systemClock, outbound: new OutboundRule(), clusterId: 'cluster-a' };
  const claims = () => {
    try {
      return (JSON.parse(readFileSync(claimsFile, 'utf8')) as { claims: { address: string }[] }).claims;
    } catch (error) {
      if (error instanceof Error && 'code' in error) return [];
      throw error;
    }
  };
  return {
    open: () => new StandbyProvisioner(options),
    nodesOutThere: () => Promise.resolve(claims().length),
    isThere: (address) => Promise.resolve(claims().some((claim) => claim.address === address)),
    stop: async () => {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      rmSync(folder, { recursive: true });
    },
  };
}, TRAITS);

describeProvisionerContract('command', () => {
  const folder = newFolder();
  const path = writeHookProgram(folder, NODES_MAX);
  return Promise.resolve({
    open: () => new HookProvisioner({ kind: 'command', clusterId: 'cluster-a', timing: TIMING, transport: new ProgramTransport({ path, arguments: [], environment: {}, timeoutMs: 10_000, clock: systemClock }) }),
    nodesOutThere: () => Promise.resolve(Object.keys(nodesOfHookProgram(folder)).length),
    isThere: (address) => Promise.resolve(Object.values(nodesOfHookProgram(folder)).includes(address)),
    stop: () => {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  });
}, TRAITS);

describeProvisionerContract('webhook', async () => {
  const folder = newFolder();
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, `${SECRET}\n`);
  const service = await HookService.start(NODES_MAX);
  return {
    open: () => new HookProvisioner({ kind: 'webhook', clusterId: 'cluster-a', timing: TIMING, transport: new WebhookTransport({ url: service.url, secretFile, timeoutMs: 5_000, clock: systemClock, outbound: new OutboundRule() }) }),
    nodesOutThere: () => Promise.resolve(Object.keys(service.nodes).length),
    isThere: (address) => Promise.resolve(Object.values(service.nodes).includes(address)),
    stop: async () => {
      await service.stop();
      rmSync(folder, { recursive: true });
    },
  };
}, TRAITS);
