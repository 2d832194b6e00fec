import * as z from 'zod';
import { LivenessReasonSchema, LivenessSchema } from './node';
import { RefusalSchema } from './plan';
import { CountSchema, IdSchema, QuantitySchema, ShardIdSchema, TimestampMsSchema } from './primitives';
import { EXECUTION_STATUSES, NODE_ACTIONS } from './vocabulary';

export const HealthReasonSchema = z.object({
  code: z.enum([
    'nodes-suspect', 'nodes-unreachable', 'nodes-dead', 'nodes-quarantined', 'shards-without-primary', 'shards-lost', 'replicas-at-risk', 'shards-under-replicated',
    'zone-lost', 'over-safety-line', 'metrics-flagged', 'values-stale', 'placement-stale', 'engine-not-serving', 'engine-warning',
    'observation-stale', 'observation-failing', 'never-observed',
  ]),
  severity: z.enum(['notice', 'warning', 'critical']),
  message: z.string().max(500),
  nodeIds: z.array(IdSchema).max(1000),
  shardCount: CountSchema,
  /** The first of the shards it is about, ascending. */
  shardIds: z.array(ShardIdSchema).max(50),
}).meta({ id: 'HealthReason' });
export type HealthReason = z.infer<typeof HealthReasonSchema>;

export const ZoneHealthSchema = z.object({
  zone: z.string().max(128),
  nodesTotal: CountSchema,
  nodesAlive: CountSchema,
  /** Unreachable or dead, and not in maintenance. */
  nodesSilent: CountSchema,
}).meta({ id: 'ZoneHealth' });
export type ZoneHealth = z.infer<typeof ZoneHealthSchema>;

/** `unknown` whenever the picture is stale: never computed from old data without saying so. */
export const ClusterHealthSchema = z.object({
  status: z.enum(['healthy', 'degraded', 'critical', 'unknown']),
  /** Most severe first. */
  reasons: z.array(HealthReasonSchema).max(200),
  nodesTotal: CountSchema,
  nodesAlive: CountSchema,
  /** Shards whose next failure of a node would leave no healthy replica. */
  shardsAtRisk: CountSchema,
  /** By name; empty where zones are not known. */
  zones: z.array(ZoneHealthSchema).max(1000),
}).meta({ id: 'ClusterHealth' });
export type ClusterHealth = z.infer<typeof ClusterHealthSchema>;

/** Automation stopped, by a human or by a rule. */
export const FreezeSchema = z.object({
  cause: z.enum(['operator', 'mass-failure', 'invariant-violated', 'all-unreachable']),
  reason: z.string().min(1).max(500),
  sinceMs: TimestampMsSchema,
  by: z.string().max(128),
}).meta({ id: 'Freeze' });
export type Freeze = z.infer<typeof FreezeSchema>;

/** What the failure detector knows about one node: why it is believed to be what it is. */
export const NodeLivenessSchema = z.object({
  nodeId: IdSchema,
  atMs: TimestampMsSchema,
  liveness: LivenessSchema,
  reason: LivenessReasonSchema,
  sinceMs: TimestampMsSchema,
  /** asked: each reading it answers is a beat. heartbeats: it sends them by itself. */
  source: z.enum(['asked', 'heartbeats']),
  /** The interval it is expected to keep. */
  intervalMs: z.number().min(0),
  /** Beats missed in a row. */
  missed: CountSchema,
  /** Since the last beat; since it was last heard in any way, a probe included. */
  quietMs: z.number().min(0),
  silentMs: z.number().min(0),
  /** -log10 of how likely a silence of this length is, by its own rhythm; 0..99. */
  phi: z.number().min(0).max(99),
  phiThreshold: z.number(),
  /** Its gaps of late; `null` while too few are known. */
  rhythm: z.object({ beats: CountSchema, meanMs: z.number().min(0), deviationMs: z.number().min(0) }).nullable(),
  /** The time-outs in force for it. */
  timeouts: z.object({
    suspectAfterMs: z.number().min(0),
    unreachableAfterMs: z.number().min(0),
    deadAfterMs: z.number().min(0),
    /** setting: the limits as they are set. irregular: lengthened, as its own rhythm asks for more. */
    because: z.enum(['setting', 'irregular']),
  }),
  /** Newest first. */
  lastBeats: z.array(z.object({ atMs: TimestampMsSchema, gapMs: QuantitySchema, answerMs: QuantitySchema })).max(100),
  incarnation: CountSchema,
  sequence: z.number().int().min(-1),
  /** Duplicates, late and replayed beats: counted, without effect. */
  ignoredBeats: CountSchema,
  /** The last active probe; `null`: none was needed yet. */
  probe: z.object({ atMs: TimestampMsSchema, answered: z.boolean(), answerMs: QuantitySchema, failure: z.string().max(500).nullable() }).nullable(),
  flaps: z.object({
    /** How often it left `alive` within the window, and how often makes a quarantine. */
    departures: CountSchema,
    departuresMax: CountSchema,
    windowMs: CountSchema,
    /** How long the next quarantine would be. */
    holdDownMs: CountSchema,
  }),
}).meta({ id: 'NodeLiveness' });
export type NodeLiveness = z.infer<typeof NodeLivenessSchema>;

export const NodeActionSchema = z.enum(NODE_ACTIONS);
export type NodeAction = z.infer<typeof NodeActionSchema>;

/** What speaks against an action on a node now, and what is good to know before. The command decides again. */
export const NodeActionCheckSchema = z.object({
  action: NodeActionSchema,
  /** Empty: it may be done. */
  refusals: z.array(RefusalSchema).max(100),
  notes: z.array(z.string().max(500)).max(20),
}).meta({ id: 'NodeActionCheck' });
export type NodeActionCheck = z.infer<typeof NodeActionCheckSchema>;

/** Why shards are still on a node that is to be emptied, one entry per cause. */
export const DrainHoldupSchema = z.object({
  code: z.enum(['moving', 'waiting', 'paused', 'move-failed', 'refused-by-planner', 'not-planned', 'ended']),
  message: z.string().max(500),
  shardCount: CountSchema,
  /** The first of them, ascending. */
  shardIds: z.array(ShardIdSchema).max(50),
}).meta({ id: 'DrainHoldup' });
export type DrainHoldup = z.infer<typeof DrainHoldupSchema>;

export const DrainStatusSchema = z.object({
  /** The drain that runs, waits or ended last; `null`: there was none lately. */
  operationId: IdSchema.nullable(),
  status: z.enum(EXECUTION_STATUSES).nullable(),
  /** Replicas that the node holds now, and how many of them lead. */
  shards: CountSchema,
  primaries: CountSchema,
  /** Most shards first. */
  holdups: z.array(DrainHoldupSchema).max(50),
}).meta({ id: 'DrainStatus' });
export type DrainStatus = z.infer<typeof DrainStatusSchema>;
