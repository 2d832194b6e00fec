/**
 * Moves as they stand in their rows. Approving a plan writes a row for each of its steps
 * in one transaction, and every move is stored again before it begins and after it ended:
 * what that writes reaches the file in one go, while nothing else is done. So a row holds
 * tuples without the names of their fields, and a move that has not begun nothing but its
 * step.
 */
import type { MoveRecord } from '@/lib/contract/operation';
import type { MoveReason, PlanStep } from '@/lib/contract/plan';

type Ends = readonly [shardId: number, sourceNodeId: string, targetNodeId: string];
type Reason = readonly [code: MoveReason['code'], dimension: MoveReason['dimension'], sourceBefore: number | null, sourceAfter: number | null, targetBefore: number | null, targetAfter: number | null];
/** What a move is to do, in the order of `shortOf`. */
export type ShortStep = readonly ['transfer', ...Ends, ...Reason] | readonly ['primary' | 'secondary', ...Ends, ...Reason, bytes: number | null, keyCount: number | null];

/** A move that has begun: its step, and how far it came. */
export type ShortMove = readonly [
  step: ShortStep, status: MoveRecord['status'], attempt: number, bytesDone: number, keysDone: number,
  startedAtMs: number | null, finishedAtMs: number | null, failure: MoveRecord['failure'],
];

/** What a row holds of the move, to be written as JSON. */
export function valueOfMove(move: MoveRecord): ShortStep | ShortMove {
  const untouched = move.status === 'pending' && move.attempt === 0 && move.bytesDone === 0 && move.keysDone === 0 && move.startedAtMs === null && move.finishedAtMs === null && move.failure === null;
  const step = shortOf(move.step);
  return untouched ? step : [step, move.status, move.attempt, move.bytesDone, move.keysDone, move.startedAtMs, move.finishedAtMs, move.failure];
}

/** The record of what `valueOfMove` gave, or of a whole one as earlier versions stored it; `index` is that of the row. */
export function moveOfValue(value: MoveRecord | ShortStep | ShortMove, index: number): MoveRecord {
  if ('step' in value) return value;
  if (isBegun(value)) {
    const [step, status, attempt, bytesDone, keysDone, startedAtMs, finishedAtMs, failure] = value;
    return { index, step: stepOf(step), status, attempt, bytesDone, keysDone, startedAtMs, finishedAtMs, failure };
  }
  return { index, step: stepOf(value), status: 'pending', attempt: 0, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null, failure: null };
}

function isBegun(value: ShortStep | ShortMove): value is ShortMove {
  return typeof value[0] !== 'string';
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
