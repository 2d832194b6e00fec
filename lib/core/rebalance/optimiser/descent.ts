import type { Incumbent } from './incumbent';
import type { SearchState } from './search-state';

/**
 * The fast beginning: bins in order of what they cost, each of their items to the bin where it
 * costs least, or in exchange with one of its own group. What a cluster needs after a node was added or lost is mostly this; on a large
 * instance it is the steepest part of the way. Most items are dismissed by one look at what
 * their bin would save.
 */
export class Descent {
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #pinned: Uint8Array;
  /** Items by group, where groups have more than one: offsets, then items. */
  readonly #groupStart: Int32Array;
  readonly #groupItems: Int32Array;
  /** Bins in the order of this round. */
  readonly #order: Int32Array;
  #orderAt: number;
  #improvedInRound = true;
  /** Items of the bin at hand; a copy, since bins change under it. */
  #items = new Int32Array(64);
  #itemCount = 0;
  #itemAt = 0;

  constructor({ state, incumbent, pinned }: { state: SearchState; incumbent: Incumbent; pinned: Uint8Array }) {
    this.#state = state;
    this.#incumbent = incumbent;
    this.#pinned = pinned;
    this.#order = new Int32Array(state.binCount);
    this.#orderAt = state.binCount;
    [this.#groupStart, this.#groupItems] = itemsByGroup(state);
  }

  /** Works for about so many evaluations. Returns how many there were, and whether nothing is left to improve. */
  run(evaluationsMax: number): { evaluations: number; isDone: boolean } {
    let evaluations = 0;
    while (evaluations < evaluationsMax) {
      if (this.#itemAt === this.#itemCount && !this.#nextBin()) {
        this.#incumbent.capture();
        return { evaluations, isDone: true };
      }
      while (this.#itemAt < this.#itemCount && evaluations < evaluationsMax) {
        evaluations += this.#place(this.#items[this.#itemAt]!);
        this.#itemAt += 1;
      }
    }
    this.#incumbent.capture();
    return { evaluations, isDone: false };
  }

  /** False at the end of a round that improved nothing. */
  #nextBin(): boolean {
    const state = this.#state;
    if (this.#orderAt === state.binCount) {
      if (!this.#improvedInRound) return false;
      this.#improvedInRound = false;
      this.#orderAt = 0;
      for (let bin = 0; bin < state.binCount; bin += 1) this.#order[bin] = bin;
      this.#order.sort((a, b) => state.binCost[b]! - state.binCost[a]! || a - b);
    }
    const bin = this.#order[this.#orderAt++]!;
    const count = state.contents.count(bin);
    if (this.#items.length < count) this.#items = new Int32Array(count * 2);
    this.#items.set(state.contents.list(bin).subarray(0, count));
    this.#itemCount = count;
    this.#itemAt = 0;
    return true;
  }

  /** Moves the item to its best bin. Returns the evaluations that took. */
  #place(item: number): number {
    const state = this.#state;
    if (this.#pinned[item] === 1) return 0;
    const from = state.itemBin[item]!;
    const moveCost = state.moveCosts.at(item, from);
    const saved = state.binCost[from]! - state.costWithout(item) + moveCost;
    if (saved <= 0) return 1;
    let best = -1;
    let bestDelta = 0;
    for (let to = 0; to < state.binCount; to += 1) {
      if (to === from || state.groupRules.conflicts(item, to) || !state.room.has(item, to)) continue;
      const delta = state.costWith(item, to) - state.binCost[to]! + state.moveCosts.at(item, to) - saved;
      if (delta >= bestDelta || delta + state.moveCosts.groupDelta(item, from, to) >= bestDelta) continue;
      if (!state.groupRules.allowsShift(item, from, to)) continue;
      best = to;
      bestDelta = delta + state.moveCosts.groupDelta(item, from, to);
    }
    const kin = this.#bestKin(item, bestDelta);
    if (kin >= 0) {
      state.swap(item, kin);
      this.#incumbent.note(item);
      this.#incumbent.note(kin);
      this.#improvedInRound = true;
      return state.binCount;
    }
    if (best < 0) return state.binCount;
    const before = state.cost;
    state.shift(item, best);
    this.#incumbent.note(item);
    if (state.cost < before) this.#improvedInRound = true;
    return state.binCount;
  }

  /** The item of the same group in exchange with which it costs less than `deltaMax`; -1 = none. */
  #bestKin(item: number, deltaMax: number): number {
    const state = this.#state;
    const group = state.itemGroup[item]!;
    let best = -1;
    let bestDelta = deltaMax;
    for (let at = this.#groupStart[group]!; at < this.#groupStart[group + 1]!; at += 1) {
      const kin = this.#groupItems[at]!;
      if (kin === item || this.#pinned[kin] === 1) continue;
      const delta = state.swapDelta(item, kin);
      // Rounding alone must not send two roles to and fro.
      if (delta >= bestDelta - ROUNDING * state.binCost[state.itemBin[item]!]! || !state.allowsSwap(item, kin)) continue;
      best = kin;
      bestDelta = delta;
    }
    return best;
  }
}

const ROUNDING = 1e-12;

function itemsByGroup({ itemGroup, itemCount }: SearchState): readonly [Int32Array, Int32Array] {
  let groupCount = 0;
  for (const group of itemGroup) groupCount = Math.max(groupCount, group + 1);
  const start = new Int32Array(groupCount + 1);
  for (const group of itemGroup) start[group + 1]! += 1;
  for (let group = 0; group < groupCount; group += 1) start[group + 1]! += start[group]!;
  const next = start.slice();
  const items = new Int32Array(itemCount);
  for (let item = 0; item < itemCount; item += 1) {
    const group = itemGroup[item]!;
    items[next[group]!] = item;
    next[group]! += 1;
  }
  return [start, items];
}
