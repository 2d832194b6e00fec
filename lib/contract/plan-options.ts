import * as z from 'zod';
import { IdSchema, ShardIdSchema } from './primitives';
import { HEADROOMS, OBJECTIVES, PRESETS } from './vocabulary';

export const PresetSchema = z.enum(PRESETS);
export type Preset = z.infer<typeof PresetSchema>;

export const ObjectiveSchema = z.enum(OBJECTIVES);
export type Objective = z.infer<typeof ObjectiveSchema>;

/**
 * How much each objective counts inside its bucket, 0..100; 0 = not at all, 1 = as usual.
 * Buckets come first: no weight makes saved bytes outweigh an overload. Absent: the
 * preset's.
 */
export const ObjectiveWeightsSchema = z.partialRecord(ObjectiveSchema, z.number().min(0).max(100)).meta({ id: 'ObjectiveWeights' });
export type ObjectiveWeights = z.infer<typeof ObjectiveWeightsSchema>;

/** What the plan must hold besides what always holds. */
export const PlanConstraintsSchema = z.strictObject({
  /** Nothing arrives at these nodes and nothing leaves them. */
  excludedNodeIds: z.array(IdSchema).max(1_000).default([]),
  /** No replica of these shards moves, nor does their primary role. */
  pinnedShardIds: z.array(ShardIdSchema).max(65_536).default([]),
  /** Copies that may arrive at one node, 1 and up; `null` = no limit. */
  arrivalsPerNodeMax: z.number().int().min(1).max(1_000_000).nullable().default(null),
  /** Copies that may leave one node, 1 and up; `null` = no limit. Nodes that are emptied have none. */
  departuresPerNodeMax: z.number().int().min(1).max(1_000_000).nullable().default(null),
  /**
   * The remaining nodes can take over what the largest node (or the largest zone) holds and stay under their
   * safety lines. It limits how full the plan may make a node, not how full one is already.
   */
  headroom: z.enum(HEADROOMS).default('none'),
  /** Bytes that the whole plan may move; `null` = no limit. */
  bytesMax: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullable().default(null),
}).meta({ id: 'PlanConstraints' });
export type PlanConstraints = z.infer<typeof PlanConstraintsSchema>;

const line = z.number().min(0).max(1).optional();

/**
 * Safety lines to plan with instead of the cluster's, utilization 0..1 per resource. For
 * looking ahead: a plan made under looser lines than the cluster's is refused when it is
 * to run.
 */
export const SafetyLineOverridesSchema = z.strictObject({ cpu: line, memory: line, disk: line, network: line }).meta({ id: 'SafetyLineOverrides' });
export type SafetyLineOverrides = z.infer<typeof SafetyLineOverridesSchema>;

/** What was asked of a plan besides strategy, scope, threshold and seed. */
export const PlanOptionsSchema = z.object({
  /** `null` = none named: the strategy's own objectives. */
  preset: PresetSchema.nullable(),
  /** As they counted, preset and own weights together; empty for strategies that do not weigh. */
  weights: ObjectiveWeightsSchema,
  constraints: PlanConstraintsSchema,
  /** `null` = the cluster's. */
  safetyLines: SafetyLineOverridesSchema.nullable(),
}).meta({ id: 'PlanOptions' });
export type PlanOptions = z.infer<typeof PlanOptionsSchema>;

export const NO_CONSTRAINTS: PlanConstraints = {
  excludedNodeIds: [], pinnedShardIds: [], arrivalsPerNodeMax: null, departuresPerNodeMax: null, headroom: 'none', bytesMax: null,
};
