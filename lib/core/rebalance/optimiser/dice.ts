import type { Random } from '@/lib/platform/random';

/**
 * Randomness for the innermost loop: xorshift128 (Marsaglia, 2003), seeded from the random
 * source proper. Several draws go into every evaluation, and at a nanosecond each they do not
 * show; its statistical weaknesses do not matter to a search.
 */
export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(random: Random) {
    const word = () => (random.next() * 4_294_967_296) | 0;
    this.#a = word() | 1;
    this.#b = word();
    this.#c = word();
    this.#d = word();
  }

  /** Uniform in [0, 1). */
  next(): number {
    const mixed = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = this.#d ^ (this.#d >>> 19) ^ mixed ^ (mixed >>> 8);
    return (this.#d >>> 0) * (1 / 4_294_967_296);
  }

  /** Uniform integer in [0, bound). */
  integer(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}
