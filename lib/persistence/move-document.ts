/**
 * Moves as they stand in their rows. Approving a plan writes a row for each of its steps
 * in one transaction, and what that writes reaches the file in one go: a move that has not
 * begun, which is nothing but its step, is therefore written down as a short tuple. The
 * first time that something is saved of it, its row becomes the whole record.
 */
import type { MoveRecord } from '@/lib/contract/operation';
import type { MoveReason, PlanStep } from '@/lib/contract/plan';

type Ends = readonly [shardId: number, sourceNodeId: string, targetNodeId: string];
type Reason = readonly [code: MoveReason['code'], dimension: MoveReason['dimension'], sourceBefore: number | null, sourceAfter: number | null, targetBefore: number | null, targetAfter: number | null];
/** What a move is to do, in the order of `shortOf`. */
export type ShortStep = readonly ['transfer', ...Ends, ...Reason] | readonly ['primary' | 'secondary', ...Ends, ...Reason, bytes: number | null, keyCount: number | null];

export function documentOfMove(move: MoveRecord): string {
  const untouched = move.status === 'pending' && move.attempt === 0 && move.bytesDone === 0 && move.keysDone === 0 && move.startedAtMs === null && move.finishedAtMs === null && move.failure === null;
  return JSON.stringify(untouched ? shortOf(move.step) : move);
}

/** The record of what `documentOfMove` wrote, parsed; `index` is that of the row. */
export function moveOfValue(value: MoveRecord | ShortStep, index: number): MoveRecord {
  if ('step' in value) return value;
  return { index, step: stepOf(value), status: 'pending', attempt: 0, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null, failure: null };
}

function shortOf(step: PlanStep): ShortStep {
  const { reason } = step;
  const ends: Ends = [step.shardId, step.sourceNodeId, step.targetNodeId];
  const why: Reason = [reason.code, reason.dimension, reason.sourceBefore, reason.sourceAfter, reason.targetBefore, reason.targetAfter];
  return step.kind === 'transfer' ? ['transfer', ...ends, ...why] : [step.role, ...ends, ...why, step.bytes, step.keyCount];
}

function stepOf(short: ShortStep): PlanStep {
  const [what, shardId, sourceNodeId, targetNodeId, code, dimension, sourceBefore, sourceAfter, targetBefore, targetAfter] = short;
  const reason: MoveReason = { code, dimension, sourceBefore, sourceAfter, targetBefore, targetAfter };
  if (what === 'transfer') return { kind: 'transfer', shardId, sourceNodeId, targetNodeId, reason };
  const [bytes, keyCount] = short.slice(-2) as [number | null, number | null];
  return { kind: 'move', shardId, role: what, sourceNodeId, targetNodeId, bytes, keyCount, reason };
}
