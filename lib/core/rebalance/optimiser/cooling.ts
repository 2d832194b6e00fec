/** Steps of temperature, each the same factor below the one before. */
const BANDS = 32;

/**
 * When to be at which temperature. At first equally long at every order of magnitude; what is
 * seen on the way down tells at which temperatures the cost falls, and a second time those get
 * the time. The weight of a band is the square root of its fall: in proportion would leave
 * nothing for the last digits.
 */
export class Cooling {
  readonly #hottest: number;
  /** Of the coldest to the hottest. */
  readonly #range: number;
  /** Share of the time at which each band ends. */
  readonly #ends: Float64Array<ArrayBuffer>;
  /** Sum and count of the costs seen in each band. */
  readonly #sums = new Float64Array(BANDS);
  readonly #counts = new Float64Array(BANDS);

  /** From one temperature down to another, both above 0. */
  constructor(hottest: number, coldest: number, weights: Float64Array<ArrayBuffer> = new Float64Array(BANDS).fill(1)) {
    this.#hottest = hottest;
    this.#range = coldest / hottest;
    const sum = weights.reduce((a, b) => a + b, 0);
    let end = 0;
    this.#ends = weights.map((weight) => (end += weight / sum));
  }

  /** `share`: of the time, 0..1. */
  temperature(share: number): number {
    const band = this.#bandAt(share);
    const begin = band === 0 ? 0 : this.#ends[band - 1]!;
    const length = this.#ends[band]! - begin;
    const within = length > 0 ? Math.min(1, (share - begin) / length) : 1;
    return this.#hottest * this.#range ** ((band + within) / BANDS);
  }

  observe(share: number, cost: number): void {
    const band = this.#bandAt(share);
    this.#counts[band]! += 1;
    this.#sums[band]! += cost;
  }

  /** The same temperatures, with the time laid out by what was observed but for a share that is even. */
  replanned(evenShare: number): Cooling {
    return new Cooling(this.#hottest, this.#hottest * this.#range, mixed(this.#falls().map(Math.sqrt), evenShare, 0));
  }

  /**
   * From the temperature below which the given share of the whole fall is still to come. By then it
   * is the last digits that count, so a fall weighs by its size in terms of the temperature.
   */
  from(share: number, evenShare: number): Cooling {
    const falls = this.#falls();
    const sum = falls.reduce((a, b) => a + b, 0);
    let first = BANDS;
    let below = 0;
    while (first > 1 && below < share * sum) below += falls[--first]!;
    const weights = falls.map((fall, band) => band < first ? 0 : Math.sqrt(fall / this.#range ** (band / BANDS)));
    return new Cooling(this.#hottest, this.#hottest * this.#range, mixed(weights, evenShare, first));
  }

  #falls(): Float64Array<ArrayBuffer> {
    const falls = new Float64Array(BANDS);
    let before = NaN;
    for (let band = 0; band < BANDS; band += 1) {
      if (this.#counts[band] === 0) continue;
      const cost = this.#sums[band]! / this.#counts[band]!;
      falls[band] = before > cost ? before - cost : 0;
      before = cost;
    }
    return falls;
  }

  #bandAt(share: number): number {
    let low = 0;
    let high = BANDS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (share < this.#ends[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The weights from the first band on, with a share of the whole spread evenly over them. */
function mixed(weights: Float64Array<ArrayBuffer>, evenShare: number, first: number): Float64Array<ArrayBuffer> {
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight, band) => band < first ? 0 : (sum > 0 ? (1 - evenShare) * weight / sum : 0) + evenShare / (BANDS - first));
}
