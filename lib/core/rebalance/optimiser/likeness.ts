import type { Random } from '@/lib/platform/random';
import type { Dice } from './dice';
import type { SearchState } from './search-state';

/** Of each item, so many of those most like it are known. */
const ALIKE = 30;
/** Distances that the search for them may take. */
const DISTANCES_MAX = 20_000_000;

/**
 * Which items are alike in what they do to a bin's cost. An exchange of two that are changes
 * little: once large items have found their places, it is nearly the only change that a large
 * item still takes part in.
 *
 * Small models are compared pair by pair. In large ones only items near each other in the order of
 * weight, and in the order of two random mixtures of terms, are compared.
 */
export class Likeness {
  readonly #state: SearchState;
  readonly #count: number;
  readonly #alike: Int32Array;
  readonly #orders: readonly Int32Array[];
  readonly #places: readonly Int32Array[];
  readonly #reach: number;
  /** Of the item at hand, those found so far, the most alike first. */
  readonly #chosen: Int32Array;
  readonly #distances: Float64Array;
  /** Items before this one are seen to. */
  #item = 0;

  /** Nothing is known of any item before `build` has said that all is. */
  constructor(state: SearchState, random: Random) {
    const { itemCount } = state;
    this.#state = state;
    const perItem = Math.max(ALIKE, Math.floor(DISTANCES_MAX / itemCount));
    this.#orders = perItem >= itemCount ? [state.itemsByMixture(null)] : [null, random, random].map((mixture) => state.itemsByMixture(mixture));
    this.#reach = this.#orders.length === 1 ? itemCount : Math.ceil(perItem / this.#orders.length / 2);
    this.#count = Math.min(ALIKE, itemCount - 1);
    this.#alike = new Int32Array(this.#count * itemCount);
    this.#places = this.#orders.map((order) => placesIn(order));
    this.#chosen = new Int32Array(this.#count);
    this.#distances = new Float64Array(this.#count);
  }

  /** Compares about so many pairs; true once all is known. In one go the table of a large model would take a second. */
  build(distances: number): boolean {
    const { itemCount } = this.#state;
    const perItem = this.#orders.length * Math.min(itemCount, 2 * this.#reach);
    const until = Math.min(itemCount, this.#item + Math.max(1, Math.floor(distances / perItem)));
    for (; this.#item < until; this.#item += 1) this.#lookAround(this.#item);
    return this.#item === itemCount;
  }

  #lookAround(item: number): void {
    const chosen = this.#chosen;
    const distances = this.#distances;
    const last = this.#state.itemCount - 1;
    let found = 0;
    this.#orders.forEach((order, index) => {
      const place = this.#places[index]![item]!;
      for (let at = Math.max(0, place - this.#reach); at <= Math.min(last, place + this.#reach); at += 1) {
        const other = order[at]!;
        if (other === item) continue;
        const distance = this.#state.distance(item, other);
        if (found === this.#count && distance >= distances[found - 1]!) continue;
        if (index > 0 && chosen.subarray(0, found).includes(other)) continue;
        if (found < this.#count) found += 1;
        let slot = found - 1;
        for (; slot > 0 && distances[slot - 1]! > distance; slot -= 1) {
          distances[slot] = distances[slot - 1]!;
          chosen[slot] = chosen[slot - 1]!;
        }
        distances[slot] = distance;
        chosen[slot] = other;
      }
    });
    // Fewer than wanted are found only beside the ends of an order.
    for (let slot = found; slot < this.#count; slot += 1) chosen[slot] = chosen[slot % Math.max(1, found)]!;
    this.#alike.set(chosen, item * this.#count);
  }

  /** One of those that are most like the item. */
  another(item: number, dice: Dice): number {
    return this.#alike[item * this.#count + dice.integer(this.#count)]!;
  }
}

function placesIn(order: Int32Array): Int32Array {
  const places = new Int32Array(order.length);
  order.forEach((item, place) => { places[item] = place; });
  return places;
}
