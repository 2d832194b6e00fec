import { Draws, type AnnealingParts } from './draws';
import type { Incumbent } from './incumbent';
import type { Likeness } from './likeness';
import { LimitPrices } from './limit-prices';
import type { SearchState } from './search-state';

/** Shares of the kinds of change that are tried; what is left are shifts. */
export interface YieldingMix {
  readonly swap: number;
  readonly chain: number;
  /** Of the swaps: of two items that are alike. */
  readonly alike: number;
  /** Of the chains: the last item goes home. */
  readonly homing: number;
}

interface YieldingAnnealerInput extends AnnealingParts {
  readonly likeness: Likeness;
  readonly mix: YieldingMix;
  /** The temperature scale of the model, from which prices start. */
  readonly scale: number;
}

/** Draws for a bin that could hold an item. */
const DRAWS_MAX = 4;

/**
 * Simulated annealing that goes through what is forbidden. Where bins are full, the ways
 * from one good assignment to another lead over full bins, and a search that keeps to every
 * limit at every step settles far too early. Here what a bin lacks has a price, which rises
 * as it cools, until nothing is short any more. All other constraints hold at every step.
 *
 * Three kinds of change: shifts; swaps, mostly of items that are alike; and chains, an item taking the
 * place of another, which goes home or anywhere. Where transient resources are short, chains are
 * what works: a place there is taken by whoever has arrived.
 */
export class YieldingAnnealer {
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #draws: Draws;
  readonly #likeness: Likeness;
  readonly #prices: LimitPrices;
  readonly #mix: YieldingMix;

  constructor({ likeness, mix, scale, ...parts }: YieldingAnnealerInput) {
    this.#state = parts.state;
    this.#incumbent = parts.incumbent;
    this.#draws = new Draws(parts);
    this.#likeness = likeness;
    this.#prices = new LimitPrices(parts.state.room, scale);
    this.#mix = mix;
  }

  /** Lets limits be cheap again. */
  restart(): void {
    this.#prices.restart();
  }

  /** `shortShare`: of the bins, how many may be short of something from now on. */
  steer(shortShare: number): void {
    this.#prices.steer((shortShare * this.#state.binCount) / Math.sqrt(this.#state.room.limitCount));
  }

  run(proposals: number, temperature: number): void {
    const draws = this.#draws;
    const { swap, chain } = this.#mix;
    for (let count = 0; count < proposals; count += 1) {
      const kind = draws.dice.next();
      const tolerance = draws.tolerance(temperature);
      const item = draws.item();
      if (kind < swap) this.#trySwap(item, tolerance);
      else if (kind < swap + chain) this.#tryChain(item, tolerance);
      else this.#tryShift(item, tolerance);
    }
  }

  #tryShift(item: number, tolerance: number): void {
    const state = this.#state;
    const { room } = state;
    const from = state.itemBin[item]!;
    const to = this.#drawBin(item, from);
    if (to < 0) return;
    const lacked = room.lack[from]! + room.lack[to]!;
    const delta = state.shiftDelta(item, to) - lacked;
    if (delta > tolerance || delta + room.lackWithout(item, from) + room.lackWith(item, to) > tolerance) return;
    if (!state.groupRules.allowsShift(item, from, to)) return;
    state.shift(item, to);
    this.#incumbent.note(item);
    this.#capture();
  }

  #trySwap(item: number, tolerance: number): void {
    const state = this.#state;
    const { room, groupRules } = state;
    const from = state.itemBin[item]!;
    const other = this.#drawOther(item, from, this.#mix.alike);
    if (other < 0 || !room.couldHold(other, from)) return;
    const bin = state.itemBin[other]!;
    const kin = state.itemGroup[item] === state.itemGroup[other];
    if (!kin && (groupRules.conflicts(item, bin) || groupRules.conflicts(other, from))) return;
    const delta = state.swapDelta(item, other) - room.lack[from]! - room.lack[bin]!;
    if (delta > tolerance || delta + room.lackReplacing(from, item, other) + room.lackReplacing(bin, other, item) > tolerance) return;
    if (!kin && !groupRules.allowsSwap(item, other, from, bin)) return;
    state.swap(item, other);
    this.#incumbent.note(item);
    this.#incumbent.note(other);
    this.#capture();
  }

  #tryChain(item: number, tolerance: number): void {
    const state = this.#state;
    const { room, groupRules } = state;
    const from = state.itemBin[item]!;
    const other = this.#drawOther(item, from, 0);
    if (other < 0 || state.itemGroup[item] === state.itemGroup[other]) return;
    const via = state.itemBin[other]!;
    if (groupRules.conflicts(item, via)) return;
    const to = this.#draws.dice.next() < this.#mix.homing ? state.initial[other]! : this.#drawBin(other, via);
    if (to < 0 || to === via || to === from || groupRules.conflicts(other, to)) return;
    const delta = state.ejectDelta(item, other, to) - room.lack[from]! - room.lack[via]! - room.lack[to]!;
    if (delta > tolerance || delta + room.lackWithout(item, from) + room.lackReplacing(via, other, item) + room.lackWith(other, to) > tolerance) return;
    if (!groupRules.allowsEject(item, other, { from, via, to })) return;
    state.shift(other, to);
    state.shift(item, via);
    this.#incumbent.note(item);
    this.#incumbent.note(other);
    this.#capture();
  }

  /** A bin other than `from` that could hold the item and holds none of its group; -1 = none was drawn. */
  #drawBin(item: number, from: number): number {
    const state = this.#state;
    for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
      const bin = this.#draws.dice.integer(state.binCount);
      if (bin !== from && state.room.couldHold(item, bin)) return state.groupRules.conflicts(item, bin) ? -1 : bin;
    }
    return -1;
  }

  /** A movable item elsewhere, on a bin that could hold the item; -1 = none was drawn. */
  #drawOther(item: number, from: number, alikeShare: number): number {
    const state = this.#state;
    let other: number;
    if (this.#draws.dice.next() < alikeShare) {
      other = this.#likeness.another(item, this.#draws.dice);
      const bin = state.itemBin[other]!;
      if (bin === from || !state.room.couldHold(item, bin)) return -1;
    } else {
      const bin = this.#drawBin(item, from);
      if (bin < 0) return -1;
      const count = state.contents.count(bin);
      if (count === 0) return -1;
      other = state.contents.list(bin)[this.#draws.dice.integer(count)]!;
    }
    return this.#draws.isMovable[other] === 1 ? other : -1;
  }

  #capture(): void {
    if (this.#state.room.shortCount === 0 && this.#state.cost < this.#incumbent.cost) this.#incumbent.capture();
  }
}
