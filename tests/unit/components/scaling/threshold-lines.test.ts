import { describe, expect, it } from 'vitest';
import { printMetric, scaleOf, snapped, thresholdsOf, valueByKey } from '@/components/scaling/threshold-lines';
import { withValue, type PolicyDraft } from '@/components/scaling/policy-draft';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';

const draft: PolicyDraft = defaultPolicy(['cpu']);
const threshold = { kind: 'threshold', id: 'hot', metric: 'latencyP99Ms', aggregate: 'max', out: { above: 12, durationMs: 60_000, nodes: 1 }, in: { below: 4, shortWindowMs: 60_000, longWindowMs: 120_000, nodes: 1 } };

describe('the lines of a rule', () => {
  it('stand where their fields are', () => {
    expect(thresholdsOf(draft, 0)).toEqual([{ path: ['rules', 0, 'target'], label: 'Target', direction: 'out', value: 0.65 }]);
    const two = withValue(draft, ['rules'], [threshold]);
    expect(thresholdsOf(two, 0).map(({ path, value }) => [path.join('.'), value])).toEqual([['rules.0.out.above', 12], ['rules.0.in.below', 4]]);
    expect(thresholdsOf(withValue(two, ['rules', 0, 'in'], null), 0)).toHaveLength(1);
  });

  it('move by whole steps and stay inside of the scale, and above 0', () => {
    const scale = scaleOf('cpu', 0.4, []);
    expect(snapped(0.6537, scale)).toBe(0.65);
    expect(snapped(7, scale)).toBe(1);
    expect(snapped(-3, scale)).toBe(0.01);
  });

  it('follow the keys of a slider', () => {
    const scale = scaleOf('cpu', 0, []);
    const keys = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'Enter'];
    expect(keys.map((key) => valueByKey(key, 0.65, scale))).toEqual([0.66, 0.64, 0.75, 0.55, 0.01, 1, null]);
  });

  it('have a scale with room above the line and above what was measured', () => {
    const lines = thresholdsOf(withValue(draft, ['rules'], [threshold]), 0);
    expect(scaleOf('latencyP99Ms', 3, lines)).toEqual({ top: 20, step: 0.2 });
    expect(scaleOf('latencyP99Ms', 70, lines).top).toBe(100);
    expect(printMetric('latencyP99Ms', 12.34567)).toBe('12.35 ms');
    expect(printMetric('cpu', null)).toBe('unknown');
  });
});
