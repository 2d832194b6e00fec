/**
 * How far above its forecast the load really came, over the last days: a histogram of the
 * ratio actual / forecast on logarithmic bins, so that pushing costs nothing and a
 * quantile is one pass over the bins. No shape of the errors is assumed. The band is
 * multiplicative because the spread of load grows with load.
 *
 * Also measures its own coverage: the share of outcomes that stayed under the band which
 * was promised for them. A band that does not hold what it promises is not to be used.
 */
const BINS = 128;
const RATIO_MIN = 0.2;
const RATIO_MAX = 10;
const LOG_MIN = Math.log(RATIO_MIN);
const BIN_WIDTH = (Math.log(RATIO_MAX) - LOG_MIN) / BINS;
/** Fewer outcomes say nothing about a tail. */
const OUTCOMES_MIN = 48;

export class ResidualBand {
  readonly #counts = new Float64Array(BINS);
  readonly #ring: Uint8Array;
  #next = 0;
  #filled = 0;
  #covered = 1;
  #judged = 0;
  readonly #coverageWeight: number;

  /** `outcomesMax`: how many outcomes are remembered. */
  constructor(private readonly outcomesMax: number) {
    this.#ring = new Uint8Array(outcomesMax);
    this.#coverageWeight = 2 / (outcomesMax + 1);
  }

  /** `upper`: the band promised for this outcome; `null` when none was. */
  observe(outcome: { readonly actual: number; readonly expected: number; readonly upper: number | null }): void {
    if (outcome.expected <= 0) return;
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((Math.log(Math.max(outcome.actual / outcome.expected, 1e-9)) - LOG_MIN) / BIN_WIDTH)));
    if (this.#filled === this.outcomesMax) this.#counts[this.#ring[this.#next]!]! -= 1;
    else this.#filled += 1;
    this.#ring[this.#next] = bin;
    this.#counts[bin]! += 1;
    this.#next = (this.#next + 1) % this.outcomesMax;
    if (outcome.upper === null) return;
    this.#judged += 1;
    // The mean of all outcomes at first, an exponential one later.
    this.#covered += Math.max(this.#coverageWeight, 1 / this.#judged) * ((outcome.actual <= outcome.upper ? 1 : 0) - this.#covered);
  }

  /** The ratio that `quantile` of the outcomes stayed below; `null` while there are too few. */
  ratioAt(quantile: number): number | null {
    if (this.#filled < OUTCOMES_MIN) return null;
    let above = (1 - quantile) * this.#filled;
    for (let bin = BINS - 1; bin >= 0; bin -= 1) {
      above -= this.#counts[bin]!;
      if (above < 0) return Math.exp(LOG_MIN + (bin + 1) * BIN_WIDTH);
    }
    return 1;
  }

  /** Share of outcomes that stayed under their band, `null` before there are enough to tell. */
  get coverage(): number | null {
    return this.#judged < OUTCOMES_MIN ? null : Math.min(1, Math.max(0, this.#covered));
  }
}
