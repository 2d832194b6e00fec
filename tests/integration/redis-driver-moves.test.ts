import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { primaryNodeIdOf, type ShardTable } from '@/lib/contract/shard-table';
import type { DriverStep } from '@/lib/drivers/driver';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { fillKeys } from '../../scripts/redis/fill-keys';
import { hashSlotOf } from '../../scripts/redis/hash-slot';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../scripts/redis/redis-process';
import { contextOf, failureOf, never, valueOf } from '../contract/driver-steps';
import { CheckerClient } from '../support/checker-client';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

type Move = Extract<DriverStep, { kind: 'move' }>;

let cluster: RedisClusterProcesses;
let driver: RedisClusterDriver;
let source: RedisProcess;
let target: RedisProcess;
let bystander: RedisProcess;
let ids: Record<'source' | 'target', string>;

beforeAll(async () => {
  cluster = await startRedisCluster({ primaries: 3, emptyPrimaries: 1, config: { 'cluster-allow-replica-migration': 'no' } });
  [source, bystander] = cluster.primaries as [RedisProcess, RedisProcess, RedisProcess];
  target = cluster.emptyPrimaries[0]!;
  ids = { source: await cluster.idOf(source), target: await cluster.idOf(target) };
  driver = openDriver(connectionTo(cluster));
  // Many slots with a few hundred keys each; the others stay empty for the tests below.
  await fillKeys(cluster.primaries, { keys: 50_000, valueBytes: (n) => 40 + n % 200, nameOf: (n) => `{live${n % 300}}:${n}` });
});

afterAll(async () => {
  await driver.close();
  await cluster.stop();
});

async function shards(): Promise<ShardTable> {
  const { shards: table } = valueOf(await driver.observe({ detail: 'full', signal: never() }));
  return table!;
}

async function openSlotWarnings(): Promise<string[]> {
  const { warnings } = valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
  return warnings.filter((warning) => warning.code === 'open-slot' || warning.code === 'views-disagree').map((warning) => warning.message);
}

/** A hash tag of an empty slot that the source owns; every call gives another slot. */
const used = new Set<number>();
async function freshTag(): Promise<{ tag: string; slot: number }> {
  const table = await shards();
  for (let n = 0; ; n += 1) {
    const slot = hashSlotOf(`tag${n}`);
    if (used.has(slot) || table.keyCount[slot] !== 0 || primaryNodeIdOf(table, slot) !== ids.source) continue;
    used.add(slot);
    return { tag: `{tag${n}}`, slot };
  }
}

async function put(tag: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await source.call('SET', `${tag}:${n}`, `value ${n}`);
}

const moveOf = (slot: number): Move => ({ kind: 'move', shardId: slot, role: 'primary', sourceNodeId: ids.source, targetNodeId: ids.target });
const inspect = async (slot: number) => valueOf(await driver.inspectMove(moveOf(slot), never()));
const execute = async (step: DriverStep) => await driver.execute(step, contextOf());
const setSlot = async (node: RedisProcess, slot: number, ...words: string[]) => { await node.call('CLUSTER', 'SETSLOT', slot, ...words); };
const countIn = async (node: RedisProcess, slot: number) => Number(await node.call('CLUSTER', 'COUNTKEYSINSLOT', slot));

async function openBothEnds(slot: number): Promise<void> {
  await setSlot(target, slot, 'IMPORTING', ids.source);
  await setSlot(source, slot, 'MIGRATING', ids.target);
}

async function expectMoved(slot: number, keys: number): Promise<void> {
  expect(await inspect(slot)).toMatchObject({ state: 'done', keysOnSource: 0, keysOnTarget: keys });
  expect(await openSlotWarnings()).toEqual([]);
}

describe('moves under live traffic', () => {
  it('[M5] moves 300 slots with 16 in flight while clients write: nothing lost, doubled, stale or failed', async () => {
    const checker = CheckerClient.start(cluster, { operationsPerSecond: 1_500 });
    await expect.poll(() => checker.acknowledged, { timeout: 20_000 }).toBeGreaterThan(500);
    const table = await shards();
    const queue: Move[] = [];
    for (const withKeys of [true, false]) {
      for (let slot = 0; slot < table.shardCount && queue.length < 300; slot += 1) {
        if (primaryNodeIdOf(table, slot) === ids.source && (table.keyCount[slot]! > 0) === withKeys) queue.push(moveOf(slot));
      }
    }
    for (const move of queue) used.add(move.shardId);
    const moved = [...queue];
    await Promise.all(Array.from({ length: 16 }, async () => {
      for (let step = queue.pop(); step !== undefined; step = queue.pop()) valueOf(await execute(step));
    }));
    const report = await checker.stop();
    expect(report).toMatchObject({ lost: 0, duplicated: 0, stale: 0, clientErrors: 0, errors: [] });
    const after = await shards();
    expect(moved.every((step) => primaryNodeIdOf(after, step.shardId) === ids.target)).toBe(true);
    expect(await openSlotWarnings()).toEqual([]);
  });

  it('keeps time to live, types and binary key names', async () => {
    const { tag, slot } = await freshTag();
    const binary = Buffer.concat([Buffer.from(tag), Buffer.from([0, 255, 10, 13])]);
    await source.call('SET', `${tag}:ttl`, 'x', 'PX', 60_000);
    await source.call('SET', binary, 'bytes');
    await source.call('HSET', `${tag}:hash`, 'a', 1, 'b', 2);
    await source.call('ZADD', `${tag}:zset`, 1, 'one', 2, 'two');
    await source.call('XADD', `${tag}:stream`, '*', 'field', 'value');
    await source.call('XGROUP', 'CREATE', `${tag}:stream`, 'group', '0');
    valueOf(await execute(moveOf(slot)));
    await expectMoved(slot, 5);
    expect(Number(await target.call('PTTL', `${tag}:ttl`))).toBeGreaterThan(30_000);
    expect(await target.call('GET', binary)).toBe('bytes');
    expect(await target.call('HGETALL', `${tag}:hash`)).toEqual(['a', '1', 'b', '2']);
    expect(await target.call('ZRANGE', `${tag}:zset`, 0, -1, 'WITHSCORES')).toEqual(['one', '1', 'two', '2']);
    expect(JSON.stringify(await target.call('XINFO', 'GROUPS', `${tag}:stream`))).toContain('group');
  });

  it('commands on several keys of a half-moved slot get TRYAGAIN, and their clients have an answer with every key once it has moved', async () => {
    const { tag, slot } = await freshTag();
    await put(tag, 40);
    await openBothEnds(slot);
    await source.call('MIGRATE', '127.0.0.1', target.port, '', 0, 1_000, 'KEYS', `${tag}:0`, `${tag}:1`);
    // One key here, one there: the source sends nobody on, and the target does not serve half of it.
    await expect(source.call('MGET', `${tag}:0`, `${tag}:2`)).rejects.toThrow(/^TRYAGAIN/);
    const client = new Cluster([{ host: '127.0.0.1', port: source.port }], { retryDelayOnTryAgain: 10, maxRedirections: 2_000 });
    try {
      let answered = 0;
      const read = client.mget(`${tag}:0`, `${tag}:2`, `${tag}:39`).finally(() => { answered += 1; });
      const written = client.mset(`${tag}:1`, 'newer', `${tag}:3`, 'newer').finally(() => { answered += 1; });
      // A command that came after them is answered: they wait, the client does not.
      expect(await client.get(`${tag}:5`)).toBe('value 5');
      expect(answered).toBe(0);
      valueOf(await execute(moveOf(slot)));
      expect(await read).toEqual(['value 0', 'value 2', 'value 39']);
      expect(await written).toBe('OK');
      await expectMoved(slot, 40);
      expect(await target.call('MGET', `${tag}:1`, `${tag}:3`)).toEqual(['newer', 'newer']);
    } finally {
      client.disconnect();
    }
  });

  it('a slot without keys is handed over without a data round trip', async () => {
    const { slot } = await freshTag();
    expect(valueOf(await execute(moveOf(slot)))).toMatchObject({ bytes: 0, keyCount: 0 });
    await expectMoved(slot, 0);
  });
});

describe('[M9] killed at any point, the next try finds the truth and completes', () => {
  it('after the first command: importing on the target alone', async () => {
    const { tag, slot } = await freshTag();
    await put(tag, 20);
    await setSlot(target, slot, 'IMPORTING', ids.source);
    expect(await inspect(slot)).toEqual({ state: 'moving', revertible: true, keysOnSource: 20, keysOnTarget: 0 });
    expect((await openSlotWarnings()).length).toBe(1);
    valueOf(await execute(moveOf(slot)));
    await expectMoved(slot, 20);
  });

  it('in the middle: both flags and keys on both sides', async () => {
    const { tag, slot } = await freshTag();
    await put(tag, 20);
    await openBothEnds(slot);
    await source.call('MIGRATE', '127.0.0.1', target.port, '', 0, 1_000, 'KEYS', `${tag}:0`, `${tag}:1`, `${tag}:2`);
    expect(await inspect(slot)).toEqual({ state: 'moving', revertible: true, keysOnSource: 17, keysOnTarget: 3 });
    valueOf(await execute(moveOf(slot)));
    await expectMoved(slot, 20);
  });

  it('before the hand-over: the source is empty and still the owner', async () => {
    const { tag, slot } = await freshTag();
    await put(tag, 2);
    await openBothEnds(slot);
    await source.call('MIGRATE', '127.0.0.1', target.port, '', 0, 1_000, 'KEYS', `${tag}:0`, `${tag}:1`);
    expect(await inspect(slot)).toMatchObject({ state: 'moving', keysOnSource: 0, keysOnTarget: 2 });
    valueOf(await execute(moveOf(slot)));
    await expectMoved(slot, 2);
  });

  it('inside the hand-over: the target owns it, the source has not been told', async () => {
    const { slot } = await freshTag();
    await openBothEnds(slot);
    // Bus traffic would settle this by itself within a moment: the step must be right either way.
    await setSlot(target, slot, 'NODE', ids.target);
    expect(['moving', 'done']).toContain((await inspect(slot)).state);
    expect((await inspect(slot)).revertible).toBe(false);
    valueOf(await execute(moveOf(slot)));
    await expectMoved(slot, 0);
  });

  it('flags lost on both ends with keys on the target: they are set again and nothing is orphaned', async () => {
    const { tag, slot } = await freshTag();
    await put(tag, 10);
    await openBothEnds(slot);
    await source.call('MIGRATE', '127.0.0.1', target.port, '', 0, 1_000, 'KEYS', `${tag}:0`, `${tag}:1`);
    await setSlot(source, slot, 'STABLE');
    await setSlot(target, slot, 'STABLE');
    expect(await inspect(slot)).toMatchObject({ state: 'moving', keysOnSource: 8, keysOnTarget: 2 });
    valueOf(await execute(moveOf(slot)));
    await expectMoved(slot, 10);
  });

  it('[M8] a move without keys on the target is reverted by clearing both flags', async () => {
    const { tag, slot } = await freshTag();
    await put(tag, 5);
    await openBothEnds(slot);
    valueOf(await execute({ ...moveOf(slot), kind: 'revert-move' }));
    expect(await inspect(slot)).toEqual({ state: 'untouched', revertible: false, keysOnSource: 5, keysOnTarget: 0 });
    expect(await openSlotWarnings()).toEqual([]);
  });
});

describe('keys that are on both ends', () => {
  it('a copy that a former try left is replaced', async () => {
    const { tag, slot } = await freshTag();
    await put(tag, 3);
    await openBothEnds(slot);
    // As after IOERR: the target has the key and the source still answers for it.
    await source.call('MIGRATE', '127.0.0.1', target.port, '', 0, 1_000, 'COPY', 'KEYS', `${tag}:1`);
    expect(await countIn(target, slot)).toBe(1);
    valueOf(await execute(moveOf(slot)));
    await expectMoved(slot, 3);
    expect(await target.call('GET', `${tag}:1`)).toBe('value 1');
  });

  it('sets that are stored in another order count as the same', async () => {
    const { tag, slot } = await freshTag();
    const members = Array.from({ length: 300 }, (_, n) => `member ${n}`);
    await source.call('SADD', `${tag}:set`, ...members);
    await openBothEnds(slot);
    await target.client.pipeline().call('ASKING').call('SADD', `${tag}:set`, ...members.toReversed()).exec();
    valueOf(await execute(moveOf(slot)));
    await expectMoved(slot, 1);
  });

  it('[M6] another value on the target is never overwritten: busy-key, both values stay, and the move goes on once it is settled', async () => {
    const { tag, slot } = await freshTag();
    await put(tag, 3);
    await openBothEnds(slot);
    await target.client.pipeline().call('ASKING').call('SET', `${tag}:1`, 'newer').exec();
    expect(failureOf(await execute(moveOf(slot)))).toMatchObject({ code: 'busy-key', retryable: false });
    expect((await target.client.pipeline().call('ASKING').call('GET', `${tag}:1`).exec())?.[1]?.[1]).toBe('newer');
    expect(await source.call('GET', `${tag}:1`)).toBe('value 1');
    expect(await inspect(slot)).toMatchObject({ state: 'moving' });
    await source.call('DEL', `${tag}:1`);
    valueOf(await execute(moveOf(slot)));
    await expectMoved(slot, 3);
    expect(await target.call('GET', `${tag}:1`)).toBe('newer');
  });
});

describe('somebody else acts', () => {
  it('a slot that somebody else moves elsewhere is left alone: topology-changed', async () => {
    const { slot } = await freshTag();
    const other = await cluster.idOf(bystander);
    await setSlot(bystander, slot, 'IMPORTING', ids.source);
    await setSlot(source, slot, 'MIGRATING', other);
    expect(failureOf(await execute(moveOf(slot)))).toMatchObject({ code: 'topology-changed' });
    expect(String(await source.call('CLUSTER', 'NODES'))).toContain(`[${slot}->-${other}]`);
    await setSlot(bystander, slot, 'STABLE');
    await setSlot(source, slot, 'STABLE');
  });

  it('two managers that move one slot at once end with one owner and all keys', async () => {
    const { tag, slot } = await freshTag();
    await put(tag, 300);
    const rival = openDriver(connectionTo(cluster));
    const results = await Promise.all([execute(moveOf(slot)), rival.execute(moveOf(slot), contextOf())]);
    expect(results.some((result) => result.ok)).toBe(true);
    valueOf(await execute(moveOf(slot)));
    await rival.close();
    await expectMoved(slot, 300);
  });
});

describe('memory of the target', () => {
  it('[P4] a target without room is refused before the first key moves: target-out-of-memory', async () => {
    const { tag, slot } = await freshTag();
    const block = 'x'.repeat(100_000);
    for (let n = 0; n < 50; n += 1) await source.call('SET', `${tag}:${n}`, block);
    const usedBytes = Number(/used_memory:(\d+)/.exec(String(await target.call('INFO', 'memory')))?.[1]);
    await target.call('CONFIG', 'SET', 'maxmemory', usedBytes + 2_000_000, 'maxmemory-policy', 'allkeys-lru');
    try {
      const other = openDriver(connectionTo(cluster));
      expect(failureOf(await other.execute(moveOf(slot), contextOf()))).toMatchObject({ code: 'target-out-of-memory' });
      const { warnings } = valueOf(await other.observe({ detail: 'nodes', signal: never() }));
      expect(warnings.find((warning) => warning.code === 'evicting-policy')).toMatchObject({ nodeId: ids.target });
      await other.close();
      expect(await inspect(slot)).toMatchObject({ state: 'untouched', keysOnSource: 50 });
    } finally {
      await target.call('CONFIG', 'SET', 'maxmemory', 0, 'maxmemory-policy', 'noeviction');
    }
  });
});
