import type { Random } from '@/lib/platform/random';
import { Dice } from './dice';
import type { Incumbent } from './incumbent';
import type { Likeness } from './likeness';
import type { SearchState } from './search-state';

/** Shares of the kinds of change that are tried; what is left are shifts to any bin. */
export interface Mix {
  readonly homing: number;
  readonly swap: number;
  readonly eject: number;
}

export interface AnnealerInput {
  readonly state: SearchState;
  readonly incumbent: Incumbent;
  /** Items that may move. */
  readonly movable: Int32Array;
  readonly random: Random;
  readonly mix: Mix;
  /**
   * What an item away from its initial bin costs besides, in terms of the temperature: there are so many places to be away
   * and one to be at home that a hot search empties the homes, and a cold one finds few ways back.
   */
  readonly homePull: number;
}

/** Of the swaps: with an item that is alike, where it is known which are. */
const ALIKE_SWAPS = 0.5;
/** A power of two. */
const NOISE_SIZE = 2_048;

/**
 * Simulated annealing by random changes; the temperature is the caller's. A change is taken
 * when it costs less than the temperature times an exponential deviate, which is Metropolis'
 * rule with the dice cast first, so that a hopeless change is dropped as early as possible.
 *
 * Besides shifts and swaps there is the ejection: an item goes to a bin that another, which is
 * not at home, leaves for its home. Where transient resources are short, what a bin can take in is used up by
 * what has arrived, whatever has left it, so that trading arrivals is nearly the only way on.
 */
export class Annealer {
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #movable: Int32Array;
  readonly #isMovable: Uint8Array;
  readonly #dice: Dice;
  readonly #noise: Float64Array;
  readonly #homePull: number;
  #pull = 0;
  #likeness: Likeness | null = null;
  readonly #homingBelow: number;
  readonly #swapBelow: number;
  readonly #ejectBelow: number;

  constructor({ state, incumbent, movable, random, mix, homePull }: AnnealerInput) {
    this.#state = state;
    this.#incumbent = incumbent;
    this.#movable = movable;
    this.#isMovable = new Uint8Array(state.itemCount);
    for (const item of movable) this.#isMovable[item] = 1;
    this.#dice = new Dice(random);
    this.#noise = Float64Array.from({ length: NOISE_SIZE }, () => random.exponential(1));
    this.#homePull = homePull;
    this.#homingBelow = mix.homing;
    this.#swapBelow = mix.homing + mix.swap;
    this.#ejectBelow = mix.homing + mix.swap + mix.eject;
  }

  /** Swaps are more often of items that are alike from now on. */
  prefer(likeness: Likeness): void {
    this.#likeness = likeness;
  }

  run(proposals: number, temperature: number): void {
    this.#pull = temperature * this.#homePull;
    const dice = this.#dice;
    const state = this.#state;
    const movable = this.#movable;
    for (let count = 0; count < proposals; count += 1) {
      const kind = dice.next();
      const tolerance = temperature * this.#noise[dice.integer(NOISE_SIZE)]!;
      const item = movable[dice.integer(movable.length)]!;
      if (kind >= this.#ejectBelow) this.#tryShift(item, dice.integer(state.binCount), tolerance);
      else if (kind >= this.#swapBelow) this.#tryEject(item, tolerance);
      else if (kind >= this.#homingBelow) this.#trySwap(item, this.#drawOther(item), tolerance);
      else this.#tryHoming(tolerance);
    }
  }

  #tryShift(item: number, to: number, tolerance: number): void {
    const state = this.#state;
    const from = state.itemBin[item]!;
    if (from === to || state.groupRules.conflicts(item, to) || !state.room.has(item, to)) return;
    if (state.shiftDelta(item, to) + this.#pullDelta(item, from, to) > tolerance || !state.groupRules.allowsShift(item, from, to)) return;
    state.shift(item, to);
    this.#incumbent.note(item);
    if (state.cost < this.#incumbent.cost) this.#incumbent.capture();
  }

  #pullDelta(item: number, from: number, to: number): number {
    const initial = this.#state.initial[item]!;
    return from === initial ? this.#pull : to === initial ? -this.#pull : 0;
  }

  #tryHoming(tolerance: number): void {
    const state = this.#state;
    const { count, items } = state.displaced;
    if (count === 0) return;
    const item = items[this.#dice.integer(count)]!;
    this.#tryShift(item, state.initial[item]!, tolerance);
  }

  #drawOther(item: number): number {
    const dice = this.#dice;
    if (this.#likeness !== null && dice.next() < ALIKE_SWAPS) {
      const other = this.#likeness.another(item, dice);
      if (this.#isMovable[other] === 1) return other;
    }
    return this.#movable[dice.integer(this.#movable.length)]!;
  }

  #trySwap(first: number, second: number, tolerance: number): void {
    const state = this.#state;
    const firstBin = state.itemBin[first]!;
    const secondBin = state.itemBin[second]!;
    if (firstBin === secondBin) return;
    const kin = state.itemGroup[first] === state.itemGroup[second];
    if (!kin && (state.groupRules.conflicts(first, secondBin) || state.groupRules.conflicts(second, firstBin))) return;
    if (!state.room.hasFor(first, secondBin, second) || !state.room.hasFor(second, firstBin, first)) return;
    if (state.swapDelta(first, second) + this.#pullDelta(first, firstBin, secondBin) + this.#pullDelta(second, secondBin, firstBin) > tolerance) return;
    if (!kin && !state.groupRules.allowsSwap(first, second, firstBin, secondBin)) return;
    state.swap(first, second);
    this.#incumbent.note(first);
    this.#incumbent.note(second);
    if (state.cost < this.#incumbent.cost) this.#incumbent.capture();
  }

  /** The item goes to where one that is not at home is, and that one goes home. */
  #tryEject(item: number, tolerance: number): void {
    const state = this.#state;
    const { count, items } = state.displaced;
    if (count === 0) return;
    const ejected = items[this.#dice.integer(count)]!;
    const from = state.itemBin[item]!;
    const via = state.itemBin[ejected]!;
    const home = state.initial[ejected]!;
    if (from === via || state.itemGroup[item] === state.itemGroup[ejected]) return;
    // Without a pull there shall be none by the back door: an exchange of one that is out for one that is at home has its like the other way round.
    if (this.#homePull === 0 && from !== state.initial[item]) return;
    if (home === from) {
      this.#trySwap(item, ejected, tolerance);
      return;
    }
    if (state.groupRules.conflicts(item, via) || state.groupRules.conflicts(ejected, home)) return;
    if (!state.room.hasFor(item, via, ejected) || !state.room.has(ejected, home)) return;
    if (state.ejectDelta(item, ejected, home) + this.#pullDelta(item, from, via) - this.#pull > tolerance || !state.groupRules.allowsEject(item, ejected, { from, via, to: home })) return;
    state.shift(ejected, home);
    state.shift(item, via);
    this.#incumbent.note(item);
    this.#incumbent.note(ejected);
    if (state.cost < this.#incumbent.cost) this.#incumbent.capture();
  }
}
