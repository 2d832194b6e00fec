import * as z from 'zod';
import { EnvironmentSchema } from '@/lib/contract/cluster';
import { ConnectionSchema } from '@/lib/contract/connection';
import { DomainEventSchema, type DomainEvent } from '@/lib/contract/events';
import { FreezeSchema } from '@/lib/contract/health';
import { LifecycleSchema } from '@/lib/contract/node';
import { MoveRecordSchema, OperationSchema, type MoveRecord, type Operation } from '@/lib/contract/operation';
import { PlanSchema, PlanStatusSchema, PlanSummarySchema, type Plan, type PlanSummary } from '@/lib/contract/plan';
import { CountSchema, IdSchema, TimestampMsSchema } from '@/lib/contract/primitives';
import { ClusterSettingsSchema, type VersionedSettings } from '@/lib/contract/settings';
import type { ClusterRecord, NodeIntent, RememberedAnswer } from '@/lib/contract/storage';
import { assertNever } from '@/lib/platform/assert';

/**
 * The JSON documents in the rows, and the way back: what is read is parsed by the contract's own
 * schema, as it may have been written by another version or altered by hand.
 */

const ClusterDocumentSchema = z.object({
  id: IdSchema,
  name: z.string(),
  environment: EnvironmentSchema,
  connection: ConnectionSchema,
  createdAtMs: TimestampMsSchema,
});

const NodeIntentSchema = z.object({
  clusterId: IdSchema,
  nodeId: IdSchema,
  lifecycle: LifecycleSchema,
  cordoned: z.boolean(),
  maintenanceUntilMs: TimestampMsSchema.nullable(),
});

const AnswerSchema = z.object({
  key: z.string(),
  requestDigest: z.string(),
  status: CountSchema,
  body: z.string(),
  atMs: TimestampMsSchema,
});

/** A row that cannot be understood. Names the row and the fields, never their values: they may be secret. */
export class UnreadableRowError extends Error {
  override readonly name = 'UnreadableRowError';
  readonly code = 'unreadable-row';
}

export function clusterDocumentOf({ id, name, environment, connection, createdAtMs }: ClusterRecord): string {
  return JSON.stringify({ id, name, environment, connection, createdAtMs });
}

export function clusterOfRow(row: { readonly id: string; readonly document: string; readonly freeze: string | null; readonly epoch: bigint }): ClusterRecord {
  return {
    ...parsed(ClusterDocumentSchema, row.document, `cluster ${row.id}`),
    freeze: row.freeze === null ? null : parsed(FreezeSchema, row.freeze, `freeze of cluster ${row.id}`),
    epoch: Number(row.epoch),
  };
}

export function settingsOfRow(row: { readonly clusterId: string; readonly generation: bigint; readonly document: string }): VersionedSettings {
  return { generation: Number(row.generation), settings: parsed(ClusterSettingsSchema, row.document, `settings ${row.generation} of cluster ${row.clusterId}`) };
}

export function nodeIntentOfRow(row: { readonly nodeId: string; readonly document: string }): NodeIntent {
  return parsed(NodeIntentSchema, row.document, `intent for node ${row.nodeId}`);
}

/** What lists show of a plan: everything but its steps, holdings, refusals and risks. */
export function summaryOfPlan(plan: Plan): PlanSummary {
  const { steps, before, after, refusals: _refusals, risks: _risks, ...rest } = plan;
  return { ...rest, stepCount: steps.length, scoreBefore: before.score, scoreAfter: after.score };
}

export function planOfRow(row: { readonly id: string; readonly status: string; readonly document: string }): Plan {
  return { ...parsed(PlanSchema, row.document, `plan ${row.id}`), status: planStatusOf(row) };
}

export function planSummaryOfRow(row: { readonly id: string; readonly status: string; readonly summary: string }): PlanSummary {
  return { ...parsed(PlanSummarySchema, row.summary, `summary of plan ${row.id}`), status: planStatusOf(row) };
}

export function operationOfRow(row: { readonly id: string; readonly document: string }): Operation {
  return parsed(OperationSchema, row.document, `operation ${row.id}`);
}

export function moveOfRow(row: { readonly operationId: string; readonly index: bigint; readonly document: string }): MoveRecord {
  return parsed(MoveRecordSchema, row.document, `move ${row.index} of operation ${row.operationId}`);
}

export function eventOfRow(row: { readonly clusterId: string; readonly sequence: bigint; readonly document: string }): DomainEvent {
  return parsed(DomainEventSchema, row.document, `event ${row.sequence} of cluster ${row.clusterId}`);
}

export function answerOfRow(row: { readonly document: string }): RememberedAnswer {
  return parsed(AnswerSchema, row.document, 'a remembered answer');
}

/** The severities that are at least `severityMin`. */
export function severitiesFrom(severityMin: DomainEvent['severity']): DomainEvent['severity'][] {
  switch (severityMin) {
    case 'info': return ['info', 'notice', 'warning', 'critical'];
    case 'notice': return ['notice', 'warning', 'critical'];
    case 'warning': return ['warning', 'critical'];
    case 'critical': return ['critical'];
    default: return assertNever(severityMin);
  }
}

function planStatusOf(row: { readonly id: string; readonly status: string }): Plan['status'] {
  const status = PlanStatusSchema.safeParse(row.status);
  if (!status.success) throw new UnreadableRowError(`The stored status of plan ${row.id} is unknown`);
  return status.data;
}

function parsed<T>(schema: z.ZodType<T>, document: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch (error) {
    // The parser's own message would quote the document.
    throw new UnreadableRowError(`The stored ${what} is not JSON`, { cause: error instanceof SyntaxError ? undefined : error });
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const fields = result.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'itself'} (${issue.code})`).join(', ');
    throw new UnreadableRowError(`The stored ${what} is not valid: ${fields}`);
  }
  return result.data;
}
