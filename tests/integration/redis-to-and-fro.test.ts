/**
 * Nodes that give slots to each other at the same time. A node in MIGRATE serves nobody
 * until its target has answered, so without turns they would wait for each other until
 * the cluster takes them for dead.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { primaryNodeIdOf, type ShardTable } from '@/lib/contract/shard-table';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { fillKeys } from '../../scripts/redis/fill-keys';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import { contextOf, never, valueOf } from '../contract/driver-steps';
import { CheckerClient } from '../support/checker-client';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

const SLOTS_PER_PAIR = 256;
const SLOTS_PER_BATCH = 64;

let cluster: RedisClusterProcesses;
let driver: RedisClusterDriver;

beforeAll(async () => {
  cluster = await startRedisCluster({ primaries: 3, emptyPrimaries: 1, nodeTimeoutMs: 2_000 });
  await fillKeys(cluster.primaries, { keys: 30_000, valueBytes: (n) => 50 + (n % 300) });
  driver = openDriver(connectionTo(cluster));
});

afterAll(async () => {
  await driver.close();
  await cluster.stop();
});

const tableNow = async (): Promise<ShardTable> => valueOf(await driver.observe({ detail: 'full', signal: never() })).shards!;

it('[M22] three nodes that give slots to each other, in pairs and in a ring, and to a fourth, get done without harm to clients', async () => {
  const [a, b, c] = await Promise.all(cluster.primaries.map((node) => cluster.idOf(node))) as [string, string, string];
  const d = await cluster.idOf(cluster.emptyPrimaries[0]!);
  const before = await tableNow();
  const free = new Map([a, b, c].map((id) => [id, Array.from({ length: before.shardCount }, (_, slot) => slot).filter((slot) => primaryNodeIdOf(before, slot) === id)]));
  const pairs = [[a, b], [b, a], [b, c], [c, b], [c, a], [a, c], [a, d], [b, d], [c, d]] as const;
  const moves = pairs.map(([sourceNodeId, targetNodeId]) => free.get(sourceNodeId)!.splice(0, SLOTS_PER_PAIR).map((shardId) => ({ shardId, role: 'primary' as const, sourceNodeId, targetNodeId })));
  const checker = CheckerClient.start(cluster, { operationsPerSecond: 1_000, workers: 16 });
  const outcomes = (await Promise.all(moves.flatMap((ofPair) => batchesOf(ofPair).map((batch) => driver.batches.execute(batch, { ...contextOf(), onProgress: () => undefined }))))).flat();
  expect(outcomes.filter((outcome) => !outcome.ok)).toEqual([]);
  expect(outcomes).toHaveLength(pairs.length * SLOTS_PER_PAIR);
  const report = await checker.stop();
  expect(report.errors).toEqual([]);
  expect(report).toMatchObject({ lost: 0, duplicated: 0, resurrected: 0, stale: 0 });
  await cluster.waitUntilAgreed();
  const after = await tableNow();
  for (const { shardId, targetNodeId } of moves.flat()) expect(primaryNodeIdOf(after, shardId)).toBe(targetNodeId);
  const { warnings } = valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
  expect(warnings.filter(({ code }) => code === 'open-slot' || code === 'views-disagree')).toEqual([]);
}, 60_000);

function batchesOf<T>(moves: readonly T[]): T[][] {
  const batches: T[][] = [];
  for (let from = 0; from < moves.length; from += SLOTS_PER_BATCH) batches.push(moves.slice(from, from + SLOTS_PER_BATCH));
  return batches;
}
