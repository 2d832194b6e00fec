import { Draws, type AnnealingParts } from './draws';
import type { Incumbent } from './incumbent';
import type { Likeness } from './likeness';
import { LimitPrices } from './limit-prices';
import { Reach } from './reach';
import type { SearchState } from './search-state';
import { WeightedDraws } from './weighted-draws';

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

/** Draws for an item that could change places with another. */
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
  readonly #reach: Reach;
  readonly #weighted: WeightedDraws;
  readonly #likeness: Likeness;
  readonly #prices: LimitPrices;
  readonly #mix: YieldingMix;
  #leastKept = Infinity;

  constructor({ likeness, mix, scale, ...parts }: YieldingAnnealerInput) {
    this.#state = parts.state;
    this.#incumbent = parts.incumbent;
    this.#reach = new Reach(parts.state, parts.movable);
    this.#draws = new Draws({ ...parts, movable: this.#reach.movable });
    this.#weighted = new WeightedDraws(parts.state, this.#reach.movable);
    this.#likeness = likeness;
    this.#prices = new LimitPrices(parts.state.room, scale);
    this.#mix = mix;
  }

  get canMove(): boolean {
    return this.#reach.movable.length > 0;
  }

  /** The least cost while no bin was short, nor was to be. */
  get leastKept(): number {
    return this.#leastKept;
  }

  /** Lets limits be cheap again. */
  restart(): void {
    this.#prices.restart();
  }

  /** `shortShare`: of the bins, how many may be short of something from now on. */
  steer(shortShare: number): void {
    if (shortShare > 0) this.#leastKept = Infinity;
    this.#prices.steer((shortShare * this.#state.binCount) / Math.sqrt(this.#state.room.limitCount));
  }

  /** Items are drawn as suits the temperature from now on. Takes as long as some thousand proposals. */
  favour(temperature: number): void {
    this.#weighted.favour(temperature);
  }

  run(proposals: number, temperature: number): void {
    const draws = this.#draws;
    const { swap, chain } = this.#mix;
    for (let count = 0; count < proposals; count += 1) {
      const kind = draws.dice.next();
      const tolerance = draws.tolerance(temperature);
      const item = this.#weighted.item(draws.dice);
      if (kind < swap) this.#trySwap(item, tolerance);
      else if (kind < swap + chain) this.#tryChain(item, tolerance);
      else this.#tryShift(item, tolerance);
    }
  }

  #tryShift(item: number, tolerance: number): void {
    const state = this.#state;
    const { room } = state;
    const from = state.itemBin[item]!;
    const to = this.#reach.draw(item, from, this.#draws.dice);
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
    const other = this.#draws.dice.next() < this.#mix.alike ? this.#drawAlike(item, from) : this.#drawOn(item, from, true);
    if (other < 0) return;
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
    const other = this.#drawOn(item, from, false);
    if (other < 0 || state.itemGroup[item] === state.itemGroup[other]) return;
    const via = state.itemBin[other]!;
    if (groupRules.conflicts(item, via)) return;
    const home = state.initial[other]!;
    const to = home !== via && this.#draws.dice.next() < this.#mix.homing ? home : this.#reach.draw(other, via, this.#draws.dice);
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

  /** One that is alike, elsewhere, where each could take the other's place; -1 = none was drawn. */
  #drawAlike(item: number, from: number): number {
    const { itemBin } = this.#state;
    const { dice, isMovable } = this.#draws;
    for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
      const other = this.#likeness.another(item, dice);
      const bin = itemBin[other]!;
      if (bin !== from && isMovable[other] === 1 && this.#reach.couldHold(item, bin) && this.#reach.couldHold(other, from)) return other;
    }
    return -1;
  }

  /** A movable item on a bin that could hold this one, and that itself could be held where this one is, if it `swaps`; -1 = none was drawn. */
  #drawOn(item: number, from: number, swaps: boolean): number {
    const { contents } = this.#state;
    const { dice, isMovable } = this.#draws;
    const bin = this.#reach.draw(item, from, dice);
    if (bin < 0) return -1;
    const count = contents.count(bin);
    const list = contents.list(bin);
    const offset = dice.integer(count);
    for (let at = 0; at < count; at += 1) {
      const other = list[at + offset < count ? at + offset : at + offset - count]!;
      if (isMovable[other] === 1 && (!swaps || this.#reach.couldHold(other, from))) return other;
    }
    return -1;
  }

  #capture(): void {
    const { cost, room } = this.#state;
    if (cost >= this.#leastKept || room.shortCount > 0) return;
    this.#leastKept = cost;
    if (cost < this.#incumbent.cost) this.#incumbent.capture();
  }
}
