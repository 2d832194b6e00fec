import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingExtreme, SlidingMean } from '@/lib/core/scaling/sliding-window';

const samples = fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 30 }), value: fc.integer({ min: 0, max: 100 }) }), { minLength: 1, maxLength: 3_000 });

describe('sliding windows', () => {
  it('know the extremes of exactly the last width, like a search through everything', () => {
    fc.assert(fc.property(samples, fc.integer({ min: 1, max: 400 }), (list, widthMs) => {
      const max = new SlidingExtreme(widthMs, 'max');
      const min = new SlidingExtreme(widthMs, 'min');
      const all: { atMs: number; value: number }[] = [];
      let atMs = 0;
      for (const { gapMs, value } of list) {
        atMs += gapMs;
        all.push({ atMs, value });
        max.push(atMs, value);
        min.push(atMs, value);
      }
      const inside = all.filter((sample) => sample.atMs > atMs - widthMs).map((sample) => sample.value);
      expect(max.at(atMs)).toBe(Math.max(...inside));
      expect(min.at(atMs)).toBe(Math.min(...inside));
      expect(max.at(atMs + widthMs)).toBeNull();
    }), { numRuns: 60 });
  });

  it('a mean is unknown until the window is filled, and when a tenth of it is', () => {
    const mean = new SlidingMean(100);
    for (let atMs = 0; atMs < 100; atMs += 10) {
      mean.push(atMs, 4);
      expect(mean.at(atMs)).toBeNull();
    }
    mean.push(100, 14);
    expect(mean.at(100)).toBeCloseTo(5);
    mean.push(110, null);
    expect(mean.at(110)).not.toBeNull();
    mean.push(120, null);
    expect(mean.at(120)).toBeNull();
  });

  it('keeps its sum exact over weeks', () => {
    const mean = new SlidingMean(1_000);
    for (let atMs = 0; atMs < 2_000_000; atMs += 10) mean.push(atMs, 0.1 + (atMs % 70) / 7);
    const window = Array.from({ length: 100 }, (_, at) => 0.1 + ((1_999_000 + 10 * (at + 0)) % 70) / 7);
    expect(mean.at(1_999_990)).toBeCloseTo(window.reduce((sum, value) => sum + value, 0) / 100, 8);
  });
});
