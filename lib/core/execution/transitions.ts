/**
 * The legal transitions of an execution and of a move, each in one table. Nothing else
 * assigns a status.
 *
 *   pending -> running <-> pausing -> paused -> running
 *                 |            \        \
 *                 |             +--------+--> canceling -> canceled
 *                 +-> succeeded | failed | superseded
 */
import { assert } from '@/lib/platform/assert';
import type { ExecutionStatus, MoveStatus } from '@/lib/contract/operation';

export const EXECUTION_TRANSITIONS: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = {
  pending: ['running', 'canceled', 'expired', 'superseded'],
  running: ['pausing', 'canceling', 'succeeded', 'failed', 'superseded'],
  pausing: ['paused', 'running', 'canceling', 'succeeded', 'failed'],
  paused: ['running', 'canceling', 'superseded'],
  canceling: ['canceled', 'failed'],
  canceled: [],
  succeeded: [],
  failed: [],
  expired: [],
  superseded: [],
};

/**
 * A move is stored as `copying` before its first remote command and as `done` after its
 * last; verifying and committing are what the driver reports in between. A failed try
 * that will be tried again stays where it is; `failed` is for good.
 */
export const MOVE_TRANSITIONS: Readonly<Record<MoveStatus, readonly MoveStatus[]>> = {
  pending: ['copying', 'failed'],
  copying: ['verifying', 'committing', 'done', 'failed', 'reverted'],
  verifying: ['copying', 'committing', 'done', 'failed', 'reverted'],
  committing: ['copying', 'done', 'failed', 'reverted'],
  done: [],
  failed: [],
  reverted: [],
};

export function mayBecome(from: ExecutionStatus, to: ExecutionStatus): boolean {
  return EXECUTION_TRANSITIONS[from].includes(to);
}

export function assertMoveTransition(from: MoveStatus, to: MoveStatus): void {
  assert(from === to || MOVE_TRANSITIONS[from].includes(to), `Illegal move transition ${from} -> ${to}`);
}

export function isMoveTerminal(status: MoveStatus): boolean {
  return MOVE_TRANSITIONS[status].length === 0;
}
