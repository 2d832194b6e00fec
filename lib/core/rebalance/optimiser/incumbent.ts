import type { SearchState } from './search-state';

/**
 * The best assignment seen. Only what changed since the last best is copied, so that a
 * search which improves a hundred thousand times does not copy a million items each time.
 */
export class Incumbent {
  readonly assignment: Int32Array;
  cost: number;
  readonly #state: SearchState;
  readonly #changed: Int32Array;
  readonly #isChanged: Uint8Array;
  #changedCount = 0;

  constructor(state: SearchState) {
    this.#state = state;
    this.assignment = state.itemBin.slice();
    this.cost = state.cost;
    this.#changed = new Int32Array(state.itemCount);
    this.#isChanged = new Uint8Array(state.itemCount);
  }

  /** The item was moved. */
  note(item: number): void {
    if (this.#isChanged[item] === 1) return;
    this.#isChanged[item] = 1;
    this.#changed[this.#changedCount++] = item;
  }

  /** Takes the state over if it is better. */
  capture(): boolean {
    if (this.#state.cost >= this.cost) return false;
    const itemBin = this.#state.itemBin;
    for (let at = 0; at < this.#changedCount; at += 1) {
      const item = this.#changed[at]!;
      this.assignment[item] = itemBin[item]!;
    }
    this.cost = this.#state.cost;
    this.#forget();
    return true;
  }

  /** Brings the state back to the best. */
  restore(): void {
    this.#state.reset(this.assignment);
    this.cost = this.#state.cost;
    this.#forget();
  }

  /** Takes over what was found elsewhere, if it is better. */
  replace(assignment: Int32Array, cost: number): boolean {
    if (cost >= this.cost) return false;
    this.assignment.set(assignment);
    this.cost = cost;
    // The state has nothing to do with it: everything is different.
    for (let item = 0; item < this.assignment.length; item += 1) this.note(item);
    return true;
  }

  #forget(): void {
    for (let at = 0; at < this.#changedCount; at += 1) this.#isChanged[this.#changed[at]!] = 0;
    this.#changedCount = 0;
  }
}
