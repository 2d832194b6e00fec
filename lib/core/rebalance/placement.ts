import { assert } from '@/lib/platform/assert';
import { atOnce, ROWS_PER_TURN } from '@/lib/platform/in-turns';
import type { Change } from './change';
import type { Problem } from './problem';

/** One addition each. */
const SUMMED_PER_TURN = 4 * ROWS_PER_TURN;

/** Where every item is now, with the sums that follow; the one mutable thing while planning. */
export class Placement {
  readonly itemBin: Int32Array;
  /** Per dimension, what each bin's items require; all zero where the dimension is unknown. */
  readonly level: readonly Float64Array[];
  /** Per dimension with a capacity, what is in use on each bin, transient space not given back. */
  readonly used: readonly (Float64Array | null)[];
  /** Per bin, copies that came and went since the start. */
  readonly arrivals: Int32Array;
  readonly departures: Int32Array;
  #bytesMoved = 0;
  /** Per dimension, what the bins have been relieved of and may not count on yet. */
  readonly #unreclaimed: readonly (Float64Array | null)[];

  constructor(readonly problem: Problem) {
    this.itemBin = problem.itemBin.slice();
    this.level = startLevelsOf(problem).map((level) => level.slice());
    this.used = problem.dimensions.map((dimension) => dimension.capacity?.used.slice() ?? null);
    this.arrivals = new Int32Array(problem.binIds.length);
    this.departures = new Int32Array(problem.binIds.length);
    this.#unreclaimed = problem.dimensions.map(({ capacity }) => (capacity?.transient === true ? new Float64Array(problem.binIds.length) : null));
  }

  get bytesMoved(): number {
    return this.#bytesMoved;
  }

  /** All moves so far have ended and their sources report the space as free: it can be counted on from here. */
  reclaim(): void {
    this.#unreclaimed.forEach((left, index) => {
      const used = this.used[index];
      if (left === null || used === null || used === undefined) return;
      for (let bin = 0; bin < left.length; bin += 1) used[bin]! -= left[bin]!;
      left.fill(0);
    });
  }

  /**
   * Sums the levels anew in item order. Increments drift by rounding; a pass that begins
   * with exact sums decides the same as a plan made later from the same placement (P7).
   */
  rebuild(): void {
    sumByBin(this.level, this.problem, this.itemBin);
  }

  /** The item of a group on a bin, -1 when it has none there. */
  itemOn(group: number, bin: number): number {
    const { groupStart } = this.problem;
    for (let item = groupStart[group]!; item < groupStart[group + 1]!; item += 1) {
      if (this.itemBin[item] === bin) return item;
    }
    return -1;
  }

  apply(change: Change): void {
    if (change.kind === 'shift') this.shift(this.itemOn(change.group, change.from), change.to);
    else this.transfer(change.group, change.to);
  }

  shift(item: number, to: number): void {
    assert(item >= 0 && to >= 0, 'A shift needs an item and a bin');
    const from = this.itemBin[item]!;
    this.itemBin[item] = to;
    this.arrivals[to]! += 1;
    this.departures[from]! += 1;
    this.#bytesMoved += this.problem.groupBytes[this.problem.itemGroup[item]!]!;
    this.#carry(this.problem.itemRow[item]!, -1, from, to, true);
  }

  /** Takes the last shift of the item back, as if it had never been. */
  undoShift(item: number, to: number): void {
    const from = this.itemBin[item]!;
    const row = this.problem.itemRow[item]!;
    this.shift(item, to);
    this.arrivals[from]! -= 1;
    this.departures[to]! -= 1;
    this.arrivals[to]! -= 1;
    this.departures[from]! -= 1;
    this.#bytesMoved -= 2 * this.problem.groupBytes[this.problem.itemGroup[item]!]!;
    this.problem.dimensions.forEach(({ requirement, capacity }, index) => {
      if (requirement === null || capacity?.transient !== true) return;
      const amount = requirement[row]!;
      this.used[index]![to]! -= amount;
      this.used[index]![from]! -= amount;
      this.#unreclaimed[index]![to]! -= amount;
      this.#unreclaimed[index]![from]! -= amount;
    });
  }

  /** The group's primary and its item on `to` change places; no data moves. */
  transfer(group: number, to: number): void {
    const { groupStart, itemRow } = this.problem;
    const primary = groupStart[group]!;
    const secondary = this.itemOn(group, to);
    assert(secondary > primary, 'A transfer needs a secondary on its target');
    const from = this.itemBin[primary]!;
    this.itemBin[primary] = to;
    this.itemBin[secondary] = from;
    this.#carry(itemRow[primary]!, itemRow[secondary]!, from, to, false);
  }

  /** Takes `rowOut` from one bin to the other and `rowBack` (-1 = nothing) the other way. */
  #carry(rowOut: number, rowBack: number, from: number, to: number, withData: boolean): void {
    const { dimensions } = this.problem;
    for (let index = 0; index < dimensions.length; index += 1) {
      const { requirement, capacity } = dimensions[index]!;
      if (requirement === null) continue;
      const amount = requirement[rowOut]! - (rowBack < 0 ? 0 : requirement[rowBack]!);
      this.level[index]![from]! -= amount;
      this.level[index]![to]! += amount;
      const used = this.used[index];
      if (capacity === null || used === null || used === undefined) continue;
      if (withData || !capacity.transient) used[to]! += amount;
      if (!capacity.transient) used[from]! -= amount;
      else if (withData) this.#unreclaimed[index]![from]! += amount;
    }
  }
}

function sumByBin(levels: readonly Float64Array[], problem: Problem, itemBin: Int32Array): void {
  problem.dimensions.forEach(({ requirement }, index) => { addByBin(levels[index]!.fill(0), requirement, problem, itemBin); });
}

/** Of all items, or of those in a range of them. */
function addByBin(level: Float64Array, requirement: Float64Array | null, { itemRow }: Problem, itemBin: Int32Array, items = { from: 0, until: itemRow.length }): void {
  if (requirement === null) return;
  const until = Math.min(items.until, itemRow.length);
  for (let item = items.from; item < until; item += 1) {
    const bin = itemBin[item]!;
    if (bin >= 0) level[bin]! += requirement[itemRow[item]!]!;
  }
}

/** Every plan looks at its start many times over; a problem does not change, so that its sums need be made but once. */
const startLevels = new WeakMap<Problem, readonly Float64Array[]>();

function startLevelsOf(problem: Problem): readonly Float64Array[] {
  return startLevels.get(problem) ?? atOnce(sumStartLevels(problem));
}

/** Makes the sums of the start with rests, so that the placements made next cost but their copies. */
export function* sumStartLevels(problem: Problem): Generator<void, readonly Float64Array[]> {
  const levels: Float64Array[] = [];
  for (const { requirement } of problem.dimensions) {
    const level = new Float64Array(problem.binIds.length);
    for (let from = 0; from < problem.itemRow.length; from += SUMMED_PER_TURN) {
      addByBin(level, requirement, problem, problem.itemBin, { from, until: from + SUMMED_PER_TURN });
      yield;
    }
    levels.push(level);
  }
  startLevels.set(problem, levels);
  return levels;
}
