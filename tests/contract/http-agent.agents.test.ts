import { HTTP_AGENT_CAPABILITIES } from '@/lib/drivers/http-agent/http-agent-driver';
import { AgentChecker, fillAgentKeys } from '../support/agent-checker';
import { AgentClusterProcesses } from '../support/agent-cluster';
import { describeDriverContract } from './driver-contract';
import { realTime, type DriverHarness } from './driver-harness';

/** Every node is a process of its own, with its shards on its disk. */
async function makeHarness(): Promise<DriverHarness> {
  const cluster = await AgentClusterProcesses.start({ nodes: 3, emptyNodes: 1, shardCount: 12 });
  await fillAgentKeys(cluster, { keys: 600, valueBytes: 600 });
  const driver = cluster.openDriver();
  return {
    ...realTime,
    driver,
    emptyNodeId: cluster.nodes[3]!.nodeId,
    freshAddress: async () => (await cluster.startNode({ accepted: false })).address,
    reopen: () => Promise.resolve(cluster.openDriver()),
    silence: (nodeId) => {
      cluster.nodeById(nodeId).pause();
      return Promise.resolve(() => {
        cluster.nodeById(nodeId).resume();
        return Promise.resolve();
      });
    },
    kill: async (nodeId) => { await cluster.nodeById(nodeId).kill(); },
    startChecker: () => {
      const checker = new AgentChecker(cluster);
      return Promise.resolve({
        stop: async () => {
          const { acknowledged, lost, duplicated, clientErrors } = await checker.stop();
          return { acknowledgedWrites: acknowledged, lostWrites: lost, duplicatedWrites: duplicated, clientErrors };
        },
      });
    },
    cleanUp: async () => {
      await driver.close();
      await cluster.stop();
    },
  };
}

describeDriverContract('http-agent', makeHarness, {
  kind: 'http-agent',
  capabilities: HTTP_AGENT_CAPABILITIES,
  fences: true,
  canSilence: true,
  canKill: true,
  readingMsMax: 2_500,
  moveMsMax: 20_000,
});
