import { describe, expect, it } from 'vitest';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import { estimateSeconds, speedOf } from '@/lib/core/execution/estimate';

const GIB = 1024 ** 3;

describe('estimated time of a plan', () => {
  it('is a range that the throttle bounds from below', () => {
    const { low, high } = estimateSeconds({ bytes: 10 * GIB, moves: 100 }, THROTTLE_PRESETS.low, null);
    expect(low).toBeGreaterThanOrEqual((10 * GIB) / THROTTLE_PRESETS.low.bytesPerSecondMax);
    expect(high).toBeGreaterThanOrEqual(low);
  });

  it('counts moves where the data is small, as with thousands of Redis slots', () => {
    const { low, high } = estimateSeconds({ bytes: 1_000, moves: 4_096 }, THROTTLE_PRESETS.default, null);
    expect(low).toBeCloseTo(5.12);
    expect(high).toBeCloseTo(76.8);
  });

  it('narrows to what this cluster has shown', () => {
    const measured = speedOf({ bytes: 6 * GIB, moves: 120, seconds: 60 });
    expect(estimateSeconds({ bytes: 12 * GIB, moves: 240 }, THROTTLE_PRESETS.high, measured)).toEqual({ low: 90, high: 180 });
  });

  it('learns nothing from too little', () => {
    expect(speedOf({ bytes: 10, moves: 2, seconds: 10 })).toBeNull();
    expect(estimateSeconds({ bytes: 0, moves: 0 }, THROTTLE_PRESETS.low, null)).toEqual({ low: 0, high: 0 });
  });
});
