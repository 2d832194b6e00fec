import type { Random } from '@/lib/platform/random';
import { Dice } from './dice';
import type { Incumbent } from './incumbent';
import type { SearchState } from './search-state';

/** What every annealer works with. */
export interface AnnealingParts {
  readonly state: SearchState;
  readonly incumbent: Incumbent;
  /** Items that may move. */
  readonly movable: Int32Array;
  readonly random: Random;
}

/** A power of two. */
const NOISE_SIZE = 2_048;

/**
 * The chance in an annealer. A change is taken when it costs less than the temperature times
 * an exponential deviate, which is Metropolis' rule with the dice cast first, so that a
 * hopeless change is dropped as early as possible.
 */
export class Draws {
  readonly dice: Dice;
  /** By item: 1 = may move. */
  readonly isMovable: Uint8Array;
  readonly #movable: Int32Array;
  readonly #noise: Float64Array;

  constructor({ state, movable, random }: AnnealingParts) {
    this.#movable = movable;
    this.isMovable = new Uint8Array(state.itemCount);
    for (const item of movable) this.isMovable[item] = 1;
    this.dice = new Dice(random);
    this.#noise = Float64Array.from({ length: NOISE_SIZE }, () => random.exponential(1));
  }

  /** What the next change may cost. */
  tolerance(temperature: number): number {
    return temperature * this.#noise[this.dice.integer(NOISE_SIZE)]!;
  }

  /** One that may move. */
  item(): number {
    return this.#movable[this.dice.integer(this.#movable.length)]!;
  }
}
