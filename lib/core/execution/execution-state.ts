/**
 * One run of a plan as data. `transition` takes what happened and gives the next state;
 * `nextEffects` tells what to do about it. Neither does anything: the plan executor
 * stores, calls the driver and feeds the outcome back in, so every run can be replayed
 * from its events (the split of etcd/raft: Step in, Ready out).
 */
import { assertNever } from '@/lib/platform/assert';
import { err, ok, type Result } from '@/lib/platform/result';
import type { DriverFailure, ExecutionStatus, MoveRecord, MoveStatus } from '@/lib/contract/operation';
import type { Wave } from '@/lib/contract/plan-proof';
import type { Throttle } from '@/lib/contract/settings';
import { type ExecutionMove, MoveList } from './move-list';
import { DEFAULT_RETRY, retryDelayMs, type RetryPolicy } from './retry';
import { assertMoveTransition, isMoveTerminal, mayBecome } from './transitions';

export interface ExecutionState {
  readonly status: ExecutionStatus;
  readonly moves: MoveList;
  readonly throttle: Throttle;
  readonly retry: RetryPolicy;
  readonly batching: Batching;
  /** Moves begun and not ended, in flight or interrupted, by index ascending. */
  readonly open: readonly number[];
  /** Every move before this one is terminal. */
  readonly firstPending: number;
  /** Nodes that moves failed for good to leave, with the first wave of such a move: the room they were to make for later waves was not made. */
  readonly unreleased: ReadonlyMap<string, number>;
  readonly counts: { readonly done: number; readonly failed: number; readonly reverted: number };
  readonly bytesDone: number;
  readonly keysDone: number;
}

/** What the driver carries between the same two nodes as one piece of work; it counts as one move in flight. */
export interface Batching {
  readonly movesMax: number;
  readonly bytesMax: number;
}

export const ONE_BY_ONE: Batching = { movesMax: 1, bytesMax: 0 };

export type ExecutionEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'supersede' }
  | { readonly kind: 'throttle'; readonly throttle: Throttle }
  /** The intent of these moves is stored and they begin, as one batch. */
  | { readonly kind: 'moves-started'; readonly indexes: readonly number[]; readonly nowMs: number }
  | { readonly kind: 'moves-progressed'; readonly moves: readonly MoveProgress[] }
  | { readonly kind: 'moves-succeeded'; readonly moves: readonly { readonly index: number; readonly bytes: number; readonly keyCount: number }[]; readonly nowMs: number }
  /** They rest on room that a failed move did not make. */
  | { readonly kind: 'moves-abandoned'; readonly indexes: readonly number[]; readonly nowMs: number }
  | { readonly kind: 'move-reverted'; readonly index: number; readonly nowMs: number }
  /** `random` in [0, 1) spreads the retries. */
  | { readonly kind: 'move-failed'; readonly index: number; readonly failure: DriverFailure; readonly nowMs: number; readonly monotonicMs: number; readonly random: number };

interface MoveProgress {
  readonly index: number;
  readonly stage: Extract<MoveStatus, 'copying' | 'verifying' | 'committing'>;
  readonly bytesDone: number;
  readonly keysDone: number;
}

/** How a move ends. */
type Ending = { readonly index: number; readonly status: 'done' | 'failed' | 'reverted' } & Partial<Pick<ExecutionMove, 'bytesDone' | 'keysDone' | 'failure' | 'finishedAtMs'>>;

const ABANDONED: DriverFailure = { code: 'topology-changed', message: 'Not started: the room it needed was to be made by a move that failed', retryable: false };

export interface IllegalCommand {
  readonly code: 'illegal-transition';
  readonly from: ExecutionStatus;
  readonly to: ExecutionStatus;
}

export interface ExecutionOptions {
  readonly status: ExecutionStatus;
  readonly throttle: Throttle;
  readonly retry?: RetryPolicy;
  readonly batching?: Batching;
  /** Of the plan, by step; without any, every move is a wave of its own. */
  readonly waves?: readonly Pick<Wave, 'fromStep' | 'stepCount'>[];
}

export function createExecution(moves: readonly MoveRecord[], options: ExecutionOptions): ExecutionState {
  const list = MoveList.from(moves, options.waves ?? []);
  const counts = { done: 0, failed: 0, reverted: 0 };
  const open: number[] = [];
  let unreleased: ReadonlyMap<string, number> = new Map();
  let bytesDone = 0, keysDone = 0;
  for (const move of list) {
    if (move.status === 'done' || move.status === 'failed' || move.status === 'reverted') counts[move.status] += 1;
    else if (move.status !== 'pending') open.push(move.index);
    if (move.status === 'failed') unreleased = withUnreleased(unreleased, move);
    if (move.status === 'done') {
      bytesDone += move.bytesDone;
      keysDone += move.keysDone;
    }
  }
  const { status, throttle, retry = DEFAULT_RETRY, batching = ONE_BY_ONE } = options;
  const state: ExecutionState = { status, moves: list, throttle, retry, batching, open, firstPending: 0, unreleased, counts, bytesDone, keysDone };
  return { ...state, firstPending: skipTerminal(state.moves, 0) };
}

/** The state after an event; a command that the table does not allow is an error value. */
export function transition(state: ExecutionState, event: ExecutionEvent): Result<ExecutionState, IllegalCommand> {
  switch (event.kind) {
    case 'start': return become(state, 'running');
    case 'pause': return become(state, 'pausing');
    case 'resume': return become(state, 'running');
    case 'cancel': return state.status === 'pending' ? become(state, 'canceled') : become(state, 'canceling');
    case 'supersede': return become(state, 'superseded');
    case 'throttle': return ok({ ...state, throttle: event.throttle });
    case 'moves-started': return ok(startMoves(state, event.indexes, event.nowMs));
    case 'moves-progressed': return ok(progressMoves(state, event.moves));
    case 'moves-succeeded': return ok(endMoves(state, event.moves.map(({ index, bytes, keyCount }) => ({ index, status: 'done', bytesDone: bytes, keysDone: keyCount, finishedAtMs: event.nowMs, failure: null }))));
    case 'moves-abandoned': return ok(endMoves(state, event.indexes.map((index) => ({ index, status: 'failed', failure: ABANDONED, finishedAtMs: event.nowMs }))));
    case 'move-reverted': return ok(endMoves(state, [{ index: event.index, status: 'reverted', bytesDone: 0, keysDone: 0, finishedAtMs: event.nowMs }]));
    case 'move-failed': return ok(failMove(state, event));
    default: return assertNever(event);
  }
}

/** What rests: nothing in flight, so that pausing may become paused, and a run that has nothing left may end. */
export function settle(state: ExecutionState): ExecutionState {
  if (state.open.some((index) => state.moves.at(index)?.inFlight)) return state;
  if (state.status === 'canceling' && state.open.length === 0) return { ...state, status: 'canceled' };
  if (state.status !== 'running' && state.status !== 'pausing') return state;
  if (state.open.length === 0 && state.firstPending >= state.moves.length) {
    return { ...state, status: state.counts.failed > 0 ? 'failed' : 'succeeded' };
  }
  return state.status === 'pausing' ? { ...state, status: 'paused' } : state;
}

function become(state: ExecutionState, to: ExecutionStatus): Result<ExecutionState, IllegalCommand> {
  return mayBecome(state.status, to) ? ok({ ...state, status: to }) : err({ code: 'illegal-transition', from: state.status, to });
}

/** As one batch, named after its first. */
function startMoves(state: ExecutionState, indexes: readonly number[], nowMs: number): ExecutionState {
  const started = indexes.map((index): ExecutionMove => {
    const move = moveAt(state, index);
    assertMoveTransition(move.status, 'copying');
    return { ...move, status: 'copying', inFlight: true, batch: indexes[0]!, retryAtMonotonicMs: null, attempt: move.attempt + 1, startedAtMs: move.startedAtMs ?? nowMs };
  });
  return { ...state, open: withIndexes(state.open, indexes), moves: state.moves.withAll(started) };
}

/** Ascending, each once; most begin in the order of the plan. */
function withIndexes(open: readonly number[], indexes: readonly number[]): readonly number[] {
  const known = new Set(open);
  const next = [...open, ...indexes.filter((index) => !known.has(index))];
  const isAscending = next.every((index, at) => at < open.length || index > (next[at - 1] ?? -1));
  return isAscending ? next : next.sort((a, b) => a - b);
}

function progressMoves(state: ExecutionState, progressed: readonly MoveProgress[]): ExecutionState {
  const moves: ExecutionMove[] = [];
  for (const { index, stage, bytesDone, keysDone } of progressed) {
    const move = moveAt(state, index);
    if (!move.inFlight) continue;
    assertMoveTransition(move.status, stage);
    moves.push({ ...move, status: stage, bytesDone: Math.max(move.bytesDone, bytesDone), keysDone: Math.max(move.keysDone, keysDone) });
  }
  return { ...state, moves: state.moves.withAll(moves) };
}

function failMove(state: ExecutionState, event: Extract<ExecutionEvent, { kind: 'move-failed' }>): ExecutionState {
  const move = moveAt(state, event.index);
  if (event.failure.code === 'interrupted') {
    return withMove(state, { ...move, inFlight: false, attempt: Math.max(0, move.attempt - 1) });
  }
  const delayMs = retryDelayMs(event.failure, move.attempt, event.random, state.retry);
  if (delayMs === null) return endMoves(state, [{ index: event.index, status: 'failed', failure: event.failure, finishedAtMs: event.nowMs }]);
  return withMove(state, { ...move, inFlight: false, failure: event.failure, retryAtMonotonicMs: event.monotonicMs + delayMs });
}

function endMoves(state: ExecutionState, endings: readonly Ending[]): ExecutionState {
  const counts = { ...state.counts };
  let { unreleased, bytesDone, keysDone } = state;
  const ended = endings.map(({ index, ...end }): ExecutionMove => {
    const move = moveAt(state, index);
    assertMoveTransition(move.status, end.status);
    const next: ExecutionMove = { ...move, ...end, inFlight: false, retryAtMonotonicMs: null };
    counts[end.status] += 1;
    if (end.status === 'failed') unreleased = withUnreleased(unreleased, move);
    if (end.status === 'done') {
      bytesDone += next.bytesDone;
      keysDone += next.keysDone;
    }
    return next;
  });
  const over = new Set(ended.map(({ index }) => index));
  const moves = state.moves.withAll(ended);
  return { ...state, moves, counts, unreleased, bytesDone, keysDone, open: state.open.filter((index) => !over.has(index)), firstPending: skipTerminal(moves, state.firstPending) };
}

function withUnreleased(unreleased: ReadonlyMap<string, number>, { step: { sourceNodeId }, wave }: ExecutionMove): ReadonlyMap<string, number> {
  return new Map([...unreleased, [sourceNodeId, Math.min(wave, unreleased.get(sourceNodeId) ?? wave)]]);
}

function moveAt(state: ExecutionState, index: number): ExecutionMove {
  const move = state.moves.at(index);
  if (move === undefined) throw new RangeError(`The execution has ${state.moves.length} moves, not a move ${index}`);
  return move;
}

function withMove(state: ExecutionState, move: ExecutionMove): ExecutionState {
  return { ...state, moves: state.moves.withAll([move]) };
}

function skipTerminal(moves: MoveList, from: number): number {
  let index = from;
  while (index < moves.length && isMoveTerminal(moves.at(index)!.status)) index += 1;
  return index;
}
