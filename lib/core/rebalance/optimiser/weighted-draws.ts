import type { Dice } from './dice';
import type { SearchState } from './search-state';

/** What an item costs where bins are beyond every line, in terms of the temperature, when it is drawn most often. */
const FAVOURED_WEIGHT = 60;
/** Of how often that is, the least for lighter ones. */
const LIGHT_SHARE = 0.02;
/** Slots of the table: at least so many, and so many per item. */
const SLOTS_MIN = 4_096;
const SLOTS_PER_ITEM = 4;

/**
 * Draws items by how much is decided about them at a temperature. Of those that are light in terms
 * of it, nothing is: wherever they are put, they do not stay. Of heavy ones much is decided
 * already, but what is left to decide about them counts most. So the favoured weight falls
 * with the temperature; lighter items are drawn in proportion to their weight, heavier ones by its
 * inverse root. The chance of an item does not depend on where anything is, which is what
 * annealing asks of it.
 */
export class WeightedDraws {
  readonly #items: Int32Array;
  readonly #weights: Float64Array;
  readonly #upTo: Float64Array;
  /** The items, each as often as it is to be drawn. */
  readonly #slots: Int32Array;

  constructor(state: SearchState, items: Int32Array) {
    this.#items = items;
    this.#weights = Float64Array.from(items, (item) => state.weight(item));
    this.#upTo = new Float64Array(items.length);
    this.#slots = new Int32Array(Math.max(SLOTS_MIN, SLOTS_PER_ITEM * items.length));
  }

  /** The temperature is another one from now on. */
  favour(temperature: number): void {
    const favoured = FAVOURED_WEIGHT * temperature;
    let sum = 0;
    this.#weights.forEach((weight, at) => {
      const ratio = weight / favoured;
      sum += ratio > 1 ? 1 / Math.sqrt(ratio) : Math.max(LIGHT_SHARE, ratio);
      this.#upTo[at] = sum;
    });
    const slots = this.#slots;
    let at = 0;
    for (let slot = 0; slot < slots.length; slot += 1) {
      const wanted = ((slot + 0.5) / slots.length) * sum;
      while (at < this.#items.length - 1 && this.#upTo[at]! < wanted) at += 1;
      slots[slot] = this.#items[at]!;
    }
  }

  /** `favour` must have been called. */
  item(dice: Dice): number {
    return this.#slots[dice.integer(this.#slots.length)]!;
  }
}
