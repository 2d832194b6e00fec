/**
 * What an execution wants done now. Moves start in plan order under the throttle. A
 * later move may overtake a waiting one only when it does not rest on it: not while an
 * earlier unfinished move leaves its target (it may need the room made there) and not
 * while another move of the same shard is open (M1). So the landed set, though it is
 * not a prefix of the plan, keeps every node within what some prefix allows.
 */
import { isMoveTerminal } from './transitions';
import type { ExecutionMove } from './move-list';
import type { ExecutionState } from './execution-state';

export type ExecutionEffect =
  /** Store the intent of all of them in one commit, then call the driver for each. */
  | { readonly kind: 'start-moves'; readonly indexes: readonly number[] }
  /** Bring interrupted moves of a canceled execution to an end: back where the driver can, forward where it cannot. */
  | { readonly kind: 'settle-moves'; readonly indexes: readonly number[] }
  /** Ask the driver calls in flight to stop at their next safe point. */
  | { readonly kind: 'interrupt-moves' }
  /** These can never start: the room they rest on was to be made by moves that failed for good. */
  | { readonly kind: 'abandon-moves'; readonly indexes: readonly number[] }
  /** Nothing may start before then. */
  | { readonly kind: 'wait'; readonly untilMonotonicMs: number };

/** How far past the first unfinished move the selection looks: enough to fill the widest throttle, little enough to be asked after every move. */
const LOOK_AHEAD_MAX = 512;

export function nextEffects(state: ExecutionState, monotonicMs: number): ExecutionEffect[] {
  if (state.status === 'running') return startable(state, monotonicMs);
  if (state.status === 'pausing') return [{ kind: 'interrupt-moves' }];
  return state.status === 'canceling' ? settling(state, monotonicMs) : [];
}

function settling(state: ExecutionState, monotonicMs: number): ExecutionEffect[] {
  const open = state.open.map((index) => state.moves.at(index)!);
  if (open.length === 0) return [];
  if (open.some((move) => move.inFlight)) return [{ kind: 'interrupt-moves' }];
  const due = open.filter((move) => isDue(move, monotonicMs));
  if (due.length > 0) return [{ kind: 'settle-moves', indexes: due.slice(0, state.throttle.movesInFlightMax).map((move) => move.index) }];
  return [{ kind: 'wait', untilMonotonicMs: Math.min(...open.map((move) => move.retryAtMonotonicMs ?? monotonicMs)) }];
}

function startable(state: ExecutionState, monotonicMs: number): ExecutionEffect[] {
  const budget = new Budget(state);
  const chosen: number[] = [];
  const resting: number[] = [];
  let waitUntil = Infinity;
  const leaving = new Set<string>(state.unreleased);
  const shardsTaken = new Set<number>(state.open.map((index) => state.moves.at(index)!.step.shardId));
  const limit = Math.min(state.moves.length, state.firstPending + LOOK_AHEAD_MAX);
  for (let index = state.firstPending; index < limit && budget.hasRoom(); index += 1) {
    const move = state.moves.at(index)!;
    if (isMoveTerminal(move.status)) continue;
    const { sourceNodeId, targetNodeId, shardId } = move.step;
    const begun = move.status !== 'pending';
    const rests = !begun && (leaving.has(targetNodeId) || shardsTaken.has(shardId));
    if (rests) resting.push(index);
    else if (!move.inFlight) {
      if (!isDue(move, monotonicMs)) waitUntil = Math.min(waitUntil, move.retryAtMonotonicMs!);
      else if (budget.take(sourceNodeId, targetNodeId)) chosen.push(index);
    }
    leaving.add(sourceNodeId);
    shardsTaken.add(shardId);
  }
  if (chosen.length > 0) return [{ kind: 'start-moves', indexes: chosen }];
  if (waitUntil < Infinity) return [{ kind: 'wait', untilMonotonicMs: waitUntil }];
  return state.open.length === 0 && resting.length > 0 ? [{ kind: 'abandon-moves', indexes: resting }] : [];
}

function isDue(move: ExecutionMove, monotonicMs: number): boolean {
  return move.retryAtMonotonicMs === null || move.retryAtMonotonicMs <= monotonicMs;
}

/** M12: moves in flight, in all and per node at either end. */
class Budget {
  #total = 0;
  readonly #perNode = new Map<string, number>();

  constructor(private readonly state: ExecutionState) {
    for (const index of state.open) {
      const move = state.moves.at(index)!;
      if (move.inFlight) this.#count(move.step.sourceNodeId, move.step.targetNodeId);
    }
  }

  hasRoom(): boolean {
    return this.#total < this.state.throttle.movesInFlightMax;
  }

  take(source: string, target: string): boolean {
    const { movesPerNodeMax } = this.state.throttle;
    if ((this.#perNode.get(source) ?? 0) >= movesPerNodeMax || (this.#perNode.get(target) ?? 0) >= movesPerNodeMax) return false;
    this.#count(source, target);
    return true;
  }

  #count(source: string, target: string): void {
    this.#total += 1;
    this.#perNode.set(source, (this.#perNode.get(source) ?? 0) + 1);
    this.#perNode.set(target, (this.#perNode.get(target) ?? 0) + 1);
  }
}
