import * as z from 'zod';
import { IdSchema, QuantitySchema, TimestampMsSchema } from './primitives';
import { ResourceVectorSchema } from './resources';
import { METRIC_FLAGS } from './vocabulary';

/** What we want of a node. */
export const LifecycleSchema = z.enum(['joining', 'active', 'draining', 'drained', 'decommissioning', 'decommissioned']);
export type Lifecycle = z.infer<typeof LifecycleSchema>;
/** What we believe of a node. */
export const LivenessSchema = z.enum(['alive', 'suspect', 'unreachable', 'dead']);
export type Liveness = z.infer<typeof LivenessSchema>;

/** Failure domains, widest first; `null` is unknown. */
export const DomainSchema = z.object({
  region: z.string().max(128).nullable(),
  zone: z.string().max(128).nullable(),
  rack: z.string().max(128).nullable(),
  host: z.string().max(255).nullable(),
}).meta({ id: 'Domain' });

/** Readings of one node besides its resources; rates are means over the last observation interval. */
export const NodeStatsSchema = z.object({
  readsPerSecond: QuantitySchema,
  writesPerSecond: QuantitySchema,
  operationsPerSecond: QuantitySchema,
  connections: QuantitySchema,
  latencyP99Ms: QuantitySchema,
  keyCount: QuantitySchema,
  /** Followers only: bytes of the leader's stream not yet applied. */
  replicationLagBytes: QuantitySchema,
}).meta({ id: 'NodeStats' });
export type NodeStats = z.infer<typeof NodeStatsSchema>;

export const UNKNOWN_STATS: NodeStats = {
  readsPerSecond: null, writesPerSecond: null, operationsPerSecond: null, connections: null,
  latencyP99Ms: null, keyCount: null, replicationLagBytes: null,
};

/**
 * Why a node has its liveness, with the numbers of the rule that decided. Three codes say
 * why it is not worse: `manager-was-late` (this process stood still), `nobody-answers` and
 * `death-withheld` (silent long enough to be dead, but all are silent, or too many would die).
 */
export const LivenessReasonSchema = z.object({
  code: z.enum([
    'answering', 'first-seen', 'beats-missed', 'only-probe-answers', 'silent-and-probe-failed', 'silent-past-death-timeout', 'engine-reports-failure',
    'slow-answer', 'manager-was-late', 'nobody-answers', 'death-withheld', 'in-maintenance',
  ]),
  silentMs: z.number().min(0),
  limitMs: z.number().min(0),
}).meta({ id: 'LivenessReason' });
export type LivenessReason = z.infer<typeof LivenessReasonSchema>;

/** A number of a node that is unknown for a reason: what came instead was not to be believed. */
export const MetricFlagSchema = z.object({
  /** "usage.cpu", "capacity.memory", "stats.latencyP99Ms", ... */
  metric: z.string().max(64),
  flag: z.enum(METRIC_FLAGS),
  /** What came, as text ("NaN", "-3", "812 of 8"). */
  came: z.string().max(64),
  sinceMs: TimestampMsSchema,
}).meta({ id: 'MetricFlag' });
export type MetricFlag = z.infer<typeof MetricFlagSchema>;

export const NodeSchema = z.object({
  id: IdSchema,
  /** Short label for people; the address where the engine has no names. */
  name: z.string().min(1).max(255),
  /** host:port where clients reach it. */
  address: z.string().min(1).max(300),
  domain: DomainSchema,
  pool: z.string().min(1).max(64),
  lifecycle: LifecycleSchema,
  liveness: LivenessSchema,
  livenessReason: LivenessReasonSchema,
  livenessSinceMs: TimestampMsSchema,
  /** Grows with every restart of the process, as far as the engine tells. */
  incarnation: z.number().int().min(0),
  capacity: ResourceVectorSchema,
  usage: ResourceVectorSchema,
  stats: NodeStatsSchema,
  version: z.string().max(64).nullable(),
  labels: z.record(z.string(), z.string()),
  cordoned: z.boolean(),
  /** In maintenance until then: silence is expected and no repair starts. */
  maintenanceUntilMs: TimestampMsSchema.nullable(),
  /** A flapping node gets no new placement until then. */
  quarantinedUntilMs: TimestampMsSchema.nullable(),
  /** Numbers above that are `null` because what came was missing, broken or stuck. */
  flags: z.array(MetricFlagSchema).max(32),
  /** The leader this node mirrors; `null` for leaders and for engines without followers. */
  followerOf: IdSchema.nullable(),
  /** When its values were last read; older than two intervals is stale. `null`: never. */
  observedAtMs: TimestampMsSchema.nullable(),
}).meta({ id: 'Node' });
export type Node = z.infer<typeof NodeSchema>;
