/**
 * A scaling policy: one document per pool, stored with every generation it had. All
 * thresholds, windows and limits are here; the core reads nothing else.
 */
import * as z from 'zod';
import { ActorSchema, TimestampMsSchema } from './primitives';
import { measuredBy, ScalingRuleSchema } from './scaling-rules';
import { ScalingScheduleSchema, TimeZoneSchema } from './scaling-schedule';

/** The document's own format: a stored one with a lower number is migrated when read. */
export const POLICY_FORMAT = 2;

/**
 * off: not evaluated. shadow: evaluated and recorded, shown nowhere as advice. manual:
 * recommends, changes nothing. scheduled: follows its schedules alone, the rules only
 * advise. automatic: acts.
 */
export const PolicyModeSchema = z.enum(['off', 'shadow', 'manual', 'scheduled', 'automatic']);

const count = z.number().int().min(1).max(10_000);
const durationMs = z.number().int().min(0).max(7 * 86_400_000);
const ratio = z.number().min(0.05).max(1);

/** At most `nodes` or `percent` of the pool, whichever is more, in any `periodMs`. */
export const StepLimitSchema = z.strictObject({
  nodes: count, percent: z.number().min(0).max(1_000), periodMs: z.number().int().min(1_000).max(86_400_000),
}).meta({ id: 'StepLimit' });
export type StepLimit = z.infer<typeof StepLimitSchema>;

const directionApproval = z.strictObject({
  /** A person must agree to steps of at least so many nodes; `null` = to none. */
  fromNodes: count.nullable(),
});

export const PolicyDocumentSchema = z.strictObject({
  format: z.literal(POLICY_FORMAT),
  name: z.string().trim().min(1).max(64),
  mode: PolicyModeSchema,
  /** How often it is evaluated. */
  intervalMs: z.number().int().min(1_000).max(3_600_000),
  rules: z.array(ScalingRuleSchema).max(16),
  bounds: z.strictObject({
    nodeCountMin: count, nodeCountMax: count,
    /** Sizes are multiples of this (the number of zones, to keep them even); 1 = any. */
    multipleOf: z.number().int().min(1).max(16),
  }),
  /** No node may be above its line, 0..1; also the base of the simulated scale-in. */
  lines: z.strictObject({ cpu: ratio, memory: ratio, disk: ratio, network: ratio }),
  out: z.strictObject({ stabilizationMs: durationMs, step: StepLimitSchema }),
  in: z.strictObject({
    /** Looks back so far and takes the most cautious recommendation. */
    stabilizationMs: durationMs, step: StepLimitSchema,
    /** Least time from the end of an operation (its rebalance and drain included) to a scale-in, and between changes of direction. */
    cooldownMs: durationMs,
    /** Only inside these hours; empty = at any time. */
    allowed: z.array(z.strictObject({ days: z.array(z.number().int().min(0).max(6)).min(1).max(7), fromHour: z.number().int().min(0).max(23), toHour: z.number().int().min(1).max(24), timeZone: TimeZoneSchema })).max(14),
    /** Changes of direction in 24 h after which nothing shrinks any more. */
    reversalsPerDayMax: z.number().int().min(1).max(1_000),
    /** The nodes must be free for so long by the forecast, or moving the data does not pay. */
    paybackMs: durationMs,
  }),
  schedules: z.array(ScalingScheduleSchema).max(50),
  prediction: z.strictObject({
    enabled: z.boolean(),
    /** The upper band covers this share of outcomes. */
    quantile: z.number().min(0.5).max(0.999),
    /** Below this measured coverage it is switched to reactive. */
    coverageMin: z.number().min(0.3).max(0.999),
    /** A scale-out is sized for what is expected within this time, so that a ramp is one move and not ten. */
    sizeAheadMs: durationMs,
    /** Looks so far ahead, and as far as the lead time of this cluster where that is longer. */
    horizonMs: z.number().int().min(300_000).max(86_400_000),
    /** The prediction has to be this share above the pool's size before it adds a node. */
    outTolerance: z.number().min(0).max(1),
  }),
  approval: z.strictObject({ out: directionApproval, in: directionApproval, expiresAfterMs: z.number().int().min(60_000).max(7 * 86_400_000) }),
}).superRefine((policy, context) => {
  const fail = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
  const { bounds } = policy;
  if (bounds.nodeCountMin > bounds.nodeCountMax) fail(['bounds', 'nodeCountMin'], `Not above the maximum of ${bounds.nodeCountMax}`);
  else if (Math.floor(bounds.nodeCountMax / bounds.multipleOf) * bounds.multipleOf < bounds.nodeCountMin) fail(['bounds', 'multipleOf'], `No multiple of ${bounds.multipleOf} lies between ${bounds.nodeCountMin} and ${bounds.nodeCountMax}`);
  if (policy.mode === 'automatic' && policy.rules.length === 0) fail(['rules'], 'An automatic policy needs a rule');
  if (policy.mode === 'scheduled' && policy.schedules.length === 0) fail(['schedules'], 'A scheduled policy needs a schedule');
  if (policy.prediction.coverageMin >= policy.prediction.quantile) fail(['prediction', 'coverageMin'], 'Below the quantile that the band aims at');
  const seen = new Set<string>();
  policy.rules.forEach((rule, index) => {
    if (seen.has(rule.id)) fail(['rules', index, 'id'], `There is another rule called ${rule.id}`);
    seen.add(rule.id);
    const { metric } = measuredBy(rule);
    const line = metric === 'cpu' || metric === 'memory' || metric === 'disk' || metric === 'network' ? policy.lines[metric] : Infinity;
    switch (rule.kind) {
      case 'target':
        if (rule.metric === 'latencyP99Ms') fail(['rules', index, 'metric'], 'Latency does not fall in proportion to the nodes: use a threshold or steps');
        if (rule.target >= line) fail(['rules', index, 'target'], `Below the line of ${metric}, ${line}`);
        break;
      case 'threshold':
        if (rule.in !== null && rule.in.below >= rule.out.above) fail(['rules', index, 'in', 'below'], `Below the line that adds nodes, ${rule.out.above}`);
        if (rule.in !== null && rule.in.shortWindowMs > rule.in.longWindowMs) fail(['rules', index, 'in', 'shortWindowMs'], 'Not longer than the long window');
        break;
      case 'steps':
        if (rule.in !== null && rule.in.below >= rule.line) fail(['rules', index, 'in', 'below'], `Below the line that adds nodes, ${rule.line}`);
        if (rule.steps.some((step, at) => at > 0 && step.distance <= rule.steps[at - 1]!.distance)) fail(['rules', index, 'steps'], 'Each step further than the one before');
        break;
      case 'disk-projection':
        break;
    }
  });
  const schedules = new Set<string>();
  policy.schedules.forEach((schedule, index) => {
    if (schedules.has(schedule.id)) fail(['schedules', index, 'id'], `There is another schedule called ${schedule.id}`);
    schedules.add(schedule.id);
    const least = (schedule.floor ?? 0) + schedule.reserve;
    if (least > bounds.nodeCountMax) fail(['schedules', index, schedule.floor === null ? 'reserve' : 'floor'], `${least} nodes are more than the maximum of ${bounds.nodeCountMax}`);
    if (schedule.ceiling !== null && schedule.ceiling < bounds.nodeCountMin) fail(['schedules', index, 'ceiling'], `Not below the minimum of ${bounds.nodeCountMin}`);
  });
  policy.in.allowed.forEach((hours, index) => {
    if (hours.fromHour >= hours.toHour) fail(['in', 'allowed', index, 'toHour'], 'After the hour it begins');
  });
}).meta({ id: 'ScalingPolicyDocument' });
export type PolicyDocument = z.infer<typeof PolicyDocumentSchema>;

/** An operator's word on the node count: it wins over every rule until it expires. */
export const ScalingOverrideSchema = z.strictObject({
  nodeCount: count,
  expiresAtMs: TimestampMsSchema,
  reason: z.string().trim().min(1).max(500),
  setBy: ActorSchema,
}).meta({ id: 'ScalingOverride' });
export type ScalingOverride = z.infer<typeof ScalingOverrideSchema>;
