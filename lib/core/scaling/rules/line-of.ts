import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { ScalingMetric, TargetRule } from '@/lib/contract/scaling-rules';

/** Metrics without a line of their own may go this far above their target. */
const ABOVE_TARGET = 1.25;

/** What the upper band has to stay under: the line of a resource, or a quarter above the target. */
export function lineOf(rule: TargetRule, policy: PolicyDocument): number {
  return lineOfMetric(rule.metric, policy) ?? rule.target * ABOVE_TARGET;
}

export function lineOfMetric(metric: ScalingMetric, policy: PolicyDocument): number | null {
  return metric === 'cpu' || metric === 'memory' || metric === 'disk' || metric === 'network' ? policy.lines[metric] : null;
}
