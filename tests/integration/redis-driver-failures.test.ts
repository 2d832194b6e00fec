import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriverStep } from '@/lib/drivers/driver';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { hashSlotOf } from '../../scripts/redis/hash-slot';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../scripts/redis/redis-process';
import { contextOf, failureOf, never, valueOf } from '../contract/driver-steps';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

type Move = Extract<DriverStep, { kind: 'move' }>;

let cluster: RedisClusterProcesses;
let driver: RedisClusterDriver;
let source: RedisProcess;
let target: RedisProcess;
let ids: Record<'source' | 'target', string>;

beforeAll(async () => {
  // A long node time-out: a frozen target shall be no failure of the engine's.
  cluster = await startRedisCluster({ primaries: 3, followersPerPrimary: 1, emptyPrimaries: 1, nodeTimeoutMs: 4_000 });
  source = cluster.primaries[0]!;
  target = cluster.emptyPrimaries[0]!;
  ids = { source: await cluster.idOf(source), target: await cluster.idOf(target) };
  driver = openDriver(connectionTo(cluster, { commandTimeoutMs: 500 }));
  valueOf(await driver.observe({ detail: 'full', signal: never() }));
});

afterAll(async () => {
  await driver.close();
  await cluster.stop();
});

let tagNumber = 0;
function freshTag(): { tag: string; slot: number; step: Move } {
  for (;;) {
    tagNumber += 1;
    const slot = hashSlotOf(`tag${tagNumber}`);
    // The first of three primaries owns the lowest third.
    if (slot >= 5_461) continue;
    return { tag: `{tag${tagNumber}}`, slot, step: { kind: 'move', shardId: slot, role: 'primary', sourceNodeId: ids.source, targetNodeId: ids.target } };
  }
}

describe('ends that fail in the middle of a move', () => {
  it('IOERR: keys whose arrival is unknown are sent again with the value the source has by then', async () => {
    const { tag, step } = freshTag();
    for (let n = 0; n < 20; n += 1) await source.call('SET', `${tag}:${n}`, 'first');
    valueOf(await driver.inspectMove(step, never()));
    let frozen = false;
    const failure = failureOf(await driver.execute(step, contextOf({
      // The flags are set when copying begins; the first MIGRATE then meets a target that hangs.
      onProgress: ({ stage }) => {
        if (stage === 'copying' && !frozen) target.pause();
        frozen = true;
      },
    })));
    expect(failure).toMatchObject({ retryable: true });
    expect(['connection-lost', 'timeout']).toContain(failure.code);
    // Clients go on meanwhile: what they write on the source must not be lost to a copy from before.
    for (let n = 0; n < 10; n += 1) await source.call('SET', `${tag}:${n}`, 'second');
    target.resume();
    await expect.poll(async () => (await driver.probe(ids.target, never())).ok, { timeout: 10_000 }).toBe(true);
    valueOf(await driver.execute(step, contextOf()));
    expect(await driver.inspectMove(step, never())).toMatchObject({ ok: true, value: { state: 'done', keysOnSource: 0, keysOnTarget: 20 } });
    for (let n = 0; n < 20; n += 1) expect(await target.call('GET', `${tag}:${n}`)).toBe(n < 10 ? 'second' : 'first');
  });

  it('[M13] an abort while a node hangs is answered within 1 s', async () => {
    const { tag, step } = freshTag();
    await source.call('SET', `${tag}:1`, 'x');
    const abort = new AbortController();
    target.pause();
    try {
      const work = driver.execute(step, contextOf({ signal: abort.signal }));
      const abortedAtMs = performance.now();
      abort.abort(new Error('stop'));
      expect(failureOf(await work).code).toBe('interrupted');
      expect(performance.now() - abortedAtMs).toBeLessThan(1_000);
    } finally {
      target.resume();
    }
    await expect.poll(async () => (await driver.probe(ids.target, never())).ok, { timeout: 10_000 }).toBe(true);
    valueOf(await driver.execute(step, contextOf()));
  });

  it('[M9] the source fails over in the middle: the promoted follower knows no flag, and the move goes on from it', async () => {
    const { tag, slot, step } = freshTag();
    for (let n = 0; n < 30; n += 1) await source.call('SET', `${tag}:${n}`, `value ${n}`);
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids.source);
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids.target);
    await source.call('MIGRATE', '127.0.0.1', target.port, '', 0, 1_000, 'KEYS', `${tag}:0`, `${tag}:1`, `${tag}:2`);
    await source.call('WAIT', 1, 1_000);
    const promoted = cluster.followers[0]!;
    await source.kill();
    await expect.poll(async () => String(await promoted.call('ROLE')), { timeout: 20_000 }).toContain('master');
    await expect.poll(async () => (await driver.inspectMove(step, never())).ok, { timeout: 20_000 }).toBe(true);
    expect(await driver.inspectMove(step, never())).toMatchObject({ value: { state: 'moving', keysOnSource: 27, keysOnTarget: 3 } });
    // While the old source is silent a step may have to be tried again.
    await expect.poll(async () => await driver.execute(step, contextOf()), { timeout: 20_000 }).toMatchObject({ ok: true });
    expect(await driver.inspectMove(step, never())).toMatchObject({ value: { state: 'done', keysOnTarget: 30 } });
    const { warnings } = valueOf(await driver.observe({ detail: 'full', signal: never() }));
    expect(warnings.filter((warning) => warning.code === 'open-slot')).toEqual([]);
  });

  it('[M9] the target fails over in the middle: its promoted follower has what arrived, and the move goes on to it', async () => {
    // Two loaded primaries of their own: the cluster above has lost one already.
    const own = await startRedisCluster({ primaries: 3, followersPerPrimary: 1, nodeTimeoutMs: 2_000 });
    const other = openDriver(connectionTo(own, { commandTimeoutMs: 500 }));
    try {
      const [from, to] = own.primaries as [RedisProcess, RedisProcess, RedisProcess];
      const { tag, slot } = freshTag();
      const step: Move = { kind: 'move', shardId: slot, role: 'primary', sourceNodeId: await own.idOf(from), targetNodeId: await own.idOf(to) };
      valueOf(await other.observe({ detail: 'full', signal: never() }));
      for (let n = 0; n < 30; n += 1) await from.call('SET', `${tag}:${n}`, `value ${n}`);
      await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', step.sourceNodeId);
      await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', step.targetNodeId);
      await from.call('MIGRATE', '127.0.0.1', to.port, '', 0, 1_000, 'KEYS', `${tag}:0`, `${tag}:1`, `${tag}:2`);
      await to.call('WAIT', 1, 1_000);
      const promoted = own.followers[1]!;
      await to.kill();
      await expect.poll(async () => String(await promoted.call('ROLE')), { timeout: 20_000 }).toContain('master');
      await expect.poll(async () => await other.execute(step, contextOf()), { timeout: 30_000, interval: 250 }).toMatchObject({ ok: true });
      expect(Number(await promoted.call('CLUSTER', 'COUNTKEYSINSLOT', slot))).toBe(30);
      for (let n = 0; n < 30; n += 1) expect(await promoted.call('GET', `${tag}:${n}`)).toBe(`value ${n}`);
      // It comes back as a follower of the one that stood in for it, and the same step finds it done.
      await to.start();
      await expect.poll(async () => String(await to.call('ROLE')), { timeout: 20_000 }).toContain('slave');
      await expect.poll(async () => await other.inspectMove(step, never()), { timeout: 20_000 }).toMatchObject({ ok: true, value: { state: 'done' } });
      const { warnings } = valueOf(await other.observe({ detail: 'full', signal: never() }));
      expect(warnings.filter((warning) => warning.code === 'open-slot')).toEqual([]);
    } finally {
      await other.close();
      await own.stop();
    }
  });

  it('[M7] a slot that was found empty is counted again when its hand-over comes late: its source may have failed over since', async () => {
    const own = await startRedisCluster({ primaries: 3, followersPerPrimary: 1, nodeTimeoutMs: 2_000 });
    const other = openDriver(connectionTo(own, { commandTimeoutMs: 2_000 }));
    const [from, to] = own.primaries as [RedisProcess, RedisProcess, RedisProcess];
    try {
      const nodes = { sourceNodeId: await own.idOf(from), targetNodeId: await own.idOf(to) };
      const [small, large] = [freshTag(), freshTag()];
      valueOf(await other.observe({ detail: 'full', signal: never() }));
      await from.call('SET', `${small.tag}:1`, 'x');
      for (let n = 0; n < 300; n += 1) await from.call('SET', `${large.tag}:${n}`, 'x'.repeat(4_000));
      await from.call('WAIT', 1, 1_000);
      const { onProgress: _, ...context } = contextOf({ bytesPerSecondMax: () => 100_000 });
      const running = other.batches.execute([small, large].map(({ slot }) => ({ shardId: slot, role: 'primary' as const, ...nodes })), { ...context, onProgress: () => undefined });
      let ended = false;
      void running.then(() => { ended = true; });
      await expect.poll(async () => Number(await from.call('CLUSTER', 'COUNTKEYSINSLOT', small.slot)), { timeout: 10_000, interval: 20 }).toBe(0);
      from.pause();
      const promoted = own.followers[0]!;
      await expect.poll(async () => String(await promoted.call('ROLE')), { timeout: 20_000 }).toContain('master');
      await promoted.call('SET', `${small.tag}:new`, 'acknowledged');
      expect(ended, 'The batch ended before the election: nothing was shown').toBe(false);
      const [outcome] = await running;
      expect(outcome).toMatchObject({ ok: false, error: { retryable: true } });
      from.resume();
      await expect.poll(async () => String(await from.call('ROLE')), { timeout: 20_000 }).toContain('slave');
      expect(await promoted.call('GET', `${small.tag}:new`)).toBe('acknowledged');
    } finally {
      from.resume();
      await other.close();
      await own.stop();
    }
  });

  it('[P4] a target that is full in the middle: target-out-of-memory, every key is on one end, and with room it goes on', async () => {
    const own = await startRedisCluster({ primaries: 3, emptyPrimaries: 1 });
    const other = openDriver(connectionTo(own));
    try {
      const [from] = own.primaries as [RedisProcess, RedisProcess, RedisProcess];
      const to = own.emptyPrimaries[0]!;
      const { tag, slot } = freshTag();
      const step: Move = { kind: 'move', shardId: slot, role: 'primary', sourceNodeId: await own.idOf(from), targetNodeId: await own.idOf(to) };
      const block = 'x'.repeat(200_000);
      for (let n = 0; n < 60; n += 1) await from.call('SET', `${tag}:${n}`, block);
      let limited = false;
      const failure = failureOf(await other.execute(step, contextOf({
        bytesPerSecondMax: () => 4_000_000,
        onProgress: ({ bytesDone }) => {
          if (limited || bytesDone < 1_000_000) return;
          limited = true;
          void to.call('CONFIG', 'SET', 'maxmemory', 4_000_000);
        },
      })));
      expect(failure).toMatchObject({ code: 'target-out-of-memory' });
      const count = async (node: RedisProcess) => Number(await node.call('CLUSTER', 'COUNTKEYSINSLOT', slot));
      expect(await count(from) + await count(to)).toBe(60);
      expect(await count(to)).toBeGreaterThan(0);
      await to.call('CONFIG', 'SET', 'maxmemory', 0);
      valueOf(await other.execute(step, contextOf()));
      expect([await count(from), await count(to)]).toEqual([0, 60]);
    } finally {
      await other.close();
      await own.stop();
    }
  });
});
