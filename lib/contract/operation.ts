import * as z from 'zod';
import { ImbalanceSchema } from './imbalance';
import { PlanStepSchema, RefusalSchema } from './plan';
import { ActorSchema, CountSchema, IdSchema, QuantitySchema, TimestampMsSchema } from './primitives';
import { ThrottleSchema } from './settings';
import { EXECUTION_STATUSES, MOVE_STATUSES } from './vocabulary';

export { EXECUTION_STATUSES, isTerminal, MOVE_STATUSES, TERMINAL_STATUSES } from './vocabulary';

export const MoveStatusSchema = z.enum(MOVE_STATUSES);
export type MoveStatus = z.infer<typeof MoveStatusSchema>;

export const ExecutionStatusSchema = z.enum(EXECUTION_STATUSES);
export type ExecutionStatus = z.infer<typeof ExecutionStatusSchema>;

/** A failure of a step out there, as the driver translated it. */
export const DriverFailureSchema = z.object({
  code: z.enum([
    'interrupted', 'timeout', 'connection-lost', 'authentication-failed', 'node-down', 'target-out-of-memory', 'not-owner', 'topology-changed',
    'busy-key', 'key-too-big', 'not-supported', 'not-empty', 'not-a-cluster', 'refused-by-engine', 'verification-failed', 'stale-epoch', 'unexpected',
  ]),
  message: z.string().max(1000),
  /** Is trying the same step again later sensible? */
  retryable: z.boolean(),
}).meta({ id: 'DriverFailure' });
export type DriverFailure = z.infer<typeof DriverFailureSchema>;

/** One move of an execution: the journal's row. `index` is the plan step's. */
export const MoveRecordSchema = z.object({
  index: CountSchema,
  step: PlanStepSchema,
  status: MoveStatusSchema,
  attempt: CountSchema,
  bytesDone: z.number().min(0),
  keysDone: z.number().min(0),
  startedAtMs: TimestampMsSchema.nullable(),
  finishedAtMs: TimestampMsSchema.nullable(),
  failure: DriverFailureSchema.nullable(),
}).meta({ id: 'MoveRecord' });
export type MoveRecord = z.infer<typeof MoveRecordSchema>;

export const ProgressSchema = z.object({
  movesTotal: CountSchema,
  movesDone: CountSchema,
  movesFailed: CountSchema,
  movesInFlight: CountSchema,
  bytesTotal: z.number().min(0),
  bytesDone: z.number().min(0),
  keysDone: z.number().min(0),
  /** Mean over the last 30 s; `null` until something moved. */
  bytesPerSecond: QuantitySchema,
  movesPerSecond: QuantitySchema,
  /** Range after three finished moves or 2 %; `null` before. Never negative. */
  secondsLeft: z.object({ low: z.number().min(0), high: z.number().min(0) }).nullable(),
}).meta({ id: 'Progress' });
export type Progress = z.infer<typeof ProgressSchema>;

export const OperationKindSchema = z.enum(['rebalance', 'add-node', 'drain', 'decommission']);
export type OperationKind = z.infer<typeof OperationKindSchema>;

/** Stages of an operation's saga, in order. */
export const StageSchema = z.object({
  kind: z.enum(['provision', 'join', 'cordon', 'execute-plan', 'verify-empty', 'leave', 'deprovision']),
  status: z.enum(['pending', 'running', 'done', 'failed', 'compensated', 'skipped']),
  message: z.string().max(500).nullable(),
}).meta({ id: 'Stage' });
export type Stage = z.infer<typeof StageSchema>;

/** Predicted against actual, kept with the operation. */
export const ReportSchema = z.object({
  secondsPredicted: z.object({ low: z.number().min(0), high: z.number().min(0) }),
  secondsActual: z.number().min(0),
  bytesPredicted: z.number().min(0),
  bytesActual: z.number().min(0),
  imbalanceBefore: ImbalanceSchema,
  imbalancePredicted: ImbalanceSchema,
  /** As observed after the last move. */
  imbalanceAfter: ImbalanceSchema,
  movesDone: CountSchema,
  movesFailed: CountSchema,
  movesReverted: CountSchema,
}).meta({ id: 'Report' });
export type Report = z.infer<typeof ReportSchema>;

/** What the operator sees: one change of the cluster, from queue to report. */
export const OperationSchema = z.object({
  id: IdSchema,
  clusterId: IdSchema,
  kind: OperationKindSchema,
  /** The node it is about, for drain, decommission and add-node. */
  nodeId: IdSchema.nullable(),
  planId: IdSchema.nullable(),
  /** What was asked for, for add-node: address, zone, leader. */
  request: z.object({ address: z.string().max(300).nullable(), zone: z.string().max(128).nullable(), followerOf: IdSchema.nullable() }).nullable(),
  status: ExecutionStatusSchema,
  /** Why it is in that state, in words. */
  statusReason: z.string().max(1000).nullable(),
  stages: z.array(StageSchema).max(16),
  throttle: ThrottleSchema,
  progress: ProgressSchema,
  createdBy: ActorSchema,
  createdAtMs: TimestampMsSchema,
  startedAtMs: TimestampMsSchema.nullable(),
  finishedAtMs: TimestampMsSchema.nullable(),
  refusals: z.array(RefusalSchema).max(100),
  report: ReportSchema.nullable(),
  /** Counts changes of this record; storage compares and sets it. */
  version: CountSchema,
}).meta({ id: 'Operation' });
export type Operation = z.infer<typeof OperationSchema>;

