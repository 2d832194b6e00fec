import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodesPerScaleIn } from '@/lib/core/scaling/rate-limit';
import { policyWith, Pool, START_MS } from '@/tests/support/scaling-pool';

const base = policyWith({ prediction: { ...policyWith().prediction, enabled: false } });

describe('a scale-in', () => {
  it('[S4] asks for as many nodes as were rehearsed, whatever the load, the limits and who asks', () => {
    let shrunk = 0;
    fc.assert(fc.property(
      fc.record({ nodeCount: fc.integer({ min: 3, max: 60 }), nodeCountMin: fc.integer({ min: 1, max: 12 }), multipleOf: fc.integer({ min: 1, max: 5 }), nodes: fc.integer({ min: 1, max: 9 }), percent: fc.integer({ min: 0, max: 40 }), cpu: fc.double({ min: 0.01, max: 0.6, noNaN: true }), wanted: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }) }),
      ({ nodeCount, nodeCountMin, multipleOf, nodes, percent, cpu, wanted }) => {
        const policy = policyWith({ ...base, bounds: { nodeCountMin, nodeCountMax: 100, multipleOf }, in: { ...base.in, step: { ...base.in.step, nodes, percent } } });
        const record = new Pool(policy, nodeCount).minutes(70, { cpu }, wanted === null ? {} : { override: { nodeCount: wanted, expiresAtMs: START_MS + 86_400_000, reason: 'test', setBy: { kind: 'operator', name: 'ada' } } });
        if (record.action !== 'scale-in') return;
        shrunk += 1;
        expect(record.nodeCount - record.decided).toBe(nodesPerScaleIn(policy, nodeCount));
      },
    ), { numRuns: 300 });
    expect(shrunk).toBeGreaterThan(20);
  });
});
