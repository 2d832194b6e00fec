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
  readonly #count: number;
  readonly #alike: Int32Array;

  constructor(state: SearchState, random: Random) {
    const { itemCount } = state;
    const perItem = Math.max(ALIKE, Math.floor(DISTANCES_MAX / itemCount));
    const orders = perItem >= itemCount ? [state.itemsByMixture(null)] : [null, random, random].map((mixture) => state.itemsByMixture(mixture));
    const reach = orders.length === 1 ? itemCount : Math.ceil(perItem / orders.length / 2);
    this.#count = Math.min(ALIKE, itemCount - 1);
    this.#alike = new Int32Array(this.#count * itemCount);
    const places = orders.map((order) => placesIn(order));
    const chosen = new Int32Array(this.#count);
    const distances = new Float64Array(this.#count);
    for (let item = 0; item < itemCount; item += 1) {
      let found = 0;
      orders.forEach((order, index) => {
        const place = places[index]![item]!;
        for (let at = Math.max(0, place - reach); at <= Math.min(itemCount - 1, place + reach); at += 1) {
          const other = order[at]!;
          if (other === item) continue;
          const distance = state.distance(item, other);
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
