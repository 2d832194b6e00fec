import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServerTime } from '@/lib/drivers/redis-cluster/server-time';

describe('the time that a source spends on bursts', () => {
  it('is never more than they took, and of equal bursts what they take', () => {
    fc.assert(fc.property(fc.array(fc.record({ keys: fc.integer({ min: 1, max: 400 }), bytes: fc.integer({ min: 0, max: 4_000_000 }), tookMs: fc.double({ min: 0, max: 5_000, noNaN: true }) }), { minLength: 1 }), (bursts) => {
      const time = new ServerTime();
      for (const { tookMs, ...size } of bursts) {
        const servedMs = time.of(size, tookMs);
        expect(servedMs).toBeGreaterThanOrEqual(0);
        expect(servedMs).toBeLessThanOrEqual(tookMs);
      }
    }));
    const even = new ServerTime();
    for (let n = 0; n < 100; n += 1) expect(even.of({ keys: 10, bytes: 1_000 }, 1.5)).toBeCloseTo(1.5);
  });

  it('is the low end where one in four waits for somebody else', () => {
    const time = new ServerTime();
    let servedMs = 0;
    for (let n = 0; n < 400; n += 1) servedMs = time.of({ keys: 25, bytes: 2_500 }, n % 4 === 0 ? 5 : 1);
    expect(servedMs).toBeLessThan(1.3);
  });

  it('follows a source that becomes slower, and one that becomes quick again the sooner', () => {
    const time = new ServerTime();
    const after = (bursts: number, tookMs: number): number => {
      let servedMs = 0;
      for (let n = 0; n < bursts; n += 1) servedMs = time.of({ keys: 25, bytes: 2_500 }, tookMs);
      return servedMs;
    };
    after(50, 1);
    expect(after(30, 10)).toBeGreaterThan(5);
    expect(after(200, 10)).toBeGreaterThan(9.5);
    expect(after(15, 1)).toBeLessThanOrEqual(1);
    after(1, 10);
    expect(after(100, 10)).toBeGreaterThan(8);
  });
});
