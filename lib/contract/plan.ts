import * as z from 'zod';
import { BalanceDimensionSchema, ImbalanceSchema, NodeHoldingSchema } from './imbalance';
import { NO_CONSTRAINTS, ObjectiveWeightsSchema, PlanConstraintsSchema, PlanOptionsSchema, PresetSchema, SafetyLineOverridesSchema } from './plan-options';
import { AlternativeSchema, ALTERNATIVES_MAX, FRONTIER_MAX, FrontierPointSchema, GUARD_RAILS_MAX, GuardRailSchema, PlanProofSchema, WaveSchema, WAVES_MAX } from './plan-proof';
import { ActorSchema, CountSchema, IdSchema, QuantitySchema, ShardIdSchema, TimestampMsSchema } from './primitives';
import { STRATEGIES } from './vocabulary';

export { STRATEGIES } from './vocabulary';

export const StrategySchema = z.enum(STRATEGIES);
export type Strategy = z.infer<typeof StrategySchema>;

/** What a plan may touch. */
export const PlanScopeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cluster') }),
  /** Empty these nodes of everything they hold. */
  z.object({ kind: z.literal('evacuate'), nodeIds: z.array(IdSchema).min(1).max(1000) }),
  /** Move the replicas that `sourceNodeId` holds of just these shards. */
  z.object({
    kind: z.literal('shards'),
    shardIds: z.array(ShardIdSchema).min(1).max(65_536),
    targetNodeId: IdSchema.nullable(),
  }),
]).meta({ id: 'PlanScope' });
export type PlanScope = z.infer<typeof PlanScopeSchema>;

/** What a plan was made for: what may be asked for, and what operations make by themselves. */
export const PlannedScopeSchema = z.discriminatedUnion('kind', [
  ...PlanScopeSchema.options,
  /** Back to where the operation took it from: what it moved and what still is where it put it. */
  z.object({ kind: z.literal('reverse'), operationId: IdSchema }),
  /** Everything that one node holds goes to another that stands in for it. */
  z.object({ kind: z.literal('replace'), nodeId: IdSchema, targetNodeId: IdSchema }),
]).meta({ id: 'PlannedScope' });
export type PlannedScope = z.infer<typeof PlannedScopeSchema>;

/** Why a move is in a plan, with the numbers of source and target around it. */
export const MoveReasonSchema = z.object({
  code: z.enum(['evens-load', 'evens-count', 'follows-ring', 'bounds-ring-load', 'evacuates', 'relieves-overload', 'repairs-constraint', 'selected-by-operator', 'makes-room', 'reverses']),
  dimension: BalanceDimensionSchema,
  /** Value of the dimension on each end before and after this step, counting the steps ahead of it. `null` = unknown. */
  sourceBefore: QuantitySchema,
  sourceAfter: QuantitySchema,
  targetBefore: QuantitySchema,
  targetAfter: QuantitySchema,
}).meta({ id: 'MoveReason' });
export type MoveReason = z.infer<typeof MoveReasonSchema>;

export const PlanStepSchema = z.discriminatedUnion('kind', [
  /** Data of one replica goes from source to target; a primary's role goes with it. */
  z.object({
    kind: z.literal('move'),
    shardId: ShardIdSchema,
    role: z.enum(['primary', 'secondary']),
    sourceNodeId: IdSchema,
    targetNodeId: IdSchema,
    bytes: QuantitySchema,
    keyCount: QuantitySchema,
    reason: MoveReasonSchema,
  }),
  /** The primary role goes to a node that already holds a replica; no data moves. */
  z.object({
    kind: z.literal('transfer'),
    shardId: ShardIdSchema,
    sourceNodeId: IdSchema,
    targetNodeId: IdSchema,
    reason: MoveReasonSchema,
  }),
]).meta({ id: 'PlanStep' });
export type PlanStep = z.infer<typeof PlanStepSchema>;

export const CONSTRAINTS = [
  'capacity', 'replica-conflict', 'zone-spread', 'lifecycle', 'liveness', 'cordoned', 'quarantined', 'follower', 'disk-line', 'in-flight', 'pinned', 'out-of-scope',
  'excluded', 'arrivals', 'departures', 'headroom', 'bytes-limit',
] as const;

/** A candidate that was turned down: which rule, for what, with its numbers. */
export const RefusalSchema = z.object({
  constraint: z.enum(CONSTRAINTS).or(z.enum([
    'no-nodes', 'no-eligible-target', 'invalid-number', 'unknown-node', 'unknown-shard', 'duplicate-replica', 'nothing-to-move',
    'frozen', 'stale-observation', 'operation-running', 'plan-expired', 'plan-superseded', 'plan-not-proposed', 'engine-not-serving', 'open-slots',
    'illegal-transition', 'not-supported', 'not-empty', 'last-node', 'replication-factor', 'already-so', 'evicting-policy', 'views-disagree',
    'unreachable', 'authentication-failed', 'not-a-cluster', 'duplicate-cluster', 'duplicate-name', 'wrong-name', 'engine-refused', 'manager-stopping',
    'unknown-operation', 'operation-ended', 'no-provisioner', 'provisioner-resting', 'not-an-emergency', 'dangerous-risk', 'not-reversible',
    'data-loss', 'not-dead', 'follower-alive', 'holder-silent', 'not-broken', 'too-many-steps', 'keys-on-both', 'shards-not-named',
  ])),
  message: z.string().min(1).max(500),
  nodeId: IdSchema.nullable(),
  shardId: ShardIdSchema.nullable(),
  /** The numbers that made it; units are in the names. */
  numbers: z.record(z.string(), z.number()),
  /** How many candidates were turned down for the same reason. */
  count: CountSchema,
  /** What would have to change for it to be allowed, with its numbers; absent where nothing simple would do. */
  remedy: z.string().max(300).optional(),
}).meta({ id: 'Refusal' });
export type Refusal = z.infer<typeof RefusalSchema>;
export type RefusalCode = Refusal['constraint'];

export const RiskSchema = z.object({
  code: z.enum([
    'target-memory', 'big-key', 'stale-values', 'estimated-values', 'open-slot', 'follower-lag', 'version-difference', 'evicting-policy', 'zone-spread', 'unknown-size',
    'functions-missing', 'modules-missing', 'not-inspected',
  ]),
  /** danger: the plan is refused while it is so. */
  severity: z.enum(['notice', 'warning', 'danger']),
  message: z.string().max(500),
  nodeId: IdSchema.nullable(),
  shardId: ShardIdSchema.nullable(),
  /** The numbers behind it; units are in the names. */
  numbers: z.record(z.string(), z.number()).optional(),
}).meta({ id: 'Risk' });
export type Risk = z.infer<typeof RiskSchema>;

/** The whole answer in one code and its numbers; an empty plan says why it is empty. */
export const PlanVerdictSchema = z.object({
  code: z.enum(['improves', 'already-balanced', 'below-threshold', 'nothing-feasible', 'evacuates', 'cannot-evacuate', 'reverses', 'replaces', 'invalid']),
  message: z.string().max(500),
  numbers: z.record(z.string(), z.number()),
}).meta({ id: 'PlanVerdict' });

/** The state of the cluster's balance on one side of a plan. */
export const BalancePictureSchema = z.object({
  imbalance: ImbalanceSchema,
  /** The one number that plans are judged by, 0 = even; lower is better. */
  score: z.number().min(0),
  holdings: z.array(NodeHoldingSchema).max(32_767),
}).meta({ id: 'BalancePicture' });
export type BalancePicture = z.infer<typeof BalancePictureSchema>;

/** What plans of earlier versions, which had no more than steps and verdict, count as. */
export const PLAN_DEFAULTS: Pick<Plan, 'options' | 'proof' | 'waves' | 'frontier' | 'guardRails' | 'alternatives'> = {
  options: { preset: null, weights: {}, constraints: NO_CONSTRAINTS, safetyLines: null },
  proof: null, waves: [], frontier: [], guardRails: [], alternatives: [],
};

export const PlanStatusSchema = z.enum(['proposed', 'approved', 'superseded', 'expired']);
export const PlanSchema = z.object({
  id: IdSchema,
  clusterId: IdSchema,
  createdAtMs: TimestampMsSchema,
  expiresAtMs: TimestampMsSchema,
  createdBy: ActorSchema,
  status: PlanStatusSchema,
  strategy: StrategySchema,
  scope: PlannedScopeSchema,
  /** Imbalance above which the planner acts, 0..1. */
  threshold: z.number().min(0).max(1),
  seed: z.number().int().min(0),
  /** The state it was made from. */
  revision: CountSchema,
  epoch: CountSchema,
  steps: z.array(PlanStepSchema).max(1_000_000),
  before: BalancePictureSchema,
  after: BalancePictureSchema,
  /** Sum over moves; unknown sizes count as the mean known size and raise a risk. */
  bytes: z.number().min(0),
  keyCount: z.number().min(0),
  estimatedSeconds: z.object({ low: z.number().min(0), high: z.number().min(0) }),
  verdict: PlanVerdictSchema,
  refusals: z.array(RefusalSchema).max(1000),
  risks: z.array(RiskSchema).max(1000),
  options: PlanOptionsSchema.default(() => PLAN_DEFAULTS.options),
  /** How far from the best it can be; `null` where nothing was to be scored. */
  proof: PlanProofSchema.nullable().default(null),
  /** Empty for an empty plan. Steps after the last listed wave run one by one. */
  waves: z.array(WaveSchema).max(WAVES_MAX).default([]),
  /** From the first point (no step) to the last (all steps), about evenly over the steps, the gain never falling; empty for an empty plan. */
  frontier: z.array(FrontierPointSchema).max(FRONTIER_MAX).default([]),
  /** What would break that holds today; hard ones first. */
  guardRails: z.array(GuardRailSchema).max(GUARD_RAILS_MAX).default([]),
  /** For the steps that matter most: why there and not elsewhere. */
  alternatives: z.array(AlternativeSchema).max(ALTERNATIVES_MAX).default([]),
}).meta({ id: 'Plan' });
export type Plan = z.infer<typeof PlanSchema>;
export type PlanVerdict = Plan['verdict'];

/** A plan without its steps and holdings, for lists. */
export const PlanSummarySchema = PlanSchema.omit({
  steps: true, before: true, after: true, refusals: true, risks: true, options: true, proof: true, waves: true, frontier: true, guardRails: true, alternatives: true,
}).extend({
  stepCount: CountSchema,
  scoreBefore: z.number().min(0),
  scoreAfter: z.number().min(0),
}).meta({ id: 'PlanSummary' });
export type PlanSummary = z.infer<typeof PlanSummarySchema>;

/** What an operator asks to see before anything happens. */
export const PlanRequestSchema = z.strictObject({
  strategy: StrategySchema,
  scope: PlanScopeSchema.default({ kind: 'cluster' }),
  threshold: z.number().min(0).max(1).optional(),
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
  /** For the strategy `optimal`; absent: balanced, or drain where nodes are to be emptied. */
  preset: PresetSchema.optional(),
  /** For the strategy `optimal`: takes the place of the preset's, objective by objective. */
  weights: ObjectiveWeightsSchema.optional(),
  /** For every strategy. */
  constraints: PlanConstraintsSchema.optional(),
  /** For looking ahead; when a plan is to run, the cluster's own lines count. */
  safetyLines: SafetyLineOverridesSchema.optional(),
}).meta({ id: 'PlanRequest' });
export type PlanRequest = z.infer<typeof PlanRequestSchema>;

export const WHAT_IF_STEPS_MAX = 20_000;

/** A plan that was made quickly to be looked at while a weight or a line is being dragged: it is not kept and cannot be run. */
export const WhatIfSchema = PlanSchema.extend({
  steps: z.array(PlanStepSchema).max(WHAT_IF_STEPS_MAX),
  /** Of the whole plan; `steps` has the first of them. */
  stepCount: CountSchema,
}).meta({ id: 'WhatIf' });
export type WhatIf = z.infer<typeof WhatIfSchema>;
