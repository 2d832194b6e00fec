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
});
