import type { Counterfactual } from '@/lib/contract/scaling-record';
import type { RuleVerdict } from './rules/rule-memory';

/** Of all values at which something else would have been wanted, the one that is nearest in proportion. */
export function nearestCounterfactual(verdicts: readonly RuleVerdict[]): Counterfactual | null {
  let nearest: Counterfactual | null = null;
  let nearestDistance = Infinity;
  for (const { reading, growsAt, shrinksAt } of verdicts) {
    const { value, ruleId, metric } = reading;
    if (value === null) continue;
    for (const [direction, threshold] of [['out', growsAt], ['in', shrinksAt]] as const) {
      if (threshold === null) continue;
      // Crossed already: then it is no "would".
      if (direction === 'out' ? value > threshold : value < threshold) continue;
      const distance = Math.abs(value - threshold) / Math.max(threshold, 1e-9);
      if (distance >= nearestDistance) continue;
      nearestDistance = distance;
      nearest = { ruleId, metric, direction, value, threshold };
    }
  }
  return nearest;
}
