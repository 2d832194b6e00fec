/** Atomic slot migration on whatever servers are here: REDIS_SERVER and VALKEY_SERVER name Redis 8.4 or Valkey 9. Older ones say that they move slots the classic way. */
import { afterEach, describe, expect, it } from 'vitest';
import type { MoveTarget } from '@/lib/drivers/driver';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { fillKeys } from '../../scripts/redis/fill-keys';
import { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import { contextOf, never, valueOf } from '../contract/driver-steps';
import { CheckerClient } from '../support/checker-client';
import { requireServers } from '../support/redis-binary';
import { connectionTo, openDriver } from '../support/redis-cluster';

let cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

async function start(binary: string): Promise<{ cluster: RedisClusterProcesses; driver: RedisClusterDriver; isAtomic: boolean; slots: readonly MoveTarget[] }> {
  const cluster = await RedisClusterProcesses.start({ binary, primaries: 3, emptyPrimaries: 1, config: { 'cluster-allow-replica-migration': 'no' } });
  cleanUps.push(() => cluster.stop());
  await fillKeys(cluster.primaries, { keys: 60_000, valueBytes: () => 100 });
  const driver = openDriver(connectionTo(cluster));
  cleanUps.push(() => driver.close());
  const { engine } = valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
  const [sourceNodeId, targetNodeId] = [await cluster.idOf(cluster.primaries[0]!), await cluster.idOf(cluster.emptyPrimaries[0]!)];
  const slots = Array.from({ length: 1_500 }, (_, shardId): MoveTarget => ({ shardId, role: 'primary', sourceNodeId, targetNodeId }));
  return { cluster, driver, isAtomic: engine.settings['slot-migration']?.startsWith('atomic') === true, slots };
}

const batchContext = (signal: AbortSignal = never()) => ({ ...contextOf({ signal }), onProgress: () => undefined });

describe.each(requireServers().map(({ engine, version, path }) => [`${engine} ${version}`, path] as const))('%s', (_, path) => {
  it('[M4] moves hundreds of slots at once while clients write: nothing lost, doubled, stale, resurrected or failed', async () => {
    const { cluster, driver, isAtomic, slots } = await start(path);
    const checker = CheckerClient.start(cluster, { operationsPerSecond: 1_000 });
    await expect.poll(() => checker.acknowledged, { timeout: 20_000 }).toBeGreaterThan(500);
    expect(driver.batches.movesMax >= 512).toBe(isAtomic);
    for (let from = 0; from < slots.length; from += driver.batches.movesMax) {
      for (const result of await driver.batches.execute(slots.slice(from, from + driver.batches.movesMax), batchContext())) valueOf(result);
    }
    const report = await checker.stop();
    expect(report).toMatchObject({ lost: 0, duplicated: 0, stale: 0, resurrected: 0, ttlWrong: 0, clientErrors: 0, errors: [] });
    for (const move of [slots[0]!, slots.at(-1)!]) expect(valueOf(await driver.inspectMove(move, never())).state).toBe('done');
    const { warnings } = valueOf(await driver.observe({ detail: 'full', signal: never() }));
    expect(warnings.filter(({ code }) => code === 'open-slot')).toEqual([]);
  }, 120_000);

  it('[M3] [M13] stopped in the middle it answers within 1 s, nothing is half-way for good, and the same moves again complete', async () => {
    const { driver, slots } = await start(path);
    const abort = new AbortController();
    const running = driver.batches.execute(slots.slice(0, 300), batchContext(abort.signal));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const stoppedAtMs = performance.now();
    abort.abort(new Error('stop'));
    const results = await running;
    expect(performance.now() - stoppedAtMs).toBeLessThan(1_500);
    expect(results.every((result) => result.ok || result.error.code === 'interrupted')).toBe(true);
    await expect.poll(async () => (await driver.batches.execute(slots.slice(0, 300), batchContext())).every((result) => result.ok), { timeout: 30_000 }).toBe(true);
    expect(valueOf(await driver.inspectMove(slots[299]!, never())).state).toBe('done');
  }, 120_000);

  it('a slot that the classic migration left open goes on the way it began', async () => {
    const { cluster, driver, slots } = await start(path);
    const [move] = slots as [MoveTarget];
    await cluster.emptyPrimaries[0]!.call('CLUSTER', 'SETSLOT', move.shardId, 'IMPORTING', move.sourceNodeId);
    await cluster.primaries[0]!.call('CLUSTER', 'SETSLOT', move.shardId, 'MIGRATING', move.targetNodeId);
    const results = await driver.batches.execute(slots.slice(0, 20), batchContext());
    for (const result of results) valueOf(result);
    expect(valueOf(await driver.inspectMove(move, never()))).toMatchObject({ state: 'done', keysOnSource: 0 });
  }, 120_000);
});
