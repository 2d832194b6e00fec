import type { Dice } from './dice';
import type { SearchState } from './search-state';

/** Items times bins up to which the bins of every item are listed. */
const PAIRS_MAX = 2_000_000;
const DRAWS_MAX = 4;

/**
 * The bins that could hold an item, were everything gone that can go. Where transient
 * resources are short that is few of them, whatever the assignment: to draw from those alone
 * is worth many draws from all, and an item that fits nowhere but at home needs none. Of
 * models with too many pairs to list nothing is kept, and every draw is looked at by itself.
 */
export class Reach {
  /** Of the movable items, those with a bin to go to. */
  readonly movable: Int32Array;
  readonly #state: SearchState;
  /** N + 1 offsets into `#bins`, its own bin at home included; `null` = not listed. */
  readonly #start: Int32Array | null;
  readonly #bins: Int32Array;
  /** One bit per (item, bin). */
  readonly #bits: Int32Array;
  readonly #words: number;

  constructor(state: SearchState, movable: Int32Array) {
    const { itemCount, binCount } = state;
    const isListed = itemCount * binCount <= PAIRS_MAX;
    this.#state = state;
    this.#words = (binCount + 31) >>> 5;
    this.#bits = new Int32Array(isListed ? itemCount * this.#words : 0);
    if (!isListed) {
      this.movable = movable;
      this.#start = null;
      this.#bins = new Int32Array(0);
      return;
    }
    const start = this.#mark();
    this.#start = start;
    this.#bins = this.#listed(start);
    this.movable = movable.filter((item) => start[item + 1]! - start[item]! > 1);
  }

  couldHold(item: number, bin: number): boolean {
    if (this.#start === null) return this.#state.room.couldHold(item, bin);
    return (this.#bits[item * this.#words + (bin >>> 5)]! & (1 << (bin & 31))) !== 0;
  }

  /** A bin other than `from` that could hold the item and holds none of its group; -1 = none was drawn. */
  draw(item: number, from: number, dice: Dice): number {
    const { groupRules, room, binCount } = this.#state;
    const start = this.#start;
    for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
      let bin: number;
      if (start === null) {
        bin = dice.integer(binCount);
        if (!room.couldHold(item, bin)) continue;
      } else {
        const at = start[item]!;
        bin = this.#bins[at + dice.integer(start[item + 1]! - at)]!;
      }
      if (bin !== from && !groupRules.conflicts(item, bin)) return bin;
    }
    return -1;
  }

  /** Sets the bits. Returns the offsets. */
  #mark(): Int32Array {
    const { itemCount, binCount, room } = this.#state;
    const start = new Int32Array(itemCount + 1);
    for (let item = 0; item < itemCount; item += 1) {
      let count = 0;
      for (let bin = 0; bin < binCount; bin += 1) {
        if (!room.couldHold(item, bin)) continue;
        this.#bits[item * this.#words + (bin >>> 5)]! |= 1 << (bin & 31);
        count += 1;
      }
      start[item + 1] = start[item]! + count;
    }
    return start;
  }

  #listed(start: Int32Array): Int32Array {
    const { itemCount, binCount } = this.#state;
    const bins = new Int32Array(start[itemCount]!);
    let at = 0;
    for (let item = 0; item < itemCount; item += 1) {
      for (let bin = 0; bin < binCount; bin += 1) {
        if ((this.#bits[item * this.#words + (bin >>> 5)]! & (1 << (bin & 31))) !== 0) bins[at++] = bin;
      }
    }
    return bins;
  }
}
