import * as z from 'zod';
import { IdSchema, QuantitySchema, TimestampMsSchema } from './primitives';

/**
 * How hard moves are driven, and why: the limits in force under the throttle, every
 * change of them with its reason, and the newest samples of the nodes involved.
 */
export const PacingReasonSchema = z.object({
  /**
   * begins: the first limits. room: nothing was hurt, so more. latency, cpu, errors: harm was
   * measured, so less. replication-lag, memory, node-suspect: nothing new starts until it
   * clears. cleared: it did. throttle: the operator changed the limits.
   */
  code: z.enum(['begins', 'room', 'latency', 'cpu', 'errors', 'replication-lag', 'memory', 'node-suspect', 'cleared', 'throttle']),
  /** The node that was hurt. */
  nodeId: IdSchema.nullable(),
  /** What was measured, against what; units are in the names. */
  numbers: z.record(z.string(), z.number()),
}).meta({ id: 'PacingReason' });
export type PacingReason = z.infer<typeof PacingReasonSchema>;

export const PacingChangeSchema = z.object({
  atMs: TimestampMsSchema,
  /** 0: held, nothing new starts. */
  movesInFlight: z.number().int().min(0),
  batchBytes: z.number().min(0),
  /** Share of its time that a source may spend on sending. */
  dutyPercent: z.number().min(0).max(100),
  reason: PacingReasonSchema,
}).meta({ id: 'PacingChange' });
export type PacingChange = z.infer<typeof PacingChangeSchema>;

/** One node that moves touch, at one time; `null` = unknown. */
export const NodeSampleSchema = z.object({
  nodeId: IdSchema,
  /** Slowest answer to a ping since the sample before. */
  latencyMs: QuantitySchema,
  /** Share of the one core that serves clients. */
  cpu: QuantitySchema,
  /** Of its slowest follower. */
  replicationLagBytes: QuantitySchema,
  /** Used over its limit; `null` without a limit. */
  memoryUtilization: QuantitySchema,
  /** Commands by which it turned clients away (cluster down, out of memory, busy), a second; redirects are none. */
  errorsPerSecond: QuantitySchema,
}).meta({ id: 'NodeSample' });
export type NodeSample = z.infer<typeof NodeSampleSchema>;

export const PACING_CHANGES_MAX = 50;

export const PacingSchema = z.object({
  /** Why nothing new starts at the moment; `null` = it is not held. */
  heldBy: PacingReasonSchema.nullable(),
  /** Oldest first; the last one is in force. */
  changes: z.array(PacingChangeSchema).max(PACING_CHANGES_MAX),
  /** Of all nodes involved, worst first. */
  samples: z.array(NodeSampleSchema).max(64),
}).meta({ id: 'Pacing' });
export type Pacing = z.infer<typeof PacingSchema>;
