import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectiveNodes, moveDurationMs, shareMoved } from '@/lib/core/scaling/move-model';

const HOUR_MS = 3_600_000;
const size = fc.integer({ min: 1, max: 60 });

describe("P-Store's model of a move", () => {
  it('takes as long and moves as much as the worked example: 3 to 14 nodes', () => {
    // Three nodes give away 11/14 of the data to eleven, three pairs at a time.
    expect(shareMoved(3, 14)).toBeCloseTo(11 / 14);
    expect(moveDurationMs({ from: 3, to: 14, fullCopyMs: HOUR_MS })).toBeCloseTo((HOUR_MS / 3) * (11 / 14));
    expect(moveDurationMs({ from: 10, to: 11, fullCopyMs: HOUR_MS })).toBeCloseTo(HOUR_MS / 11);
    expect(moveDurationMs({ from: 5, to: 5, fullCopyMs: HOUR_MS })).toBe(0);
  });

  it('is worth the old size at the beginning, the new one at the end, and never leaves the range between', () => {
    fc.assert(fc.property(size, size, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, done) => {
      expect(effectiveNodes(from, to, 0)).toBeCloseTo(from);
      expect(effectiveNodes(from, to, 1)).toBe(to);
      const worth = effectiveNodes(from, to, done);
      expect(worth).toBeGreaterThanOrEqual(Math.min(from, to) - 1e-9);
      expect(worth).toBeLessThanOrEqual(Math.max(from, to) + 1e-9);
    }));
  });

  it('grows slower than the data arrives: half the data of a doubling is a third of the capacity', () => {
    expect(effectiveNodes(10, 20, 0.5)).toBeCloseTo(10 + 10 / 3);
  });

  it('takes as long out as back in', () => {
    fc.assert(fc.property(size, size, (from, to) => {
      expect(moveDurationMs({ from, to, fullCopyMs: HOUR_MS })).toBeCloseTo(moveDurationMs({ from: to, to: from, fullCopyMs: HOUR_MS }));
    }));
  });
});
