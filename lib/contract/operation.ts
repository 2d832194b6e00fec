import * as z from 'zod';
import { PacingSchema } from './pacing';
import { PlanStepSchema, RefusalSchema } from './plan';
import { ActorSchema, CountSchema, IdSchema, QuantitySchema, TimestampMsSchema } from './primitives';
import { ThrottleSchema } from './settings';
import { MendingSchema } from './shard-mending';
import { LatencyComparisonSchema, ReportSchema, UNKNOWN_LATENCY } from './report';
import { EXECUTION_STATUSES, MOVE_STATUSES, OPERATION_KINDS } from './vocabulary';

export type { Report } from './report';
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

export const OperationKindSchema = z.enum(OPERATION_KINDS);
export type OperationKind = z.infer<typeof OperationKindSchema>;

/** One step of an operation's saga; they run in order, each stored before its effect and after it. */
export const StageSchema = z.object({
  kind: z.enum(['provision', 'join', 'cordon', 'fail-over', 'plan', 'execute-plan', 'mend-shards', 'verify-mended', 'verify-empty', 'leave', 'deprovision']),
  /** The node it is about; of `join`, the one that joined, once there is one. */
  nodeId: IdSchema.nullable().default(null),
  /** `compensated`: it was done, or begun, and taken back; `message` says how. */
  status: z.enum(['pending', 'running', 'done', 'failed', 'compensated', 'skipped']),
  message: z.string().max(500).nullable(),
  startedAtMs: TimestampMsSchema.nullable().default(null),
  finishedAtMs: TimestampMsSchema.nullable().default(null),
}).meta({ id: 'Stage' });
export type Stage = z.infer<typeof StageSchema>;

/** A node that is to join: what `join` stages are made from, in their order. */
export const JoinRequestSchema = z.object({
  /** host:port of a running, empty process; `null` where the driver or the provisioner makes one. */
  address: z.string().min(1).max(300).nullable(),
  zone: z.string().min(1).max(128).nullable(),
  followerOf: IdSchema.nullable(),
}).meta({ id: 'JoinRequest' });
export type JoinRequest = z.infer<typeof JoinRequestSchema>;

/** Why an operation rests: another one, more urgent, took its turn at a safe point. */
export const PreemptionSchema = z.object({
  operationId: IdSchema,
  atMs: TimestampMsSchema,
  /** False: an operator had paused it before, so it is paused when its turn comes again. */
  resumes: z.boolean(),
}).meta({ id: 'Preemption' });

/** What the operator sees: one change of the cluster, from queue to report. */
export const OperationSchema = z.object({
  id: IdSchema,
  clusterId: IdSchema,
  kind: OperationKindSchema,
  /** The node it is about: drained, decommissioned, replaced, or the one that joined. `null` for all others and where there are several. */
  nodeId: IdSchema.nullable(),
  /** All of them: those that leave for scale-in, those that joined so far for scale-out. */
  nodeIds: z.array(IdSchema).max(1_000).default([]),
  /** What its moves come from; `null` until the stage `plan` has made it. */
  planId: IdSchema.nullable(),
  joins: z.array(JoinRequestSchema).max(64).default([]),
  /** The operator typed the name of a dead node to say that what only it had may be lost. */
  acceptsLoss: z.boolean().optional(),
  status: ExecutionStatusSchema,
  /** Why it is in that state, in words. */
  statusReason: z.string().max(1000).nullable(),
  /** emergency: may take the turn of another at a safe point; `urgencyReason` says what is at stake. */
  urgency: z.enum(['normal', 'emergency']).default('normal'),
  urgencyReason: z.string().max(500).nullable().default(null),
  /** Order of waiting: the smallest is next. Stored; shown as `queuePosition`. */
  queueRank: z.number().int().default(0),
  /** 0 = next; `null` unless it waits for its turn. */
  queuePosition: CountSchema.nullable().default(null),
  preemptedBy: PreemptionSchema.nullable().default(null),
  /** What somebody else did to the cluster meanwhile: it stops at a safe point and ends as superseded. */
  foreignChange: z.string().max(500).nullable().default(null),
  /** Of a superseded one: the plan made anew from what is true now, to be looked at and approved; `null` when there is nothing left to do. */
  supersededByPlanId: IdSchema.nullable().default(null),
  /** The operation that this one takes back, and the one that took this one back. */
  reverses: IdSchema.nullable().default(null),
  reversedBy: IdSchema.nullable().default(null),
  /** Of mend-shards: what its stages do, and what came of it. */
  mending: MendingSchema.optional(),
  stages: z.array(StageSchema).max(512),
  throttle: ThrottleSchema,
  progress: ProgressSchema,
  /** How hard its moves are driven and why; absent until the first of them. */
  pacing: PacingSchema.optional(),
  createdBy: ActorSchema,
  createdAtMs: TimestampMsSchema,
  startedAtMs: TimestampMsSchema.nullable(),
  finishedAtMs: TimestampMsSchema.nullable(),
  refusals: z.array(RefusalSchema).max(100),
  /** How long its moves ran so far, without pauses and restarts of the manager. */
  movingMs: z.number().min(0).default(0),
  /** Client latency so far. */
  latency: LatencyComparisonSchema.default(UNKNOWN_LATENCY),
  report: ReportSchema.nullable(),
  /** Counts stored changes of this record; storage compares and sets it. */
  version: CountSchema,
}).meta({ id: 'Operation' });
export type Operation = z.infer<typeof OperationSchema>;
