/** What one evaluation of a policy found, also when it is to hold. */
import * as z from 'zod';
import { CountSchema, IdSchema, TimestampMsSchema } from './primitives';
import { PolicyModeSchema } from './scaling-policy';
import { AggregateSchema, RuleKindSchema, ScalingMetricSchema } from './scaling-rules';

/** Every reason that can change or stop a recommendation, in the order in which they are asked. */
export const CHAIN_CODES = [
  'rules', 'prediction', 'schedule-reserve', 'override', 'schedules-only',
  'out-stabilization', 'in-stabilization', 'forecast-need', 'in-tolerance',
  'rate-limit', 'schedule-floor', 'schedule-ceiling', 'minimum', 'maximum', 'zone-multiple',
  'off', 'stale', 'frozen', 'metrics-unknown', 'metrics-stuck', 'failed-node', 'skew-rebalance', 'skew-indivisible', 'unhealthy', 'operation-running',
  'cooldown', 'direction-cooldown', 'not-allowed-now', 'flap-budget', 'would-grow-again', 'over-line', 'over-line-after-loss', 'over-line-during-drain', 'planner-refused', 'no-victim', 'rehearsing',
  'approval', 'shadow', 'manual',
] as const;
export const ChainCodeSchema = z.enum(CHAIN_CODES);
export type ChainCode = z.infer<typeof ChainCodeSchema>;

/** One step from the raw size to the decided one. */
export const ChainLinkSchema = z.object({
  stage: z.enum(['recommend', 'stabilize', 'limit-rate', 'clamp', 'guard']),
  code: ChainCodeSchema,
  before: CountSchema,
  after: CountSchema,
  /** When it stops holding, wall time, where that is known. */
  untilMs: TimestampMsSchema.nullable(),
  numbers: z.record(z.string(), z.number()),
}).meta({ id: 'ScalingChainLink' });
export type ChainLink = z.infer<typeof ChainLinkSchema>;

export const RuleReadingSchema = z.object({
  ruleId: z.string(),
  kind: RuleKindSchema,
  metric: ScalingMetricSchema,
  aggregate: AggregateSchema,
  /** `null` = unknown: no scale-in. */
  value: z.number().nullable(),
  windowMs: z.number().min(0),
  /** Where it would add nodes. */
  threshold: z.number(),
  /** The size that would do for what is read now, before any window has its say; `null` = unknown. */
  wanted: CountSchema.nullable(),
  /** The size it asks for when that is more than there is, else `null`. */
  wantedOut: CountSchema.nullable(),
  /** The smallest size it permits; `null` = it permits none smaller. */
  wantedIn: CountSchema.nullable(),
}).meta({ id: 'ScalingRuleReading' });
export type RuleReading = z.infer<typeof RuleReadingSchema>;

export const FORECAST_MODELS = ['last-value', 'seasonal-naive', 'profile-offset', 'holt-winters-daily', 'holt-winters-weekly'] as const;
export const ForecastReadingSchema = z.object({
  ruleId: z.string(),
  /** learning: too little history. reactive: switched off by its own coverage. */
  state: z.enum(['learning', 'predictive', 'reactive']),
  horizonMs: z.number().min(0),
  /** In nodes' worth of load: expected, and the upper band. */
  expected: z.number().nullable(),
  upper: z.number().nullable(),
  /** Share of past outcomes under the band. */
  coverage: z.number().min(0).max(1).nullable(),
  /** The model with the most weight at this horizon. */
  model: z.enum(FORECAST_MODELS),
}).meta({ id: 'ScalingForecastReading' });
export type ForecastReading = z.infer<typeof ForecastReadingSchema>;

/** The nearest value of one metric at which something else would have happened. */
export const CounterfactualSchema = z.object({
  ruleId: z.string(), metric: ScalingMetricSchema, direction: z.enum(['out', 'in']), value: z.number(), threshold: z.number(),
}).meta({ id: 'ScalingCounterfactual' });
export type Counterfactual = z.infer<typeof CounterfactualSchema>;

export const DecisionRecordSchema = z.object({
  atMs: TimestampMsSchema,
  pool: z.string(),
  /** Of the policy. */
  generation: z.number().int().min(1),
  mode: PolicyModeSchema,
  /** Nodes there are, failed ones included. */
  nodeCount: CountSchema,
  /** What they are worth while data is moving: 1 / the largest share of one node. */
  effectiveNodes: z.number().min(0),
  rules: z.array(RuleReadingSchema),
  forecasts: z.array(ForecastReadingSchema),
  chain: z.array(ChainLinkSchema).max(40),
  raw: CountSchema,
  decided: CountSchema,
  /** rebalance, repair and split are advice: another part of the manager, or a person, does them. */
  action: z.enum(['hold', 'scale-out', 'scale-in', 'rebalance', 'repair', 'split']),
  /** Whether the action is carried out, waits for a person, or is only said. */
  outcome: z.enum(['none', 'act', 'propose', 'advise']),
  /** The link that had the last word; `null`: nothing was wanted. */
  bindingCode: ChainCodeSchema.nullable(),
  counterfactual: CounterfactualSchema.nullable(),
  /** Nodes a scale-in would empty. */
  victims: z.array(IdSchema),
  leadTimeMs: z.number().min(0),
  /** The next schedule that needs more nodes than there are, and when to order them. */
  nextOrder: z.object({ scheduleId: z.string(), nodeCount: CountSchema, orderByMs: z.number(), readyAtMs: TimestampMsSchema }).nullable(),
}).meta({ id: 'ScalingDecisionRecord' });
export type DecisionRecord = z.infer<typeof DecisionRecordSchema>;
