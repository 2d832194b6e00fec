import * as z from 'zod';
import { EnvironmentSchema } from '@/lib/contract/cluster';
import { ConnectionSchema } from '@/lib/contract/connection';
import type { DomainEvent } from '@/lib/contract/events';
import { FreezeSchema } from '@/lib/contract/health';
import { LifecycleSchema } from '@/lib/contract/node';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import { PLAN_DEFAULTS, PlanStatusSchema, type Plan, type PlanSummary } from '@/lib/contract/plan';
import { IdSchema } from '@/lib/contract/primitives';
import { UNKNOWN_LATENCY } from '@/lib/contract/report';
import { ClusterSettingsSchema, type VersionedSettings } from '@/lib/contract/settings';
import type { AgentRecord, ClusterRecord, EnrolmentToken, NodeIntent, RememberedAnswer } from '@/lib/contract/storage';
import { assertNever } from '@/lib/platform/assert';
import { moveOfValue, type ShortMove, type ShortStep } from './move-document';
import { valueOfPlanDocument } from './plan-document';

/**
 * The JSON documents in the rows, and the way back.
 *
 * What an operator sets (connections, settings, intents) is parsed by its schema when it is read: it
 * decides what the manager does, and another version may have written it. What the manager writes
 * down by itself (plans, operations, moves, events, answers) is taken as what its type says. The
 * schemas of those also limit lengths for the wire; a message one character too long must not keep
 * a restarted manager from the operation it has to resume.
 */

const ClusterDocumentSchema = z.object({
  id: IdSchema,
  name: z.string(),
  environment: EnvironmentSchema,
  connection: ConnectionSchema,
  createdAtMs: z.number(),
});

const NodeIntentSchema = z.object({
  clusterId: IdSchema,
  nodeId: IdSchema,
  lifecycle: LifecycleSchema,
  cordoned: z.boolean(),
  maintenanceUntilMs: z.number().nullable(),
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

/** What lists show of a plan: everything but its steps, holdings, refusals, risks and proof. */
export function summaryOfPlan(plan: Plan): PlanSummary {
  const {
    steps, before, after, refusals: _refusals, risks: _risks, options: _options, proof: _proof, waves: _waves, frontier: _frontier, guardRails: _guardRails, alternatives: _alternatives,
    ...rest
  } = plan;
  return { ...rest, stepCount: steps.length, scoreBefore: before.score, scoreAfter: after.score };
}

/** A long plan is read in portions, between which others get their turn. */
export async function planOfRow(row: { readonly id: string; readonly status: string; readonly document: string }): Promise<Plan> {
  const what = `plan ${row.id}`;
  const value = await valueOfPlanDocument(row.document).catch(() => { throw notJson(what); });
  return { ...PLAN_DEFAULTS, ...(objectOf(value, what) as Plan), status: planStatusOf(row) };
}

export function planSummaryOfRow(row: { readonly id: string; readonly status: string; readonly summary: string }): PlanSummary {
  return { ...(jsonOf(row.summary, `summary of plan ${row.id}`) as PlanSummary), status: planStatusOf(row) };
}

export function operationOfRow(row: { readonly id: string; readonly document: string }): Operation {
  return { ...ADDED_LATER, ...(jsonOf(row.document, `operation ${row.id}`) as Operation) };
}

/** Fields that rows written by earlier versions lack. */
const ADDED_LATER = {
  nodeIds: [], joins: [], urgency: 'normal', urgencyReason: null, queueRank: 0, queuePosition: null, preemptedBy: null,
  foreignChange: null, supersededByPlanId: null, reverses: null, reversedBy: null, movingMs: 0, latency: UNKNOWN_LATENCY,
} as const satisfies Partial<Operation>;

export function moveOfRow(row: { readonly operationId: string; readonly index: bigint; readonly document: string }): MoveRecord {
  return moveOfValue(jsonOf(row.document, `move ${row.index} of operation ${row.operationId}`) as MoveRecord | ShortStep | ShortMove, Number(row.index));
}

export function eventOfRow(row: { readonly clusterId: string; readonly sequence: bigint; readonly document: string }): DomainEvent {
  return jsonOf(row.document, `event ${row.sequence} of cluster ${row.clusterId}`) as DomainEvent;
}

export function enrolmentTokenOfRow(row: { readonly usedByNodeId: string | null; readonly document: string }): EnrolmentToken {
  return { ...(jsonOf(row.document, 'an enrolment token') as EnrolmentToken), usedByNodeId: row.usedByNodeId };
}

export function agentOfRow(row: { readonly nodeId: string; readonly document: string }): AgentRecord {
  return jsonOf(row.document, `agent ${row.nodeId}`) as AgentRecord;
}

export function answerOfRow(row: { readonly document: string }): RememberedAnswer {
  return jsonOf(row.document, 'a remembered answer') as RememberedAnswer;
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

export function parsed<T>(schema: z.ZodType<T>, document: string, what: string): T {
  const result = schema.safeParse(jsonOf(document, what));
  if (!result.success) {
    const fields = result.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'itself'} (${issue.code})`).join(', ');
    throw new UnreadableRowError(`The stored ${what} is not valid: ${fields}`);
  }
  return result.data;
}

function jsonOf(document: string, what: string): object {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch {
    throw notJson(what);
  }
  return objectOf(value, what);
}

function objectOf(value: unknown, what: string): object {
  if (typeof value !== 'object' || value === null) throw new UnreadableRowError(`The stored ${what} is not an object`);
  return value;
}

/** Without the parser's error as its cause: that one quotes the document. */
function notJson(what: string): UnreadableRowError {
  return new UnreadableRowError(`The stored ${what} is not JSON`);
}
