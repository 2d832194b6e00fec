/**
 * What an execution wants done now. Moves start in plan order under the throttle. A
 * later move may overtake a waiting one only when it does not rest on it: not while an
 * unfinished move of an earlier wave leaves its target (it may need the room made there)
 * and not while another move of the same shard is open (M1). So the landed set, though it
 * is not a prefix of the plan, keeps every node within what the waves allow.
 */
import { isMoveTerminal } from './transitions';
import type { ExecutionMove } from './move-list';
import type { ExecutionState } from './execution-state';

export type ExecutionEffect =
  /** Store the intent of all of them in one commit, then call the driver once for each batch. */
  | { readonly kind: 'start-moves'; readonly batches: readonly (readonly number[])[] }
  /** Bring interrupted moves of a canceled execution to an end: back where the driver can, forward where it cannot. */
  | { readonly kind: 'settle-moves'; readonly indexes: readonly number[] }
  /** Ask the driver calls in flight to stop at their next safe point. */
  | { readonly kind: 'interrupt-moves' }
  /** These can never start: the room they rest on was to be made by moves that failed for good. */
  | { readonly kind: 'abandon-moves'; readonly indexes: readonly number[] }
  /** Nothing may start before then. */
  | { readonly kind: 'wait'; readonly untilMonotonicMs: number };

/** How far past the first unfinished move the selection looks: enough to fill the widest throttle, little enough to be asked after every move. */
const LOOK_AHEAD = { alone: 512, batched: 8_192 } as const;
/** One under way, and one whose intent is stored by the time the first ends: more of a pair would only wait, and keep others from starting. */
const BATCHES_PER_PAIR_MAX = 2;

/**
 * @param batchesMax what pacing allows at a time, under the throttle; 0 holds everything back
 */
export function nextEffects(state: ExecutionState, monotonicMs: number, batchesMax = Infinity): ExecutionEffect[] {
  if (state.status === 'running') return batchesMax > 0 ? startable(state, monotonicMs, batchesMax) : [];
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

function startable(state: ExecutionState, monotonicMs: number, batchesMax: number): ExecutionEffect[] {
  const budget = new Budget(state, batchesMax);
  const resting: number[] = [];
  let waitUntil = Infinity;
  const leaving = new Leaving(state.unreleased);
  const shardsTaken = state.moves.shardsRepeat ? new Set<number>(state.open.map((index) => state.moves.at(index)!.step.shardId)) : null;
  const limit = Math.min(state.moves.length, state.firstPending + (state.batching.movesMax > 1 ? LOOK_AHEAD.batched : LOOK_AHEAD.alone));
  for (let index = state.firstPending; index < limit && budget.hasRoom(); index += 1) {
    const move = state.moves.at(index)!;
    if (isMoveTerminal(move.status)) continue;
    const { sourceNodeId, targetNodeId, shardId } = move.step;
    const begun = move.status !== 'pending';
    const rests = !begun && (leaving.holdsUp(targetNodeId, move.wave) || shardsTaken?.has(shardId) === true);
    if (rests) resting.push(index);
    else if (!move.inFlight) {
      if (isDue(move, monotonicMs)) budget.take(move);
      else waitUntil = Math.min(waitUntil, move.retryAtMonotonicMs!);
    }
    leaving.add(sourceNodeId, move.wave);
    shardsTaken?.add(shardId);
  }
  if (budget.batches.length > 0) return [{ kind: 'start-moves', batches: budget.batches }];
  if (waitUntil < Infinity) return [{ kind: 'wait', untilMonotonicMs: waitUntil }];
  return state.open.length === 0 && resting.length > 0 ? [{ kind: 'abandon-moves', indexes: resting }] : [];
}

/** Nodes that unfinished moves leave, each with the first wave in which one does. */
class Leaving {
  readonly #firstWave: Map<string, number>;
  #lastLeft: string | null = null;

  constructor(unreleased: ReadonlyMap<string, number>) {
    this.#firstWave = new Map(unreleased);
  }

  holdsUp(targetNodeId: string, wave: number): boolean {
    return (this.#firstWave.get(targetNodeId) ?? Infinity) < wave;
  }

  /** In plan order. */
  add(sourceNodeId: string, wave: number): void {
    if (sourceNodeId === this.#lastLeft) return;
    this.#lastLeft = sourceNodeId;
    this.#firstWave.set(sourceNodeId, Math.min(wave, this.#firstWave.get(sourceNodeId) ?? wave));
  }
}

function isDue(move: ExecutionMove, monotonicMs: number): boolean {
  return move.retryAtMonotonicMs === null || move.retryAtMonotonicMs <= monotonicMs;
}

interface FormingBatch {
  readonly indexes: number[];
  bytes: number;
}

/** M12: batches in flight, in all and per node at either end. A move that goes alone is a batch of one. */
class Budget {
  #total = 0;
  readonly #perNode = new Map<string, number>();
  readonly #perPair = new Map<string, number>();
  /** Of this selection, with room for more moves of their pair. */
  readonly #forming = new Map<string, FormingBatch>();
  /** Pairs of which a move was turned away: counts only grow while selecting, so all of their moves would be. */
  readonly #full = new Set<string>();
  readonly batches: number[][] = [];

  constructor(private readonly state: ExecutionState, private readonly batchesMax: number) {
    const counted = new Set<number>();
    for (const index of state.open) {
      const move = state.moves.at(index)!;
      if (!move.inFlight || counted.has(move.batch)) continue;
      counted.add(move.batch);
      this.#count(move);
    }
  }

  /** Could any later move still be taken? */
  hasRoom(): boolean {
    return this.#forming.size > 0 || (this.#total < this.#totalMax && this.#full.size < this.state.moves.pairCount);
  }

  take(move: ExecutionMove): void {
    const { batching } = this.state;
    const { pair } = move;
    const bytes = move.step.kind === 'move' ? move.step.bytes ?? 0 : 0;
    const forming = this.#forming.get(pair);
    if (forming !== undefined && move.step.kind === 'move' && forming.bytes + bytes <= batching.bytesMax) {
      forming.indexes.push(move.index);
      forming.bytes += bytes;
      if (forming.indexes.length >= batching.movesMax) this.#forming.delete(pair);
      return;
    }
    if (!this.#mayBegin(move)) {
      this.#full.add(pair);
      return;
    }
    this.#count(move);
    const batch: FormingBatch = { indexes: [move.index], bytes };
    this.batches.push(batch.indexes);
    if (batching.movesMax > 1 && move.step.kind === 'move') this.#forming.set(pair, batch);
  }

  get #totalMax(): number {
    return Math.min(this.state.throttle.movesInFlightMax, this.batchesMax);
  }

  #mayBegin(move: ExecutionMove): boolean {
    const { movesPerNodeMax } = this.state.throttle;
    const { sourceNodeId, targetNodeId } = move.step;
    const pairMax = this.state.batching.movesMax > 1 ? BATCHES_PER_PAIR_MAX : Infinity;
    return this.#total < this.#totalMax && (this.#perPair.get(move.pair) ?? 0) < pairMax
      && (this.#perNode.get(sourceNodeId) ?? 0) < movesPerNodeMax && (this.#perNode.get(targetNodeId) ?? 0) < movesPerNodeMax;
  }

  #count(move: ExecutionMove): void {
    const { sourceNodeId, targetNodeId } = move.step;
    this.#total += 1;
    this.#perNode.set(sourceNodeId, (this.#perNode.get(sourceNodeId) ?? 0) + 1);
    this.#perNode.set(targetNodeId, (this.#perNode.get(targetNodeId) ?? 0) + 1);
    this.#perPair.set(move.pair, (this.#perPair.get(move.pair) ?? 0) + 1);
  }
}
