/** What is foreseen before the first move, and the planned change of roles, on real processes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Risk } from '@/lib/contract/plan';
import type { ForeseenMove } from '@/lib/drivers/driver';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { hashSlotOf } from '../../scripts/redis/hash-slot';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../scripts/redis/redis-process';
import { contextOf, failureOf, never, valueOf } from '../contract/driver-steps';
import { CheckerClient } from '../support/checker-client';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

const SLOT = hashSlotOf('foreseen');

let cluster: RedisClusterProcesses;
let driver: RedisClusterDriver;
let source: RedisProcess;
let target: RedisProcess;
let ids: { source: string; target: string };

beforeAll(async () => {
  cluster = await startRedisCluster({ primaries: 3, followersPerPrimary: 1, emptyPrimaries: 1, config: { 'cluster-allow-replica-migration': 'no' } });
  driver = openDriver(connectionTo(cluster));
  source = cluster.primaries[Math.floor((SLOT * 3) / 16_384)]!;
  target = cluster.emptyPrimaries[0]!;
  ids = { source: await cluster.idOf(source), target: await cluster.idOf(target) };
});

afterAll(async () => {
  await driver.close();
  await cluster.stop();
});

const move = (change: Partial<ForeseenMove> = {}): ForeseenMove => ({ shardId: SLOT, role: 'primary', sourceNodeId: ids.source, targetNodeId: ids.target, bytes: 1_000_000, keyCount: 10, ...change });
const foresee = async (...moves: ForeseenMove[]): Promise<readonly Risk[]> => valueOf(await driver.foresee(moves, never()));
/** Only these: a follower that is still taking what a test wrote is told too, and rightly. */
const foreseen = async (code: Risk['code'], ...moves: ForeseenMove[]) => (await foresee(...moves)).filter((risk) => risk.code === code);
const usedBytes = async (node: RedisProcess) => Number(/used_memory:(\d+)/.exec(String(await node.call('INFO', 'memory')))?.[1]);

describe('foreseen before the first move', () => {
  it('a calm cluster has nothing to tell', async () => {
    expect(await foresee(move())).toEqual([]);
  });

  it('[P4] a target that would overflow is a danger, one that comes near a warning, each with its numbers', async () => {
    const used = await usedBytes(target);
    await target.call('CONFIG', 'SET', 'maxmemory', used + 10_000_000);
    try {
      expect(await foreseen('target-memory', move({ bytes: 20_000_000 }))).toMatchObject([{ code: 'target-memory', severity: 'danger', nodeId: ids.target, numbers: { arrivingBytes: 20_000_000, limitBytes: used + 10_000_000 } }]);
      expect(await foreseen('target-memory', move({ bytes: 8_000_000 }))).toMatchObject([{ code: 'target-memory', severity: 'warning' }]);
      await target.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      expect(await foreseen('evicting-policy', move({ bytes: 8_000_000 }))).toMatchObject([{ code: 'evicting-policy', severity: 'danger' }]);
    } finally {
      await target.call('CONFIG', 'SET', 'maxmemory', 0, 'maxmemory-policy', 'noeviction');
    }
  });

  it('a big key is announced with its size and how long both ends would stand still', async () => {
    await source.call('SET', 'foreseen', 'x'.repeat(30_000_000));
    const [risk] = await foreseen('big-key', move());
    expect(risk).toMatchObject({ code: 'big-key', severity: 'warning', shardId: SLOT });
    expect(risk!.numbers!['bytes']).toBeGreaterThan(30_000_000);
    expect(risk!.numbers!['stillMs']).toBeGreaterThan(1_000);
    await source.call('DEL', 'foreseen');
  });

  it('a slot that somebody else left open is a danger; half moved the same way it is a notice', async () => {
    const other = await cluster.idOf(cluster.primaries.find((node) => node !== source)!);
    await source.call('CLUSTER', 'SETSLOT', SLOT, 'MIGRATING', other);
    expect(await foreseen('open-slot', move())).toMatchObject([{ code: 'open-slot', severity: 'danger', shardId: SLOT }]);
    await source.call('CLUSTER', 'SETSLOT', SLOT, 'STABLE');
    await source.call('CLUSTER', 'SETSLOT', SLOT, 'MIGRATING', ids.target);
    expect(await foreseen('open-slot', move())).toMatchObject([{ code: 'open-slot', severity: 'notice' }]);
    await source.call('CLUSTER', 'SETSLOT', SLOT, 'STABLE');
  });

  it('functions that the target lacks are a danger', async () => {
    await source.call('FUNCTION', 'LOAD', "#!lua name=orders\nredis.register_function('place', function() return 1 end)");
    expect(await foreseen('functions-missing', move())).toMatchObject([{ code: 'functions-missing', severity: 'danger', nodeId: ids.target, numbers: { missing: 1 }, message: expect.stringContaining('orders') as string }]);
    await source.call('FUNCTION', 'FLUSH', 'SYNC');
    expect(await foreseen('functions-missing', move())).toEqual([]);
  });

  it('a follower of an end that is out of sync is a warning', async () => {
    const follower = cluster.followers[cluster.primaries.indexOf(source)]!;
    follower.pause();
    try {
      expect(await foreseen('follower-lag', move())).toMatchObject([{ code: 'follower-lag', severity: 'warning', nodeId: await idAt(follower) }]);
    } finally {
      follower.resume();
    }
  });

  async function idAt(node: RedisProcess): Promise<string> {
    const { nodes } = valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
    return nodes.find(({ address }) => address === node.address)!.id;
  }
});

describe('the planned change of roles', () => {
  it('a follower in sync takes over under load: no acknowledged write is lost, and the same step again finds it done', async () => {
    await cluster.waitUntilAgreed();
    const checker = CheckerClient.start(cluster, { operationsPerSecond: 500 });
    await expect.poll(() => checker.acknowledged, { timeout: 20_000 }).toBeGreaterThan(200);
    const step = { kind: 'promote-follower', nodeId: ids.source, followerId: null } as const;
    const { nodeId } = valueOf(await driver.execute(step, contextOf()));
    expect(nodeId).not.toBe(ids.source);
    const { nodes } = valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
    expect(nodes.find(({ id }) => id === ids.source)?.followerOf).toBe(nodeId);
    expect(valueOf(await driver.execute(step, contextOf())).nodeId).toBe(nodeId);
    const report = await checker.stop();
    expect(report).toMatchObject({ lost: 0, duplicated: 0, resurrected: 0 });
    valueOf(await driver.execute({ kind: 'promote-follower', nodeId: nodeId!, followerId: ids.source }, contextOf()));
  });

  it('a leader without a follower, with an open slot, or unknown is refused, and nothing changes', async () => {
    await cluster.waitUntilAgreed();
    expect(failureOf(await driver.execute({ kind: 'promote-follower', nodeId: ids.target, followerId: null }, contextOf())).code).toBe('refused-by-engine');
    expect(failureOf(await driver.execute({ kind: 'promote-follower', nodeId: 'f'.repeat(40), followerId: null }, contextOf())).code).toBe('topology-changed');
    await source.call('CLUSTER', 'SETSLOT', SLOT, 'MIGRATING', ids.target);
    expect(failureOf(await driver.execute({ kind: 'promote-follower', nodeId: ids.source, followerId: null }, contextOf()))).toMatchObject({ code: 'topology-changed', retryable: true });
    await source.call('CLUSTER', 'SETSLOT', SLOT, 'STABLE');
    const { nodes } = valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
    expect(nodes.find(({ id }) => id === ids.source)?.followerOf).toBeNull();
  });
});
