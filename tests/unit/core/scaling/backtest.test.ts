import { describe, expect, it } from 'vitest';
import { backtest, differencesOf } from '@/lib/core/scaling/backtest/backtest';
import { replay, type ReplayController, type ReplayModel } from '@/lib/core/scaling/backtest/replay';
import { demandFromTrace } from '@/lib/core/scaling/backtest/trace-demand';
import { noisyDays } from '../../../support/load-shapes';
import { LEAD_MS, policyWith, START_MS } from '../../../support/scaling-pool';

const MINUTE_MS = 60_000;
const model: ReplayModel = { fullCopyMs: 60 * MINUTE_MS, provisionMs: 0, nodeCountMin: 1, nodeCountMax: 40, nodeCountStart: 10, line: 0.8, target: 0.65, skipMs: 0 };
const series = (loads: number[]) => ({ startMs: START_MS, stepMs: MINUTE_MS, metrics: [{ metric: 'cpu' as const, loads: Float64Array.from(loads) }] });
/** Wants the sizes of a list, one per step. */
const wanting = (sizes: readonly (number | null)[]): ReplayController => ({ decide: ({ at }) => sizes[at] ?? null });

describe('a replay', () => {
  it('charges a growing pool for all its nodes at once, and credits them by what their data is worth', () => {
    // 10 -> 20: ten pairs move half of the data in 3 min; worth 10, 12, 15, then 20.
    const { figures, markers } = replay(series([8, 8, 8, 8]), wanting([20]), model);
    expect(markers).toEqual([{ atMs: START_MS, from: 10, to: 20 }]);
    expect(figures.nodeHours).toBeCloseTo((10 + 20 + 20 + 20) / 60);
    expect(figures.copies).toBeCloseTo(0.5);
    // Load 8 on 10 nodes is at the line, not above it.
    expect(figures.overCapacityMs).toBe(0);
    expect(replay(series([9, 9, 9, 9]), wanting([20]), model).figures.overCapacityMs).toBe(MINUTE_MS);
    expect(replay(series([11, 11, 11, 11, 11]), wanting([20]), model).figures.overCapacityMs).toBe(2 * MINUTE_MS);
  });

  it('runs one change at a time, and waits for the provisioning', () => {
    const { markers } = replay(series(Array.from({ length: 60 }, () => 5)), wanting(Array.from({ length: 60 }, (_, at) => (at < 30 ? 11 : 12))), { ...model, provisionMs: 10 * MINUTE_MS });
    // 10 min to provision, 60/11 min to move: the next change starts at the first step after.
    expect(markers.map(({ atMs, to }) => [(atMs - START_MS) / MINUTE_MS, to])).toEqual([[0, 11], [30, 12]]);
    const early = replay(series(Array.from({ length: 60 }, () => 5)), wanting(Array.from({ length: 60 }, (_, at) => (at < 3 ? 11 : 12))), { ...model, provisionMs: 10 * MINUTE_MS });
    expect(early.markers.map(({ atMs }) => (atMs - START_MS) / MINUTE_MS)).toEqual([0, 16]);
  });

  it('measures elasticity as its definition says', () => {
    // Needs 10, has 10 | needs 20, has 10 | needs 5, has 10.
    const { figures } = replay(series([6.5, 13, 3.25]), wanting([]), model);
    expect(figures).toMatchObject({ moves: 0, reversals: 0 });
    expect(figures.thetaU).toBeCloseTo((100 * (10 / 20)) / 3);
    expect(figures.thetaO).toBeCloseTo((100 * (5 / 5)) / 3);
    expect(figures.tauU).toBeCloseTo(100 / 3);
    expect(figures.tauO).toBeCloseTo(100 / 3);
    expect(figures.nodeHoursRatio).toBeCloseTo(30 / 35);
  });

  it('judges nothing in a gap and nothing that is skipped', () => {
    const { figures } = replay(series([Number.NaN, 30, 30, Number.NaN]), wanting([]), { ...model, skipMs: 2 * MINUTE_MS });
    expect(figures.countedMs).toBe(MINUTE_MS);
    expect(figures.overCapacityPercent).toBe(100);
  });
});

describe('a backtest', () => {
  const options = { pool: 'default', generation: 1, fullCopyMs: 60 * MINUTE_MS, provisionMs: 120_000, leadTimeMs: LEAD_MS, nodeCountStart: 12, dataBytes: 1e12, skipMs: 0, occurrences: [] };
  const source = noisyDays(21);
  const noisy = { startMs: START_MS, stepMs: source.stepMs, metrics: [{ metric: 'cpu' as const, loads: source.loads }] };

  it('counts bytes by the copies, and keeps the markers', () => {
    const { result, markers } = backtest(noisy, policyWith(), options);
    expect(result.moves).toBe(markers.length);
    expect(result.bytesMoved).toBeCloseTo(result.copies * 1e12, -3);
    expect(result.markers).toEqual(markers);
  });

  it('a higher target costs less and is over capacity for longer: the comparison of two policies says so', () => {
    const cheap = policyWith();
    const edited = { ...cheap, rules: cheap.rules.map((rule) => (rule.kind === 'target' ? { ...rule, target: 0.75 } : rule)), prediction: { ...cheap.prediction, enabled: false } };
    const active = backtest(noisy, cheap, options);
    const other = backtest(noisy, edited, options);
    expect(other.result.nodeHours).toBeLessThan(active.result.nodeHours);
    expect(other.result.overCapacityMs).toBeGreaterThan(active.result.overCapacityMs);
  });

  it('looks at every metric that is recorded: a full memory keeps nodes that the cpu does not need', () => {
    const flat = Float64Array.from(source.loads, () => 12);
    const both = { ...noisy, metrics: [...noisy.metrics, { metric: 'memory' as const, loads: flat }] };
    const policy = policyWith({ rules: [...policyWith().rules, { kind: 'target', id: 'memory', metric: 'memory', aggregate: 'mean', target: 0.65, outTolerance: 0.08, inTolerance: 0.15 }] });
    const { markers } = backtest(both, policy, { ...options, nodeCountStart: 20 });
    expect(Math.min(20, ...markers.map(({ to }) => to))).toBeGreaterThanOrEqual(19);
  });

  it('names where two differ', () => {
    const span = { startMs: 0, endMs: 100, activeStart: 5, editedStart: 5 };
    const active = [{ atMs: 10, from: 5, to: 6 }, { atMs: 40, from: 6, to: 7 }];
    const edited = [{ atMs: 20, from: 5, to: 6 }, { atMs: 40, from: 6, to: 8 }];
    expect(differencesOf(active, edited, span)).toEqual([
      { fromMs: 10, toMs: 20, activeNodes: 6, editedNodes: 5 },
      { fromMs: 40, toMs: 100, activeNodes: 7, editedNodes: 8 },
    ]);
    expect(differencesOf(active, active, span)).toEqual([]);
  });
});

describe('a trace as demand', () => {
  it('puts its 99.9th percentile on 24 nodes at 65 %', () => {
    const demand = demandFromTrace(Array.from({ length: 1_000 }, (_, at) => at + 1), 60_000);
    expect(demand.ok && Math.max(...demand.value.loads)).toBeCloseTo(24 * 0.65);
  });

  it('interpolates an hour to five minutes and keeps gaps as gaps', () => {
    const demand = demandFromTrace([1, 13, Number.NaN, 5], 3_600_000);
    expect(demand.ok && demand.value.stepMs).toBe(300_000);
    expect(demand.ok && demand.value.loads).toHaveLength(37);
    expect(demand.ok && demand.value.loads[1]! / demand.value.loads[0]!).toBeCloseTo(2);
    expect(demand.ok && demand.value.loads[13]).toBeNaN();
  });

  it.each([[[], 60_000, 'too-short'], [[0, 0, 0], 60_000, 'no-load'], [[1, 2], 0, 'bad-step'], [[1, 2], Number.NaN, 'bad-step'], [[Number.NaN, -1], 60_000, 'too-short']] as const)('refuses %j at %s ms: %s', (values, stepMs, code) => {
    expect(demandFromTrace(values, stepMs)).toMatchObject({ ok: false, error: { code } });
  });
});
