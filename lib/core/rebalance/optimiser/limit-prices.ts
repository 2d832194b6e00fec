import type { BinRoom } from './bin-room';

/** Price of a mean need to begin with, in terms of the temperature scale. */
const FIRST_PRICE = 0.1;
/** A price goes no lower than this in the same terms: it has to be found again in time. */
const LEAST_PRICE = 1e-4;
const HIGHEST_PRICE = 1e6;
/** Of the running mean of bins that are short, what was seen before. */
const MEMORY = 0.7;
/** Below this share of what is aimed at, a price is halved. */
const EASY_SHARE = 0.3;

/**
 * What it costs a bin to be beyond a limit. A price that is right for one limit is nothing or
 * forbidding for another, and for the same one at another temperature; so none is set, only how
 * many bins may be short. Each limit's price doubles while more are, and halves while far fewer.
 */
export class LimitPrices {
  readonly #room: BinRoom;
  readonly #means: Float64Array;
  readonly #scale: number;
  readonly #price: Float64Array;
  readonly #seen: Float64Array;
  readonly #factors: Float64Array;

  constructor(room: BinRoom, scale: number) {
    this.#room = room;
    this.#scale = scale;
    this.#means = room.meanNeeds();
    this.#price = new Float64Array(room.limitCount).fill(1);
    this.#seen = new Float64Array(room.limitCount);
    this.#factors = new Float64Array(room.limitCount);
    this.restart();
  }

  /** The first prices again. */
  restart(): void {
    this.#means.forEach((mean, limit) => {
      this.#factors[limit] = mean > 0 ? 2 ** Math.round(Math.log2((FIRST_PRICE * this.#scale) / mean)) / this.#price[limit]! : 1;
    });
    this.#apply();
    this.#seen.fill(0);
  }

  /** So many bins may be short of each limit. */
  steer(shortMax: number): void {
    const short = this.#room.shortOf();
    let changes = 0;
    for (let limit = 0; limit < short.length; limit += 1) {
      const seen = MEMORY * this.#seen[limit]! + (1 - MEMORY) * short[limit]!;
      const inTerms = (this.#price[limit]! * this.#means[limit]!) / this.#scale;
      const factor = seen > shortMax + 0.5 && inTerms < HIGHEST_PRICE ? 2 : seen < shortMax * EASY_SHARE && inTerms > LEAST_PRICE ? 0.5 : 1;
      this.#factors[limit] = factor;
      this.#seen[limit] = seen / factor;
      if (factor !== 1) changes += 1;
    }
    if (changes > 0) this.#apply();
  }

  #apply(): void {
    this.#factors.forEach((factor, limit) => { this.#price[limit]! *= factor; });
    this.#room.reprice(this.#factors);
  }
}
