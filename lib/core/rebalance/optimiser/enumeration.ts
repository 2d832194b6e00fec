import type { Incumbent } from './incumbent';
import type { SearchState } from './search-state';

/** What fits between two looks at a clock. */
const ASSIGNMENTS_MAX = 5_000;
/** The same for models with many items of which few may move. */
const PLACES_MAX = 200_000;
/** Sums of other numbers may differ in their last digits, and a tie is no reason to move anything. */
const ROUNDING = 1e-9;

/**
 * Every assignment of a model that has few enough of them. Where there are half a dozen items,
 * the best assignment can be one that no series of small changes leads to without breaking a
 * constraint on the way, and looking at all of them is quicker than any search.
 */
export class Enumeration {
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #movable: Int32Array;
  /** Of each movable item, the bins that could hold it; a digit points into them. */
  readonly #bins: readonly Int32Array[];
  readonly #digits: Int32Array;
  readonly #assignment: Int32Array;
  #isDone = false;

  private constructor({ state, incumbent, movable, bins }: { state: SearchState; incumbent: Incumbent; movable: Int32Array; bins: readonly Int32Array[] }) {
    this.#state = state;
    this.#incumbent = incumbent;
    this.#movable = movable;
    this.#bins = bins;
    this.#digits = new Int32Array(movable.length);
    this.#assignment = state.initial.slice();
  }

  /** `null` = too many assignments, or a start that breaks a rule of a group, which only must not get worse. */
  static of({ state, incumbent, movable, workUnits }: { state: SearchState; incumbent: Incumbent; movable: Int32Array; workUnits: number }): Enumeration | null {
    const countMax = Math.min(ASSIGNMENTS_MAX, PLACES_MAX / state.itemCount, workUnits);
    if (state.binCount > countMax || !state.groupRules.hold()) return null;
    const bins: Int32Array[] = [];
    let count = 1;
    for (const item of movable) {
      const possible = Int32Array.from({ length: state.binCount }, (_, bin) => bin).filter((bin) => state.room.couldHold(item, bin));
      count *= possible.length;
      if (count > countMax) return null;
      bins.push(possible);
    }
    return new Enumeration({ state, incumbent, movable, bins });
  }

  /** Looks at about so many assignments. Returns how many there were, and whether those were the last. */
  run(evaluationsMax: number): { evaluations: number; isDone: boolean } {
    let evaluations = 0;
    while (!this.#isDone && evaluations < evaluationsMax) {
      evaluations += 1;
      this.#movable.forEach((item, at) => { this.#assignment[item] = this.#bins[at]![this.#digits[at]!]!; });
      if (!this.#hasConflict()) this.#judge();
      this.#advance();
    }
    this.#incumbent.restore();
    return { evaluations, isDone: this.#isDone };
  }

  #judge(): void {
    const state = this.#state;
    state.reset(this.#assignment);
    if (state.cost >= this.#incumbent.cost - ROUNDING * Math.abs(this.#incumbent.cost) || !state.groupRules.hold()) return;
    for (let bin = 0; bin < state.binCount; bin += 1) if (!state.room.isKept(bin)) return;
    this.#incumbent.replace(this.#assignment, state.cost);
  }

  /** Two items of a group on one bin, which no assignment under change may have even for a moment. */
  #hasConflict(): boolean {
    const { itemGroup } = this.#state;
    for (const item of this.#movable) {
      for (let other = 0; other < this.#assignment.length; other += 1) {
        if (other !== item && itemGroup[other] === itemGroup[item] && this.#assignment[other] === this.#assignment[item]) return true;
      }
    }
    return false;
  }

  #advance(): void {
    for (let at = 0; at < this.#digits.length; at += 1) {
      this.#digits[at]! += 1;
      if (this.#digits[at]! < this.#bins[at]!.length) return;
      this.#digits[at] = 0;
    }
    this.#isDone = true;
  }
}
