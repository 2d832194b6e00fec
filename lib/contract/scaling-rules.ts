/** The rules of a scaling policy: what is measured, over which nodes, and which size it asks for. */
import * as z from 'zod';
import { RULE_ID_PATTERN } from './vocabulary';

export const SCALING_METRICS = ['cpu', 'memory', 'disk', 'network', 'queriesPerSecond', 'transactionsPerSecond', 'connections', 'latencyP99Ms'] as const;
/** cpu, memory, disk, network are utilizations (0..1); the others are per node, in the unit of their name. */
export const ScalingMetricSchema = z.enum(SCALING_METRICS);
export type ScalingMetric = z.infer<typeof ScalingMetricSchema>;

/** Utilizations have a line that no node may cross; the other metrics are bounded by their rules alone. */
export const UTILIZATION_METRICS = ['cpu', 'memory', 'disk', 'network'] as const satisfies readonly ScalingMetric[];

/** Over the nodes that hold their share: the mean, the highest node, or the 90th percentile of the nodes. */
export const AggregateSchema = z.enum(['mean', 'max', 'p90']);
export type Aggregate = z.infer<typeof AggregateSchema>;

const durationMs = z.number().int().min(0).max(7 * 86_400_000);
const ruleId = z.string().regex(RULE_ID_PATTERN, 'Lower case letters, digits and - only, at most 40');
const measured = { id: ruleId, metric: ScalingMetricSchema, aggregate: AggregateSchema };
const aboveZero = z.number().positive().max(1e12);
const nodes = z.number().int().min(1).max(1_000);

/**
 * Target tracking: as many nodes as bring the metric to `target`. Grows when it is more
 * than `outTolerance` above the target, shrinks only to a size that leaves it
 * `inTolerance` clear of the target (both shares of it, so that noise moves nothing).
 * Latency does not fall in proportion to nodes and is refused here.
 */
export const TargetRuleSchema = z.strictObject({
  kind: z.literal('target'), ...measured, target: aboveZero,
  outTolerance: z.number().min(0).max(1), inTolerance: z.number().min(0).max(0.9),
}).meta({ id: 'TargetRule' });

/**
 * Threshold + duration: grows by `nodes` when the metric stays above a line, shrinks when
 * it stayed below another for both windows: in the short one all the time, in the long one
 * on average, so that neither a lull nor an old peak alone decides.
 */
export const ThresholdRuleSchema = z.strictObject({
  kind: z.literal('threshold'), ...measured,
  out: z.strictObject({ above: aboveZero, durationMs, nodes }),
  in: z.strictObject({ below: aboveZero, shortWindowMs: durationMs, longWindowMs: durationMs, nodes }).nullable(),
}).meta({ id: 'ThresholdRule' });

/** Steps by distance: the further above `line`, the more nodes at once. `distance` is a share of the line. */
export const StepsRuleSchema = z.strictObject({
  kind: z.literal('steps'), ...measured, line: aboveZero, durationMs,
  steps: z.array(z.strictObject({ distance: z.number().min(0).max(100), nodes })).min(1).max(8),
  in: z.strictObject({ below: aboveZero, windowMs: durationMs, nodes }).nullable(),
}).meta({ id: 'StepsRule' });

/** Disks that will be full: grows when the trend of `trendMs` crosses `line` within `horizonMs`. */
export const DiskProjectionRuleSchema = z.strictObject({
  kind: z.literal('disk-projection'), id: ruleId, line: z.number().min(0.05).max(1),
  trendMs: z.number().int().min(600_000).max(7 * 86_400_000), horizonMs: z.number().int().min(600_000).max(90 * 86_400_000),
}).meta({ id: 'DiskProjectionRule' });

export const ScalingRuleSchema = z.discriminatedUnion('kind', [TargetRuleSchema, ThresholdRuleSchema, StepsRuleSchema, DiskProjectionRuleSchema]).meta({ id: 'ScalingRule' });
export type ScalingRule = z.infer<typeof ScalingRuleSchema>;
export type TargetRule = z.infer<typeof TargetRuleSchema>;
export type ThresholdRule = z.infer<typeof ThresholdRuleSchema>;
export type StepsRule = z.infer<typeof StepsRuleSchema>;
export type DiskProjectionRule = z.infer<typeof DiskProjectionRuleSchema>;

/** What a rule measures; the projection looks at the mean of the disks. */
export function measuredBy(rule: ScalingRule): { readonly metric: ScalingMetric; readonly aggregate: Aggregate } {
  return rule.kind === 'disk-projection' ? { metric: 'disk', aggregate: 'mean' } : rule;
}

export const RuleKindSchema = z.enum(['target', 'threshold', 'steps', 'disk-projection']);
