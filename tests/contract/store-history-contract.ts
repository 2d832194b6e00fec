import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROLL_UPS } from '@/lib/contract/metrics';
import { RETENTION } from '@/lib/persistence/retention';
import type { Store, StoreWrite } from '@/lib/contract/storage';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { NOW_MS } from './store-contract';
import { ALL_EVENTS, appendEvent, bucket, insertCluster, insertOperation, operation, plan } from './store-fixtures';

const DAY_MS = 86_400_000;

/** What every Store keeps as history, and for how long. */
export function describeStoreHistory(name: string, open: (clock: VirtualClock) => Promise<Store>): void {
  describe(`${name}: history`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open(new VirtualClock({ wallStartMs: NOW_MS }));
      await take(insertCluster());
    });
    afterEach(async () => { await store.close(); });

    const take = async (...writes: StoreWrite[]) => { expect(await store.commit(writes)).toEqual({ ok: true, value: undefined }); };
    const query = (change: Partial<Parameters<Store['metrics']>[0]> = {}) =>
      store.metrics({ clusterId: 'cluster-1', nodeId: null, metrics: ['cpu'], fromMs: NOW_MS - 60_000, toMs: NOW_MS, pointsMax: 180, ...change });

    describe('metrics', () => {
      it('adds to a bucket that exists: sums and counts add up, the larger maximum stays', async () => {
        await store.addMetrics([bucket({ atMs: NOW_MS - 20_000, sum: 3, max: 2, sampleCount: 2 }), bucket({ atMs: NOW_MS - 20_000, sum: 1, max: 1, sampleCount: 1 })]);
        await store.addMetrics([bucket({ atMs: NOW_MS - 20_000, sum: 8, max: 5, sampleCount: 3 })]);
        const [series] = await query();
        expect(series).toMatchObject({ metric: 'cpu', nodeId: null, stepMs: 10_000 });
        expect(series?.points.find((point) => point.sampleCount > 0)).toEqual({ atMs: NOW_MS - 20_000, mean: 2, max: 5, sampleCount: 6 });
      });

      it('answers every point of the range: a gap is null without samples, never 0', async () => {
        await store.addMetrics([bucket({ atMs: NOW_MS - 60_000 }), bucket({ atMs: NOW_MS - 10_000 })]);
        const [series] = await query();
        expect(series?.points.map((point) => [point.atMs - NOW_MS, point.mean, point.sampleCount])).toEqual([
          [-60_000, 1, 1], [-50_000, null, 0], [-40_000, null, 0], [-30_000, null, 0], [-20_000, null, 0], [-10_000, 1, 1],
        ]);
      });

      it('keeps nodes, metrics and the cluster as a whole apart, and answers in the order asked', async () => {
        await store.addMetrics([
          bucket({ atMs: NOW_MS - 10_000, sum: 1, max: 1 }), bucket({ atMs: NOW_MS - 10_000, nodeId: 'node-1', sum: 2, max: 2 }),
          bucket({ atMs: NOW_MS - 10_000, nodeId: 'node-1', metric: 'memory', sum: 3, max: 3 }),
        ]);
        const answered = await query({ nodeId: 'node-1', metrics: ['memory', 'disk', 'cpu'] });
        expect(answered.map((series) => [series.metric, series.nodeId, series.points.at(-1)?.mean])).toEqual([['memory', 'node-1', 3], ['disk', 'node-1', null], ['cpu', 'node-1', 2]]);
      });

      it('puts buckets together so that no more points come than were asked for, weighting by sample count', async () => {
        const hour = Array.from({ length: 360 }, (_, index) => bucket({ atMs: NOW_MS - (index + 1) * 10_000, sum: index % 2 === 0 ? 10 : 90, max: index, sampleCount: index % 2 === 0 ? 1 : 3 }));
        await store.addMetrics(hour);
        const [series] = await query({ fromMs: NOW_MS - 3_600_000, pointsMax: 100 });
        expect(series!.points.length).toBeLessThanOrEqual(100);
        expect(series!.stepMs).toBe(40_000);
        expect(series!.points.reduce((sum, point) => sum + point.sampleCount, 0)).toBe(180 * 1 + 180 * 3);
        expect(series!.points.every((point) => point.mean === 25)).toBe(true);
      });

      it('reads the finest roll-up that reaches back far enough', async () => {
        await store.addMetrics(ROLL_UPS.map(({ stepMs }) => bucket({ stepMs, atMs: NOW_MS - 3_600_000, sum: stepMs, max: stepMs })));
        const meanOver = async (fromMs: number) => (await query({ fromMs, pointsMax: 2_000 }))[0]!.points.find((point) => point.sampleCount > 0)?.mean;
        expect(await meanOver(NOW_MS - 2 * 3_600_000)).toBe(10_000);
        expect(await meanOver(NOW_MS - 20 * 3_600_000)).toBe(60_000);
        expect(await meanOver(NOW_MS - 29 * DAY_MS)).toBe(600_000);
        expect(await meanOver(NOW_MS - 300 * DAY_MS)).toBe(600_000);
      });

      it('makes one point of a range when one is asked for', async () => {
        await store.addMetrics([bucket({ atMs: NOW_MS - 20_000, sum: 1 }), bucket({ atMs: NOW_MS - 10_000, sum: 3 })]);
        const [series] = await query({ fromMs: NOW_MS - 25_000, pointsMax: 1 });
        expect(series?.points).toHaveLength(1);
        expect(series?.points[0]).toMatchObject({ mean: 2, sampleCount: 2 });
      });

      it('drops what comes for a cluster that is gone', async () => {
        await store.addMetrics([bucket({ clusterId: 'nobody', atMs: NOW_MS - 10_000 })]);
        await take(insertCluster({ id: 'nobody' }));
        expect((await query({ clusterId: 'nobody' }))[0]?.points.every((point) => point.sampleCount === 0)).toBe(true);
      });

      it('refuses a bucket off the grid or without a finite number', async () => {
        await expect((async () => { await store.addMetrics([bucket({ atMs: 5 })]); })()).rejects.toMatchObject({ code: 'assertion-failed' });
        await expect((async () => { await store.addMetrics([bucket({ stepMs: 7_000, atMs: 7_000 })]); })()).rejects.toMatchObject({ code: 'assertion-failed' });
        await expect((async () => { await store.addMetrics([bucket({ sum: NaN })]); })()).rejects.toMatchObject({ code: 'assertion-failed' });
      });
    });

    describe('prune', () => {
      it('drops the buckets of each roll-up beyond its own age, and no others', async () => {
        const ageOf = (stepMs: number, keepMs: number) => Math.floor((NOW_MS - keepMs - RETENTION.metricsSlackMs) / stepMs) * stepMs;
        await store.addMetrics(ROLL_UPS.flatMap(({ stepMs, keepMs }) => [bucket({ stepMs, atMs: ageOf(stepMs, keepMs) - stepMs }), bucket({ stepMs, atMs: ageOf(stepMs, keepMs) + stepMs })]));
        await store.prune(NOW_MS);
        for (const { keepMs } of ROLL_UPS) {
          const [series] = await query({ fromMs: NOW_MS - keepMs - RETENTION.metricsSlackMs, pointsMax: 100_000 });
          expect(series!.points.reduce((sum, point) => sum + point.sampleCount, 0), `${keepMs}`).toBe(1);
        }
      });

      it('forgets answers by age', async () => {
        const remember = (key: string, ageMs: number): StoreWrite => ({ kind: 'remember-answer', answer: { key, requestDigest: 'd', status: 200, body: '', atMs: NOW_MS - ageMs } });
        await take(remember('old-key-1', RETENTION.answersKeepMs + 1), remember('new-key-1', RETENTION.answersKeepMs - 1));
        await store.prune(NOW_MS);
        expect(await store.answer('old-key-1')).toBeNull();
        expect(await store.answer('new-key-1')).not.toBeNull();
      });

      it('drops the moves of operations that ended long ago, then the operations; never of one that runs', async () => {
        const ended = (id: string, ageMs: number) => insertOperation({ id, planId: null, status: 'succeeded', finishedAtMs: NOW_MS - ageMs });
        await take(ended('ancient', RETENTION.operationsKeepMs + 1), ended('old', RETENTION.journalsKeepMs + 1), ended('recent', RETENTION.journalsKeepMs - 1),
          insertOperation({ id: 'running', status: 'running', createdAtMs: 0 }));
        await store.prune(NOW_MS);
        expect((await store.operations('cluster-1', { limit: 10, cursor: null })).items.map((item) => item.id)).toEqual(['running', 'recent', 'old']);
        expect((await store.moves('old')).total).toBe(0);
        expect((await store.moves('recent')).total).toBe(3);
        expect((await store.moves('running')).total).toBe(3);
      });

      it('keeps the journals of the newest operations only, however many there were', async () => {
        const count = RETENTION.journalsPerClusterMax + 5;
        await take(...Array.from({ length: count }, (_, n) => insertOperation({ id: `o-${n}`, planId: null, status: 'failed', finishedAtMs: NOW_MS - count + n })));
        await store.prune(NOW_MS);
        expect((await store.moves('o-4')).total).toBe(0);
        expect((await store.moves('o-5')).total).toBe(3);
        expect(await store.operation('o-0')).not.toBeNull();
      });

      it('drops old plans, but none that a kept journal or a running operation belongs to', async () => {
        const old = (id: string): StoreWrite => ({ kind: 'insert-plan', plan: plan({ id, createdAtMs: NOW_MS - RETENTION.plansKeepMs - 1 }) });
        await take(old('unused'), old('of-running'), old('of-ended'), old('of-forgotten'), { kind: 'insert-plan', plan: plan({ id: 'new', createdAtMs: NOW_MS }) },
          insertOperation({ id: 'o-1', planId: 'of-running' }, []),
          insertOperation({ id: 'o-2', planId: 'of-ended', status: 'succeeded', finishedAtMs: NOW_MS - DAY_MS }),
          insertOperation({ id: 'o-3', planId: 'of-forgotten', status: 'succeeded', finishedAtMs: NOW_MS - RETENTION.journalsKeepMs - 1 }));
        await store.prune(NOW_MS);
        const kept = (await store.plans('cluster-1', { limit: 10, cursor: null })).items.map((item) => item.id);
        expect(kept).toEqual(['new', 'of-ended', 'of-running']);
      });

      it('keeps the newest plans only, however many there were', async () => {
        await take(...Array.from({ length: RETENTION.plansPerClusterMax + 3 }, (_, n): StoreWrite => ({ kind: 'insert-plan', plan: plan({ id: `plan-${n}`, createdAtMs: NOW_MS }) })));
        await store.prune(NOW_MS);
        expect(await store.plan('plan-2')).toBeNull();
        expect(await store.plan('plan-3')).not.toBeNull();
      });

      it('[D2] cuts the log at its old end only, goes on counting, and still verifies the rest', async () => {
        await take(...[500, 450, 100, 1].map((ageDays, index) => appendEvent(index + 1, { atMs: NOW_MS - ageDays * DAY_MS })));
        await store.prune(NOW_MS);
        expect((await store.events('cluster-1', ALL_EVENTS)).items.map((item) => item.sequence)).toEqual([4, 3]);
        expect(await store.verifyEventChain('cluster-1')).toMatchObject({ ok: true, value: { eventCount: 2 } });
        await take(appendEvent(5));
        expect(await store.lastEventSequence('cluster-1')).toBe(5);
        await store.prune(NOW_MS + 1_000 * DAY_MS);
        expect(await store.verifyEventChain('cluster-1')).toMatchObject({ ok: true, value: { eventCount: 0 } });
        await take(appendEvent(6));
        expect(await store.verifyEventChain('cluster-1')).toMatchObject({ ok: true, value: { eventCount: 1 } });
      });

      it('changes nothing that is in force', async () => {
        await take(insertOperation(), { kind: 'insert-plan', plan: plan({ createdAtMs: NOW_MS }) });
        await store.prune(NOW_MS);
        expect(await store.settings('cluster-1')).not.toBeNull();
        expect(await store.operation('operation-1')).toEqual(operation());
        expect(await store.plan('plan-1')).not.toBeNull();
      });
    });
  });
}
