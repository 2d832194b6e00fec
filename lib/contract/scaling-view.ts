/** What the API answers about the scaling of a pool. */
import * as z from 'zod';
import { BacktestDifferenceSchema, BacktestResultSchema } from './scaling-backtest';
import { PolicyDocumentSchema, ScalingOverrideSchema } from './scaling-policy';
import { DecisionRecordSchema } from './scaling-record';
import { ScalingMetricSchema } from './scaling-rules';
import { ScheduleOccurrenceSchema } from './scaling-schedule';
import { ActorSchema, CountSchema, IdSchema, TimestampMsSchema } from './primitives';

export const PoolNameSchema = z.string().min(1).max(64);
/** active, or the name of a shadow policy. */
export const PolicyRoleSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'Lower case letters, digits, _ and - only, at most 40');
export const ACTIVE_ROLE = 'active';

/** A document as it was saved. */
export const PolicyVersionSchema = z.object({
  role: PolicyRoleSchema,
  generation: z.number().int().min(1),
  savedAtMs: TimestampMsSchema,
  savedBy: ActorSchema,
  policy: PolicyDocumentSchema,
}).meta({ id: 'ScalingPolicyVersion' });
export type PolicyVersion = z.infer<typeof PolicyVersionSchema>;

/** A stored policy that could not be read: it is left out, an older one stays in force. */
export const PolicyProblemSchema = z.object({
  role: PolicyRoleSchema, generation: z.number().int().min(1), message: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
}).meta({ id: 'ScalingPolicyProblem' });
export type PolicyProblem = z.infer<typeof PolicyProblemSchema>;

export const DecisionEntrySchema = z.object({ record: DecisionRecordSchema, text: z.string() }).meta({ id: 'ScalingDecisionEntry' });
export type DecisionEntry = z.infer<typeof DecisionEntrySchema>;

/** An action that waits for a person. It is decided anew when approved. */
export const ScalingProposalSchema = z.object({
  id: IdSchema, createdAtMs: TimestampMsSchema, expiresAtMs: TimestampMsSchema, generation: z.number().int().min(1),
  action: z.enum(['scale-out', 'scale-in']), from: CountSchema, to: CountSchema, text: z.string(),
}).meta({ id: 'ScalingProposal' });
export type ScalingProposal = z.infer<typeof ScalingProposalSchema>;

export const ShadowViewSchema = z.object({
  version: PolicyVersionSchema,
  /** Evaluations beside the active policy, and how many of them came to the same size. */
  evaluations: CountSchema,
  agreed: CountSchema,
  latest: DecisionEntrySchema.nullable(),
}).meta({ id: 'ScalingShadow' });

export const PoolScalingSchema = z.object({
  pool: PoolNameSchema,
  /** In force. `version` is `null` while none was saved: then it follows from the cluster's settings. */
  policy: PolicyDocumentSchema,
  version: PolicyVersionSchema.nullable(),
  /** Of the newest saved one, 0 = none; a change names it. */
  generation: CountSchema,
  problems: z.array(PolicyProblemSchema),
  shadows: z.array(ShadowViewSchema),
  override: ScalingOverrideSchema.nullable(),
  proposal: ScalingProposalSchema.nullable(),
  latest: DecisionEntrySchema.nullable(),
  leadTime: z.object({ totalMs: z.number().min(0), provisionMs: z.number().min(0), moveMs: z.number().min(0), sampleCount: CountSchema }),
  nextOccurrences: z.array(ScheduleOccurrenceSchema).max(50),
}).meta({ id: 'PoolScaling' });
export type PoolScaling = z.infer<typeof PoolScalingSchema>;

export const PolicyChangeSchema = z.object({ pointer: z.string(), before: z.unknown(), after: z.unknown() }).meta({ id: 'ScalingPolicyChange' });
export type PolicyChange = z.infer<typeof PolicyChangeSchema>;

/** recorded: this cluster's own metrics. given: any series, as demand (see bench scaler) or as nodes' worth of load. */
export const BacktestSeriesSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('recorded'), days: z.number().int().min(1).max(30).default(7) }),
  z.strictObject({
    kind: z.literal('given'), metric: ScalingMetricSchema.default('cpu'), startMs: TimestampMsSchema, stepSeconds: z.number().int().min(1).max(86_400),
    /** nodes: load in nodes' worth. scaled: any unit, scaled so that its peak keeps 24 nodes at 65 %. */
    unit: z.enum(['nodes', 'scaled']).default('scaled'),
    values: z.array(z.number().nullable()).min(2).max(100_000),
  }),
]).meta({ id: 'BacktestSeries' });
export type BacktestSeries = z.infer<typeof BacktestSeriesSchema>;

export const BacktestAnswerSchema = z.object({
  fromMs: TimestampMsSchema, toMs: TimestampMsSchema, stepMs: z.number().int().min(1),
  edited: BacktestResultSchema,
  active: BacktestResultSchema,
  differences: z.array(BacktestDifferenceSchema),
  warnings: z.array(z.object({ code: z.enum(['worse-over-capacity', 'acts-at-once', 'short-history', 'gaps', 'rules-left-out']), message: z.string() })),
}).meta({ id: 'BacktestAnswer' });
export type BacktestAnswer = z.infer<typeof BacktestAnswerSchema>;
