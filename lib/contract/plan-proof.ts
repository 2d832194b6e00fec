import * as z from 'zod';
import { BalanceDimensionSchema } from './imbalance';
import { ObjectiveSchema } from './plan-options';
import { CountSchema, IdSchema, ShardIdSchema } from './primitives';
import { BUCKETS, GUARD_RAILS, STOP_REASONS } from './vocabulary';

const amount = z.number().min(0);

/** One objective of a plan: what it costs before and after, and what no placement gets below. */
export const ObjectiveTermSchema = z.object({
  objective: ObjectiveSchema,
  /** Priority: a bucket counts only among placements that are equal in all buckets before it. */
  bucket: z.enum(BUCKETS),
  /** Inside the bucket, 0..100. */
  weight: amount,
  /** Weighted cost, 0 and up; of one plan comparable over all its terms. */
  before: amount,
  after: amount,
  /** Valid: no placement that the constraints allow costs less in this term. 0..after. */
  lowerBound: amount,
  /** What holds the bound up, in words with numbers; `null` = nothing does, it is 0. */
  message: z.string().max(300).nullable(),
}).meta({ id: 'ObjectiveTermCost' });
export type ObjectiveTermCost = z.infer<typeof ObjectiveTermSchema>;

/** How even one dimension can be made at all. */
export const ImbalanceBoundSchema = z.object({
  dimension: BalanceDimensionSchema,
  /** (max - mean) / mean; 0 = even. */
  before: amount,
  after: amount,
  /** No placement gets below it. */
  lowerBound: amount,
  /**
   * even-share: nothing is in the way of an even share. indivisible: one shard alone is above it.
   * stays: what cannot move from a node is above it. granularity: so many equal shards do not divide evenly.
   * zone-spread: a zone keeps a copy of everything and has fewer nodes for it than others.
   */
  cause: z.enum(['even-share', 'indivisible', 'stays', 'granularity', 'zone-spread']),
  shardId: ShardIdSchema.nullable(),
  nodeId: IdSchema.nullable(),
  /** "Shard 866 carries 31 % of the operations: no placement gets its node below 1.9x the mean." */
  message: z.string().max(300),
}).meta({ id: 'ImbalanceBound' });
export type ImbalanceBound = z.infer<typeof ImbalanceBoundSchema>;

/** How good a plan is against what could be at best. */
export const PlanProofSchema = z.object({
  /** Weighted cost of the placement before, of the one after (moves included), and what nothing gets below. */
  costBefore: amount,
  costAfter: amount,
  lowerBound: amount,
  /**
   * (costAfter - lowerBound) / costAfter, 0..1: the plan costs at most this share too much. 0 = proven
   * best. `null` where nothing is scored.
   */
  gap: z.number().min(0).max(1).nullable(),
  /**
   * (costAfter - lowerBound) / (costBefore - lowerBound), 0..1: of all that could be gained at best, at most this
   * share is missing. The number to judge a plan by: where little cost is left any gap looks large. `null` where nothing could be gained.
   */
  missing: z.number().min(0).max(1).nullable().default(null),
  /** In the order of their buckets. */
  terms: z.array(ObjectiveTermSchema).max(32),
  imbalance: z.array(ImbalanceBoundSchema).max(16),
  /**
   * Bytes that any plan must move to come as far as this one: every node as even, as far
   * below its lines and as empty; `null` where nothing is known of it.
   */
  bytesMin: amount.nullable(),
  bytesMinReason: z.string().max(300).nullable(),
  search: z.object({
    /** converged: nothing it tries improves the plan. work-budget: it used what it was given. time: the guard ended it, another run may differ. canceled: somebody did. */
    stoppedBy: z.enum(STOP_REASONS),
    /** Candidates looked at; deterministic for one request. */
    workDone: CountSchema,
    /** 0 = the strategy has no budget, it ends by itself. */
    workMax: CountSchema,
  }),
}).meta({ id: 'PlanProof' });
export type PlanProof = z.infer<typeof PlanProofSchema>;

/** Steps that may run together: none of them rests on another of the same wave. */
export const WaveSchema = z.object({
  /** Index of its first step; waves are ranges of the steps, in their order. */
  fromStep: CountSchema,
  stepCount: z.number().int().min(1),
  bytes: amount,
  /** It rests on space that steps of earlier waves give back: it starts once their sources report it free. */
  reclaims: z.boolean().default(false),
}).meta({ id: 'Wave' });
export type Wave = z.infer<typeof WaveSchema>;

/** Where one could stop: what the first so many steps bring and cost. */
export const FrontierPointSchema = z.object({
  stepCount: CountSchema,
  /** Share of what the whole plan gains, 0..1; 0 at the start, 1 at the end. */
  gainShare: z.number().min(0).max(1),
  /** Moved by then. */
  bytes: amount,
  /** As `BalancePicture.score`. */
  score: amount,
}).meta({ id: 'FrontierPoint' });
export type FrontierPoint = z.infer<typeof FrontierPointSchema>;

/** Something that holds today and would not after the plan (or after what was asked for). */
export const GuardRailSchema = z.object({
  rail: z.enum(GUARD_RAILS),
  /** hard: what would break it is left out of the steps. soft: the plan does it; a human decides. */
  severity: z.enum(['hard', 'soft']),
  message: z.string().max(500),
  nodeId: IdSchema.nullable(),
  shardId: ShardIdSchema.nullable(),
  /** Units are in the names; `before`, `after` and `limit` where they apply. */
  numbers: z.record(z.string(), z.number()),
  /** How many nodes or shards it is about; the others are like the one named. */
  count: z.number().int().min(1),
}).meta({ id: 'GuardRail' });
export type GuardRail = z.infer<typeof GuardRailSchema>;

/** Why a step goes where it goes and not to another node. */
export const AlternativeSchema = z.object({
  stepIndex: CountSchema,
  candidates: z.array(z.object({
    nodeId: IdSchema,
    /** A constraint's name where one turned it down; `gains-less` where it would have been allowed. */
    code: z.string().max(64),
    message: z.string().max(500),
    numbers: z.record(z.string(), z.number()),
    /** What would have to change for it to be allowed; `null` where it is allowed. */
    remedy: z.string().max(300).nullable(),
  })).max(8),
}).meta({ id: 'Alternative' });
export type Alternative = z.infer<typeof AlternativeSchema>;

export const WAVES_MAX = 10_000;
export const FRONTIER_MAX = 256;
export const GUARD_RAILS_MAX = 100;
export const ALTERNATIVES_MAX = 100;
