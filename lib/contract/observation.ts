import * as z from 'zod';
import { DomainSchema } from './node';
import { IdSchema, ShardIdSchema } from './primitives';
import type { ShardTable } from './shard-table';
import { METRIC_FLAGS, NODE_STATS, RESOURCES } from './vocabulary';

/**
 * A number as it came: a wrong one (NaN, infinite, negative, absent) must not cost the
 * whole reading. `screenMetrics` in the core makes it unknown with a flag.
 */
const LooseQuantitySchema = z.custom<number | null>((value) => value === null || value === undefined || typeof value === 'number').transform((value) => value ?? null);
const looseOf = <K extends string>(names: readonly K[]) => z.object(Object.fromEntries(names.map((name) => [name, LooseQuantitySchema])) as Record<K, typeof LooseQuantitySchema>);
const LooseResourcesSchema = looseOf(RESOURCES);
const LooseStatsSchema = looseOf(NODE_STATS);

/** One node as a driver saw it (or failed to see it) in one reading. */
export const NodeObservationSchema = z.object({
  id: IdSchema,
  name: z.string().min(1).max(255),
  address: z.string().min(1).max(300),
  domain: DomainSchema,
  pool: z.string().min(1).max(64),
  followerOf: IdSchema.nullable(),
  /** Did the node itself answer within its deadline? A node known only from others' gossip did not. */
  answered: z.boolean(),
  /** How long its answer took; `null` when it gave none. */
  answerMs: z.number().min(0).nullable(),
  /** The engine's own failure verdict about it, from the nodes that did answer. */
  reportedFailed: z.boolean(),
  /** False while the engine still counts it as not (or no longer) a member. */
  member: z.boolean(),
  incarnation: z.number().int().min(0),
  /** Reading number of this node within its incarnation, strictly increasing. */
  sequence: z.number().int().min(0),
  /**
   * Heartbeats the node sent by itself since the last reading, in the order of their
   * receipt; absent where nodes only answer when asked. They then decide about liveness
   * instead of `answered`, which says whether the values below are of now.
   */
  pushed: z.object({
    /** The interval it is told to keep. */
    intervalMs: z.number().int().min(100).max(600_000),
    beats: z.array(z.object({
      incarnation: z.number().int().min(0),
      sequence: z.number().int().min(0),
      /** At receipt, by the clock that the driver was given; never a time sent by the node. */
      heardMonotonicMs: z.number(),
    })).max(1_000),
  }).optional(),
  capacity: LooseResourcesSchema,
  usage: LooseResourcesSchema,
  stats: LooseStatsSchema,
  /** Values that came and were no number that a machine has, so that they are `null` above: flagged like those that the core turns down. */
  rejected: z.array(z.object({ metric: z.string().max(64), flag: z.enum(METRIC_FLAGS), came: z.string().max(64) })).max(32).optional(),
  version: z.string().max(64).nullable(),
  labels: z.record(z.string(), z.string()),
});
export type NodeObservation = z.infer<typeof NodeObservationSchema>;

/** Something the engine reports that an operator must know and that blocks some actions. */
export const EngineWarningSchema = z.object({
  code: z.enum([
    'cluster-state-fail', 'slots-uncovered', 'open-slot', 'stray-keys', 'views-disagree', 'node-did-not-answer',
    'load-not-reported', 'size-sampled', 'evicting-policy', 'authentication-failed', 'partial-reading',
  ]),
  message: z.string().max(1000),
  nodeId: IdSchema.nullable(),
  /** The first shard that it is about. */
  shardId: ShardIdSchema.nullable(),
  /** How many shards it is about, where that is more than one. A shard is counted by one warning of a code. */
  shardCount: z.number().int().min(2).optional(),
  /** What the operator can type or do about it; `null` when nothing is known. */
  remedy: z.string().max(1000).nullable(),
}).meta({ id: 'EngineWarning' });
export type EngineWarning = z.infer<typeof EngineWarningSchema>;

export const EngineFactsSchema = z.object({
  /** "PhantomDB", "Redis", "Valkey", ... */
  name: z.string().max(64),
  version: z.string().max(64).nullable(),
  /** Does the engine itself say that it serves? `null` when it does not tell. */
  serving: z.boolean().nullable(),
  replicationFactor: z.number().int().min(1).max(16),
  /** Engine settings that matter to plans, as text, for the console. */
  settings: z.record(z.string(), z.string()),
}).meta({ id: 'EngineFacts' });
export type EngineFacts = z.infer<typeof EngineFactsSchema>;

const columnOf = <T extends Int16Array | Float32Array | Float64Array>(type: new (length: number) => T) =>
  z.custom<T>((value) => value instanceof type);

export const ShardTableSchema: z.ZodType<ShardTable> = z.object({
  shardCount: z.number().int().min(0).max(1_048_576),
  replicaMax: z.number().int().min(1).max(16),
  nodeIds: z.array(IdSchema).max(32_767),
  replicas: columnOf(Int16Array),
  sizeBytes: columnOf(Float64Array),
  keyCount: columnOf(Float64Array),
  load: z.object({
    cpu: columnOf(Float32Array),
    readsPerSecond: columnOf(Float32Array),
    writesPerSecond: columnOf(Float32Array),
    networkBytesPerSecond: columnOf(Float32Array),
  }),
  epoch: columnOf(Float64Array),
  quality: z.object({
    size: z.enum(['measured', 'sampled', 'unknown']),
    sizeSampleCount: z.number().int().min(0),
    load: z.enum(['measured', 'estimated', 'unknown']),
  }),
}).refine((table) => {
  const rows = [table.sizeBytes, table.keyCount, table.epoch, ...Object.values(table.load)];
  return table.replicas.length === table.shardCount * table.replicaMax && rows.every((column) => column.length === table.shardCount);
}, 'Every column has one row per shard');

export const OBSERVED_NODES_MAX = 32_767;

/**
 * One driver reading. Parsed by zod at the edge; `shards` may be absent when this
 * reading refreshed only the nodes (shard columns cost more and change more slowly).
 */
export const ObservationSchema = z.object({
  nodes: z.array(NodeObservationSchema).max(OBSERVED_NODES_MAX),
  shards: ShardTableSchema.nullable(),
  engine: EngineFactsSchema,
  warnings: z.array(EngineWarningSchema).max(1000),
});
export type Observation = z.infer<typeof ObservationSchema>;
