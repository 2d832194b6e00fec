/**
 * Redis replicates asynchronously: a crash may lose what was acknowledged, with or
 * without us. A failover in the middle of our moves loses no more than one without them,
 * and nothing that a follower had confirmed.
 */
import { describe, expect, it } from 'vitest';
import type { MoveTarget } from '@/lib/drivers/driver';
import { fillKeys } from '../../scripts/redis/fill-keys';
import type { RedisProcess } from '../../scripts/redis/redis-process';
import { contextOf, never, valueOf } from '../contract/driver-steps';
import { ConfirmedWriter, type ConfirmedReport } from '../support/confirmed-writer';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

/** What one crash may lose more than another by chance, of thousands of writes: a round trip's worth for each writer. */
const CHANCE_MAX = 12;
const WRITERS = 6;

async function lossOfFailover({ moving }: { moving: boolean }): Promise<ConfirmedReport> {
  const cluster = await startRedisCluster({ primaries: 3, followersPerPrimary: 1, emptyPrimaries: 1, nodeTimeoutMs: 2_000 });
  const driver = openDriver(connectionTo(cluster, { commandTimeoutMs: 500 }));
  try {
    await fillKeys(cluster.primaries, { keys: 20_000, valueBytes: () => 100 });
    valueOf(await driver.observe({ detail: 'full', signal: never() }));
    const source = cluster.primaries[0]!;
    const ids = { source: await cluster.idOf(source), target: await cluster.idOf(cluster.emptyPrimaries[0]!) };
    const writers = Array.from({ length: WRITERS }, (_, index) => new ConfirmedWriter(cluster.primaries.map((node) => node.address), `confirmed:${moving ? 'moving' : 'control'}:${index}`));
    const count = () => writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
    await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(500);
    const moves = Array.from({ length: 600 }, (_, shardId): MoveTarget => ({ shardId, role: 'primary', sourceNodeId: ids.source, targetNodeId: ids.target }));
    const abort = new AbortController();
    const work = moving ? moveAll(driver, moves, abort.signal) : Promise.resolve();
    await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(1_000);
    await source.kill();
    await promoted(cluster.followers[0]!);
    abort.abort(new Error('The failover is over'));
    await work;
    // What the crash left half-way is rolled forward, so that every key can be read.
    if (moving) await finishAll(driver, moves);
    const reports = await Promise.all(writers.map((writer) => writer.stop()));
    return reports.reduce((sum, report) => ({
      acknowledged: sum.acknowledged + report.acknowledged, confirmed: sum.confirmed + report.confirmed,
      lost: sum.lost + report.lost, confirmedLost: sum.confirmedLost + report.confirmedLost,
    }));
  } finally {
    await driver.close();
    await cluster.stop();
  }
}

type Driver = ReturnType<typeof openDriver>;

async function moveAll(driver: Driver, moves: readonly MoveTarget[], signal: AbortSignal): Promise<void> {
  for (let from = 0; from < moves.length && !signal.aborted; from += 32) {
    await driver.batches.execute(moves.slice(from, from + 32), { ...contextOf({ signal }), onProgress: () => undefined });
  }
}

async function finishAll(driver: Driver, moves: readonly MoveTarget[]): Promise<void> {
  await expect.poll(async () => {
    let open = 0;
    for (let from = 0; from < moves.length; from += 32) {
      const results = await driver.batches.execute(moves.slice(from, from + 32), { ...contextOf(), onProgress: () => undefined });
      // What had not begun has no source any more: its slots are the promoted follower's.
      open += results.filter((result) => !result.ok && result.error.code !== 'not-owner').length;
    }
    return open;
  }, { timeout: 60_000, interval: 500 }).toBe(0);
}

async function promoted(follower: RedisProcess): Promise<void> {
  await expect.poll(async () => String(await follower.call('ROLE')), { timeout: 20_000 }).toContain('master');
}

describe('a failover of the source in the middle of moves', () => {
  it('loses no write that WAIT confirmed, and no more than a failover without our moves', async () => {
    const control = await lossOfFailover({ moving: false });
    const withMoves = await lossOfFailover({ moving: true });
    expect(withMoves.confirmed).toBeGreaterThan(500);
    expect([control.confirmedLost, withMoves.confirmedLost]).toEqual([0, 0]);
    expect(withMoves.lost).toBeLessThanOrEqual(control.lost + CHANCE_MAX);
  }, 180_000);
});
