import { Draws, type AnnealingParts } from './draws';
import type { Incumbent } from './incumbent';
import type { Likeness } from './likeness';
import type { SearchState } from './search-state';

/** Shares of the kinds of change that are tried; what is left are shifts to any bin. */
export interface Mix {
  readonly homing: number;
  readonly swap: number;
  readonly eject: number;
}

interface AnnealerInput extends AnnealingParts {
  readonly mix: Mix;
  /**
   * What an item away from its initial bin costs besides, in terms of the temperature: there are so many places to be away
   * and one to be at home that a hot search empties the homes, and a cold one finds few ways back.
   */
  readonly homePull: number;
}

/** Of the swaps: with an item that is alike, where it is known which are. */
const ALIKE_SWAPS = 0.5;

/**
 * Simulated annealing by random changes; the temperature is the caller's. Besides shifts and swaps there is the ejection: an item goes to a bin that another, which is
 * not at home, leaves for its home. Where transient resources are short, what a bin can take in is used up by
 * what has arrived, whatever has left it, so that trading arrivals is nearly the only way on.
 */
export class Annealer {
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #draws: Draws;
  readonly #homePull: number;
  #pull = 0;
  #likeness: Likeness | null = null;
  readonly #homingBelow: number;
  readonly #swapBelow: number;
  readonly #ejectBelow: number;

  constructor({ mix, homePull, ...parts }: AnnealerInput) {
    this.#state = parts.state;
    this.#incumbent = parts.incumbent;
    this.#draws = new Draws(parts);
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
    const draws = this.#draws;
    for (let count = 0; count < proposals; count += 1) {
      const kind = draws.dice.next();
      const tolerance = draws.tolerance(temperature);
      const item = draws.item();
      if (kind >= this.#ejectBelow) this.#tryShift(item, draws.dice.integer(this.#state.binCount), tolerance);
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
    const item = items[this.#draws.dice.integer(count)]!;
    this.#tryShift(item, state.initial[item]!, tolerance);
  }

  #drawOther(item: number): number {
    const { dice, isMovable } = this.#draws;
    if (this.#likeness !== null && dice.next() < ALIKE_SWAPS) {
      const other = this.#likeness.another(item, dice);
      if (isMovable[other] === 1) return other;
    }
    return this.#draws.item();
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
    const ejected = items[this.#draws.dice.integer(count)]!;
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
