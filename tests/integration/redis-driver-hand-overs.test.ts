/**
 * A node that is given slots takes a new config epoch and tells everybody what it claims.
 * If it claims a slot that it has just handed over and not been told of yet, it takes the
 * slot back from its new owner, with all its keys. Here every node gives and takes in the
 * same moment, in a circle.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import { primaryNodeIdOf } from '@/lib/contract/shard-table';
import type { MoveTarget } from '@/lib/drivers/driver';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { fillKeys } from '../../scripts/redis/fill-keys';
import { contextOf, never, valueOf } from '../contract/driver-steps';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

const KEYS = 20_000;
const SLOTS_PER_PAIR = 600;
const BATCH = 40;
const ROUNDS = 3;
/** Of 32 slots; so many fit into one hand-over. */
const WAVES = 8;

describe('slots that go round in a circle', () => {
  let cluster: RedisClusterProcesses;
  let driver: RedisClusterDriver;
  beforeAll(async () => {
    cluster = await startRedisCluster({ primaries: 3 });
    driver = openDriver(connectionTo(cluster));
    await fillKeys(cluster.primaries, { keys: KEYS, valueBytes: () => 20 });
  });
  afterAll(async () => {
    await driver.close();
    await cluster.stop();
  });

  it('[M4] a source that is given slots by another hand-over in the same moment takes nothing back that it has given away', async () => {
    const ids = await Promise.all(cluster.primaries.map((node) => cluster.idOf(node)));
    for (let round = 0; round < ROUNDS; round += 1) {
      const moves = await circle(ids);
      await Promise.all(moves.map(async (own) => {
        for (let from = 0; from < own.length; from += BATCH) {
          for (const outcome of await driver.batches.execute(own.slice(from, from + BATCH), { ...contextOf(), onProgress: () => undefined })) valueOf(outcome);
        }
      }));
      await cluster.waitUntilAgreed();
      const owners = await ownersNow();
      for (const { shardId, targetNodeId } of moves.flat()) expect(owners[shardId]).toBe(targetNodeId);
      const counts = await Promise.all(cluster.primaries.map(async (node) => Number(await node.call('DBSIZE'))));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(KEYS);
    }
  }, 120_000);

  it('slots of several waves that are emptied soon after each other are handed over together', async () => {
    const ids = await Promise.all(cluster.primaries.map((node) => cluster.idOf(node)));
    const moves = (await circle(ids))[0]!.slice(0, WAVES * 32);
    const target = cluster.primaries[1]!;
    await target.call('CONFIG', 'SET', 'slowlog-log-slower-than', 0, 'slowlog-max-len', 100_000);
    for (const outcome of await driver.batches.execute(moves, { ...contextOf(), onProgress: () => undefined })) valueOf(outcome);
    await target.call('CONFIG', 'SET', 'slowlog-log-slower-than', -1);
    const entries = await target.call('SLOWLOG', 'GET', 100_000) as [number, number, number, string[]][];
    // What the target was told, in its order: K for keys that came, N for a slot that became its own.
    const told = entries.toReversed().map(([, , , [command = '', , , kind]]) => {
      if (command.toUpperCase().startsWith('RESTORE')) return 'K';
      return command.toUpperCase() === 'CLUSTER' && kind === 'NODE' ? 'N' : '';
    }).join('');
    expect(told.replaceAll('K', '').length).toBeGreaterThanOrEqual(moves.length);
    // One hand-over where nothing holds the machine up for 200 ms; never one for each wave.
    expect(told.replaceAll(/N+/g, 'N').replaceAll('K', '').length).toBeLessThan(WAVES);
    const owners = await ownersNow();
    for (const { shardId, targetNodeId } of moves) expect(owners[shardId]).toBe(targetNodeId);
  });

  async function ownersNow(): Promise<(string | null)[]> {
    const { shards } = valueOf(await driver.observe({ detail: 'full', signal: never() }));
    return Array.from({ length: shards!.shardCount }, (_, slot) => primaryNodeIdOf(shards!, slot));
  }

  /** Per node: some of its slots, to the next one. */
  async function circle(ids: readonly string[]): Promise<MoveTarget[][]> {
    const owners = await ownersNow();
    return ids.map((sourceNodeId, index) => owners.flatMap((owner, slot) => (owner === sourceNodeId ? [slot] : [])).slice(0, SLOTS_PER_PAIR)
      .map((shardId): MoveTarget => ({ shardId, role: 'primary', sourceNodeId, targetNodeId: ids[(index + 1) % ids.length]! })));
  }
});
