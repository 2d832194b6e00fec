import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NODE } from '@/lib/drivers/simulator/cluster-parameters';
import { latencyP99Ms, performanceOf } from '@/lib/drivers/simulator/performance-model';

const utilization = fc.double({ min: 0, max: 0.99, noNaN: true });

describe('performance model', () => {
  it('the queueing curve grows with utilization, ever faster', () => {
    fc.assert(fc.property(utilization, utilization, (one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one];
      if (high - low > 1e-9) expect(latencyP99Ms(high)).toBeGreaterThan(latencyP99Ms(low));
    }));
    const steps = [0, 0.3, 0.6, 0.9].map((rho) => latencyP99Ms(rho));
    expect(steps[3]! - steps[2]!).toBeGreaterThan(5 * (steps[1]! - steps[0]!));
  });

  it('at half the load it is twice the idle service time, as M/M/1 has it', () => {
    const floor = 2 * latencyP99Ms(0) - latencyP99Ms(0.5);
    expect(latencyP99Ms(0.75) - floor).toBeCloseTo(4 * (latencyP99Ms(0) - floor), 9);
  });

  it('is finite and capped at any load, and never faster on a slow node', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.double({ min: 1, max: 1e6, noNaN: true }), (rho, slow) => {
      expect(latencyP99Ms(rho, slow)).toBeLessThanOrEqual(2_000);
      expect(latencyP99Ms(rho, slow)).toBeGreaterThanOrEqual(latencyP99Ms(rho));
    }));
  });

  it('sheds what exceeds a capacity and never uses more than there is', () => {
    fc.assert(fc.property(
      fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 1e11, noNaN: true }), fc.double({ min: 1, max: 50, noNaN: true }),
      (cpuCores, networkBytesPerSecond, slowFactor) => {
        const performance = performanceOf({ cpuCores, networkBytesPerSecond, slowFactor });
        expect(performance.cpuCores).toBeLessThanOrEqual(NODE.cpuCores * (1 + 1e-12));
        expect(performance.networkBytesPerSecond).toBeLessThanOrEqual(NODE.networkBytesPerSecond * (1 + 1e-12));
        const fits = cpuCores * slowFactor <= NODE.cpuCores && networkBytesPerSecond <= NODE.networkBytesPerSecond;
        expect(performance.servedShare === 1).toBe(fits);
      },
    ));
    expect(performanceOf({ cpuCores: 2 * NODE.cpuCores, networkBytesPerSecond: 0, slowFactor: 1 }).servedShare).toBeCloseTo(0.5, 12);
  });
});
