import { Dice } from './dice';
import type { Random } from '@/lib/platform/random';
import type { Incumbent } from './incumbent';
import type { SearchState } from './search-state';

/** Items that one attempt may push out. */
const EVICTED_MAX = 16;
/** Of so many items looked at, the one on the costliest bin is tried. */
const CANDIDATES = 8;

/**
 * Makes room for an item by pushing others out of the bin, each to where it costs least. It
 * is for large items: no single change frees enough for one, and each of the many that would
 * costs more than a cold search accepts.
 */
export class Clearing {
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #movable: Int32Array;
  readonly #isMovable: Uint8Array;
  readonly #dice: Dice;
  /** What was done, to be undone: items and where they were. */
  readonly #moved = new Int32Array(EVICTED_MAX + 2);
  readonly #movedFrom = new Int32Array(EVICTED_MAX + 2);
  #movedCount = 0;

  constructor({ state, incumbent, movable, random }: { state: SearchState; incumbent: Incumbent; movable: Int32Array; random: Random }) {
    this.#state = state;
    this.#incumbent = incumbent;
    this.#movable = movable;
    this.#isMovable = new Uint8Array(state.itemCount);
    for (const item of movable) this.#isMovable[item] = 1;
    this.#dice = new Dice(random);
  }

  /** One attempt; what costs more than the tolerance in all is undone. Returns the evaluations that took. */
  attempt(tolerance: number): number {
    const state = this.#state;
    const item = this.#costlyItem();
    const bin = this.#dice.integer(state.binCount);
    const from = state.itemBin[item]!;
    if (bin === from || state.groupRules.conflicts(item, bin) || !state.room.couldHold(item, bin) || !state.groupRules.allowsShift(item, from, bin)) return 1;
    const costMax = state.cost + tolerance;
    let evaluations = 1;
    this.#movedCount = 0;
    // It goes first, beyond the capacity if need be: where it was is the best place for many that must make way.
    this.#shift(item, bin);
    while (!state.room.isKept(bin)) {
      if (this.#movedCount > EVICTED_MAX || !this.#evictOne(bin, item)) {
        this.#undo();
        return evaluations + state.binCount;
      }
      evaluations += state.binCount;
    }
    evaluations += this.#relieve(bin, item, costMax);
    if (state.cost > costMax) {
      this.#undo();
      return evaluations;
    }
    for (let at = 0; at < this.#movedCount; at += 1) this.#incumbent.note(this.#moved[at]!);
    this.#incumbent.capture();
    return evaluations;
  }

  #costlyItem(): number {
    const { binCost, itemBin } = this.#state;
    let costly = -1;
    for (let candidate = 0; candidate < CANDIDATES; candidate += 1) {
      const item = this.#movable[this.#dice.integer(this.#movable.length)]!;
      if (costly < 0 || binCost[itemBin[item]!]! > binCost[itemBin[costly]!]!) costly = item;
    }
    return costly;
  }

  /** Sends one item of the bin, from a random one on, to its best place; false = none can leave. */
  #evictOne(bin: number, arriving: number): boolean {
    const state = this.#state;
    const count = state.contents.count(bin);
    const list = state.contents.list(bin);
    const offset = this.#dice.integer(Math.max(1, count));
    for (let at = 0; at < count; at += 1) {
      const item = list[(at + offset) % count]!;
      if (item === arriving || this.#isMovable[item] === 0) continue;
      const to = this.#bestPlace(item, bin);
      if (to < 0) continue;
      this.#shift(item, to);
      return true;
    }
    return false;
  }

  /** Lets others follow out of the bin where that makes it cheaper, until the cost is low enough. */
  #relieve(bin: number, arrived: number, costMax: number): number {
    const state = this.#state;
    let evaluations = 0;
    for (let at = state.contents.count(bin) - 1; at >= 0 && state.cost > costMax && this.#movedCount <= EVICTED_MAX; at -= 1) {
      const item = state.contents.list(bin)[at]!;
      if (item === arrived || this.#isMovable[item] === 0) continue;
      evaluations += 1;
      const saved = state.binCost[bin]! - state.costWithout(item) + state.moveCosts.at(item, bin);
      if (saved <= 0) continue;
      evaluations += state.binCount;
      const to = this.#bestPlace(item, bin);
      if (to >= 0 && state.shiftDelta(item, to) < 0) this.#shift(item, to);
    }
    return evaluations;
  }

  #bestPlace(item: number, from: number): number {
    const state = this.#state;
    let best = -1;
    let bestCost = Infinity;
    for (let to = 0; to < state.binCount; to += 1) {
      if (to === from || !state.allowsShift(item, to)) continue;
      const cost = state.costWith(item, to) - state.binCost[to]! + state.moveCosts.at(item, to);
      if (cost >= bestCost) continue;
      best = to;
      bestCost = cost;
    }
    return best;
  }

  #shift(item: number, to: number): void {
    this.#moved[this.#movedCount] = item;
    this.#movedFrom[this.#movedCount] = this.#state.itemBin[item]!;
    this.#movedCount += 1;
    this.#state.shift(item, to);
  }

  #undo(): void {
    while (this.#movedCount > 0) {
      this.#movedCount -= 1;
      this.#state.shift(this.#moved[this.#movedCount]!, this.#movedFrom[this.#movedCount]!);
    }
  }
}
