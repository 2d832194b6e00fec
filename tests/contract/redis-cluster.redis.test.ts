import { fillKeys } from '../../scripts/redis/fill-keys';
import { CheckerClient } from '../support/checker-client';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';
import { describeDriverContract } from './driver-contract';
import { realTime, type DriverHarness, type DriverTraits } from './driver-harness';

/** Slots that get data, spread over all primaries, with enough keys that a move has a middle. */
const FILLED_SLOTS = 120;
const KEYS_PER_SLOT = 400;

const traits: DriverTraits = {
  kind: 'redis-cluster',
  capabilities: {
    replication: 'followers', moveShard: true, transferPrimary: false, addNode: true, addNodeNeeds: 'address', removeNode: true, repair: false, mendShards: true, loadPerShard: 'estimated',
  },
  fences: true,
  canSilence: true,
  canKill: true,
  readingMsMax: 2_500,
  moveMsMax: 20_000,
};

async function makeHarness(): Promise<DriverHarness> {
  const cluster = await startRedisCluster({ primaries: 3, emptyPrimaries: 1 });
  await fillKeys(cluster.primaries, {
    keys: FILLED_SLOTS * KEYS_PER_SLOT,
    valueBytes: () => 200,
    nameOf: (n) => `{${Math.floor(n / KEYS_PER_SLOT)}}:${n}`,
  });
  const connection = connectionTo(cluster);
  const driver = openDriver(connection);
  const nodeById = async (nodeId: string) => {
    for (const node of cluster.members) if (node.isRunning && await cluster.idOf(node) === nodeId) return node;
    throw new Error(`No process has the id ${nodeId}`);
  };
  return {
    ...realTime,
    driver,
    emptyNodeId: await cluster.idOf(cluster.emptyPrimaries[0]!),
    freshAddress: async () => (await cluster.startNode()).address,
    reopen: () => Promise.resolve(openDriver(connection)),
    silence: async (nodeId) => {
      const node = await nodeById(nodeId);
      node.pause();
      return () => {
        node.resume();
        return Promise.resolve();
      };
    },
    kill: async (nodeId) => { await (await nodeById(nodeId)).kill(); },
    startChecker: () => {
      const checker = CheckerClient.start(cluster, { operationsPerSecond: 1_000 });
      return Promise.resolve({
        stop: async () => {
          const report = await checker.stop();
          return { acknowledgedWrites: report.acknowledged, lostWrites: report.lost, duplicatedWrites: report.duplicated, clientErrors: report.clientErrors };
        },
      });
    },
    cleanUp: async () => {
      await driver.close();
      await cluster.stop();
    },
  };
}

describeDriverContract('redis-cluster', makeHarness, traits);
