import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROLL_UPS } from '@/lib/contract/metrics';
import { chooseWindow, pointsOf } from '@/lib/persistence/metric-windows';

const NOW_MS = 1_800_000_000_000;
const query = fc.record({ ageMs: fc.integer({ min: 1, max: 400 * 86_400_000 }), lengthMs: fc.integer({ min: 1, max: 400 * 86_400_000 }), pointsMax: fc.integer({ min: 1, max: 2_000 }) })
  .map(({ ageMs, lengthMs, pointsMax }) => ({ fromMs: NOW_MS - ageMs, toMs: NOW_MS - ageMs + lengthMs, pointsMax, nowMs: NOW_MS }));

describe('chooseWindow', () => {
  it('covers the whole range with at most the points asked for', () => {
    fc.assert(fc.property(query, (asked) => {
      const window = chooseWindow(asked);
      expect(window.pointCount).toBeGreaterThanOrEqual(1);
      expect(window.pointCount).toBeLessThanOrEqual(asked.pointsMax);
      expect(window.firstAtMs).toBeLessThanOrEqual(asked.fromMs);
      expect(window.firstAtMs + window.pointCount * window.stepMs).toBeGreaterThanOrEqual(asked.toMs);
      expect(window.firstAtMs + (window.pointCount - 1) * window.stepMs).toBeLessThan(asked.toMs);
    }));
  });

  it('reads a roll-up that is kept, in whole multiples of its step', () => {
    fc.assert(fc.property(query, (asked) => {
      const window = chooseWindow(asked);
      const rollUp = ROLL_UPS.find(({ stepMs }) => stepMs === window.sourceStepMs)!;
      expect(window.stepMs % window.sourceStepMs).toBe(0);
      expect(window.firstAtMs % window.sourceStepMs).toBe(0);
      expect(asked.fromMs >= NOW_MS - rollUp.keepMs - 300_000 || window.sourceStepMs === ROLL_UPS.at(-1)!.stepMs).toBe(true);
    }));
  });

  it('begins its points at multiples of their step, so that a moment always falls into the same one', () => {
    fc.assert(fc.property(query, (asked) => {
      const window = chooseWindow(asked);
      expect(asked.pointsMax === 1 || window.firstAtMs % window.stepMs === 0).toBe(true);
    }));
  });

  it('takes the finest it may: 10 s for five minutes, 10 min for a month', () => {
    const stepOver = (lengthMs: number, pointsMax: number) => chooseWindow({ fromMs: NOW_MS - lengthMs, toMs: NOW_MS, pointsMax, nowMs: NOW_MS }).stepMs;
    expect(stepOver(5 * 60_000, 180)).toBe(10_000);
    expect(stepOver(3_600_000, 180)).toBe(20_000);
    expect(stepOver(2 * 3_600_000, 120)).toBe(60_000);
    expect(stepOver(30 * 86_400_000, 2_000)).toBe(1_800_000);
  });
});

describe('pointsOf', () => {
  it('leaves out what lies outside, and keeps every sample that lies inside', () => {
    const window = { sourceStepMs: 10_000, stepMs: 20_000, firstAtMs: 100_000, pointCount: 2 };
    const bucket = (atMs: number) => ({ atMs, sum: atMs / 10_000, max: atMs / 10_000, sampleCount: 1 });
    expect(pointsOf(window, [90_000, 100_000, 110_000, 130_000, 140_000].map(bucket))).toEqual([
      { atMs: 100_000, mean: 10.5, max: 11, sampleCount: 2 }, { atMs: 120_000, mean: 13, max: 13, sampleCount: 1 },
    ]);
  });
});
