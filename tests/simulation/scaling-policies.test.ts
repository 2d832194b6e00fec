/** The rules of scaling over days of load, made up and recorded, with the pool that P-Store's model makes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demandFromTrace } from '@/lib/core/scaling/backtest/trace-demand';
import { explainRecord } from '@/lib/core/scaling/explain';
import { reversals } from '@/lib/core/scaling/guards';
import { DecisionRecordSchema } from '@/lib/contract/scaling-record';
import { constantLoad, DAY_MS, HOUR_MS, MINUTE_MS, noisyDays, squareWave, withGaps, type Shape } from '../support/load-shapes';
import { policyWith, replayShape } from '../support/scaling-pool';
import { openLoopTraces, readTrace, traceFolder } from '../support/trace-files';

const policy = policyWith();

/** Recorded load where the machine has it; the made-up shapes are there always. */
function recorded(): readonly Shape[] {
  const folder = traceFolder();
  if (folder === null) return [];
  return openLoopTraces(folder).map((path) => {
    const trace = readTrace(path);
    const demand = demandFromTrace(trace.values, trace.stepMs);
    if (!demand.ok) throw new Error(demand.error.message);
    return { name: trace.name, stepMs: demand.value.stepMs, loads: demand.value.loads };
  });
}

const shapes: readonly Shape[] = [
  ...[1, 2, 3].map((seed) => noisyDays(seed)),
  noisyDays(4, { stepMs: MINUTE_MS, noise: 0.3, days: 3 }),
  withGaps(noisyDays(5), 5), withGaps(noisyDays(6), 6, 0.5),
  squareWave(6.4, 6.6, 30 * MINUTE_MS), squareWave(4, 12, 3 * HOUR_MS), squareWave(2, 16, 12 * HOUR_MS),
  ...recorded(),
];

describe('a policy over days of load', () => {
  it.each(shapes)('[S1] [S4] [S5] stays in its bounds, empties one node per decision, turns once per cooldown: $name', (source) => {
    const { records, markers } = replayShape(source, policy);
    const changes = markers.map(({ atMs, from, to }) => ({ monotonicMs: atMs, from, to }));
    for (const { from, to } of markers) {
      expect(to).toBeGreaterThanOrEqual(policy.bounds.nodeCountMin);
      expect(to).toBeLessThanOrEqual(policy.bounds.nodeCountMax);
      if (to < from) expect(from - to).toBe(1);
    }
    for (const record of records) {
      expect(record.decided >= policy.bounds.nodeCountMin || record.action === 'hold').toBe(true);
      expect(record.decided).toBeLessThanOrEqual(policy.bounds.nodeCountMax);
    }
    // S5, with the exception it names: above the line the pool grows at once.
    for (let at = 1; at < changes.length; at += 1) {
      const [before, turned] = [changes[at - 1]!, changes[at]!];
      if (turned.to < turned.from || before.to > before.from) continue;
      const record = records.find((each) => each.atMs === turned.monotonicMs)!;
      const utilization = (record.rules[0]!.value ?? 0) * record.effectiveNodes / record.nodeCount;
      if (turned.monotonicMs - before.monotonicMs < policy.in.cooldownMs) expect(utilization).toBeGreaterThan(policy.lines.cpu);
    }
    for (const { monotonicMs, from, to } of changes) {
      if (to < from) expect(reversals(changes.filter((change) => change.monotonicMs <= monotonicMs), monotonicMs).length).toBeLessThanOrEqual(policy.in.reversalsPerDayMax);
    }
  });

  it('[S5] constant load gives at most one action from a size that fits, and only one direction from any other', () => {
    fc.assert(fc.property(fc.double({ min: 2, max: 24, noNaN: true }), fc.integer({ min: 3, max: 40 }), (load, start) => {
      const fitting = replayShape(constantLoad(load), policy);
      expect(fitting.markers.length).toBeLessThanOrEqual(1);
      const { markers } = replayShape(constantLoad(load), policy, { nodeCountStart: start });
      expect(new Set(markers.map(({ from, to }) => to > from)).size).toBeLessThanOrEqual(1);
    }), { numRuns: 25 });
  });

  it('[S5] a square wave around the threshold does not make the pool swing with it', () => {
    for (const periodMs of [10 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS]) {
      const edge = 0.65 * 1.08 * 10;
      const { figures } = replayShape(squareWave(edge * 0.97, edge * 1.03, periodMs, { stepMs: MINUTE_MS }), policy);
      expect(figures.reversals).toBeLessThanOrEqual(1);
    }
  });

  it('[S2] [S6] nothing shrinks at an evaluation at which the metric is unknown', () => {
    for (const seed of [5, 6, 7]) {
      const source = withGaps(noisyDays(seed), seed, 0.4);
      const { records } = replayShape(source, policy, { nodeCountStart: 40 });
      const unknown = records.filter((record) => record.rules[0]!.value === null);
      expect(unknown.length).toBeGreaterThan(100);
      expect(unknown.filter((record) => record.action === 'scale-in')).toEqual([]);
      expect(unknown.every((record) => record.chain.every((link) => link.after >= record.nodeCount))).toBe(true);
    }
  });

  it('[S9] every evaluation leaves a record that its schema accepts and that reads as a sentence', () => {
    const { records } = replayShape(noisyDays(9, { days: 2 }), policy);
    expect(records).toHaveLength(576);
    for (const record of records) {
      expect(DecisionRecordSchema.safeParse(record).error).toBeUndefined();
      if (record.action === 'hold' && record.raw !== record.nodeCount) expect(record.bindingCode).not.toBeNull();
      expect(explainRecord(record)).not.toMatch(/NaN|undefined/);
    }
  });

  it('decides the same on the same series, to the last record', () => {
    const source = withGaps(noisyDays(10), 10);
    expect(replayShape(source, policy)).toEqual(replayShape(source, policy));
  });
});

describe('prediction', () => {
  it('keeps the pool over its capacity for less time than the same policy without it', () => {
    const seeds = [11, 12, 13, 14, 15, 16];
    const reactive = policyWith({ prediction: { ...policy.prediction, enabled: false } });
    const over = (chosen: typeof policy) => seeds.reduce((sum, seed) => sum + replayShape(noisyDays(seed, { noise: 0.15, days: 8 }), chosen, { skipMs: 2 * DAY_MS }).figures.overCapacityMs, 0);
    expect(over(policy)).toBeLessThan(0.8 * over(reactive));
  });

  it('orders ahead of a rise that comes every day', () => {
    const everyDay = squareWave(5, 12, DAY_MS, { days: 8 });
    const { records } = replayShape(everyDay, policy, { skipMs: 4 * DAY_MS });
    const rises = records.filter((record) => record.action === 'scale-out' && record.atMs > Date.UTC(2026, 0, 9));
    expect(rises.length).toBeGreaterThan(0);
    expect(rises.some((record) => record.chain[0]?.code === 'prediction')).toBe(true);
  });
});
