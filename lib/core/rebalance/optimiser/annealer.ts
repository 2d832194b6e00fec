import type { Random } from '@/lib/platform/random';
import type { Incumbent } from './incumbent';
import type { SearchState } from './search-state';

const NOISE_SIZE = 1 << 16;

/** Simulated annealing by random shifts and swaps; the temperature is the caller's. */
export class Annealer {
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #random: Random;
  readonly #movable: Int32Array;
  /** Exponential deviates of mean 1: a change is taken when it costs less than one of them times the temperature. */
  readonly #noise: Float64Array;
  swapShare = 0.4;
  accepted = 0;

  constructor({ state, incumbent, movable, random }: { state: SearchState; incumbent: Incumbent; movable: Int32Array; random: Random }) {
    this.#state = state;
    this.#incumbent = incumbent;
    this.#movable = movable;
    this.#random = random;
    this.#noise = Float64Array.from({ length: NOISE_SIZE }, () => random.exponential(1));
  }

  run(proposals: number, temperature: number): void {
    const random = this.#random;
    for (let count = 0; count < proposals; count += 1) {
      const tolerance = temperature * this.#noise[random.integer(NOISE_SIZE)]!;
      const item = this.#movable[random.integer(this.#movable.length)]!;
      if (random.next() < this.swapShare) this.#trySwap(item, this.#movable[random.integer(this.#movable.length)]!, tolerance);
      else this.#tryShift(item, random.integer(this.#state.binCount), tolerance);
    }
  }

  #tryShift(item: number, to: number, tolerance: number): void {
    const state = this.#state;
    const from = state.itemBin[item]!;
    if (from === to || state.groupRules.conflicts(item, to) || !state.hasRoom(item, to)) return;
    if (state.shiftDelta(item, to) > tolerance || !state.groupRules.allowsShift(item, from, to)) return;
    state.shift(item, to);
    this.accepted += 1;
    this.#incumbent.note(item);
    if (state.cost < this.#incumbent.cost) this.#incumbent.capture();
  }

  #trySwap(first: number, second: number, tolerance: number): void {
    const state = this.#state;
    const firstBin = state.itemBin[first]!;
    const secondBin = state.itemBin[second]!;
    if (firstBin === secondBin) return;
    const kin = state.itemGroup[first] === state.itemGroup[second];
    if (!kin && (state.groupRules.conflicts(first, secondBin) || state.groupRules.conflicts(second, firstBin))) return;
    if (!state.hasRoomFor(first, secondBin, second) || !state.hasRoomFor(second, firstBin, first)) return;
    if (state.swapDelta(first, second) > tolerance) return;
    if (!kin && !state.groupRules.allowsSwap(first, second, firstBin, secondBin)) return;
    state.swap(first, second);
    this.accepted += 1;
    this.#incumbent.note(first);
    this.#incumbent.note(second);
    if (state.cost < this.#incumbent.cost) this.#incumbent.capture();
  }
}
