/**
 * What the load will be: every model of `models.ts` predicts in parallel at three
 * horizons, their errors are kept, and the forecast is their mean weighted by how little
 * they erred at that horizon lately. On top of it the upper band of `residual-band.ts`.
 *
 * Load comes as the number of nodes' worth of it. Samples are gathered into buckets of at
 * least five minutes, so the cost per sample is an addition, and the cost per bucket a
 * few hundred. The order of buckets follows a clock that never goes back; only the place
 * in the day and in the week comes from wall time, so that a jump of it can at worst make
 * a forecast wrong (which the errors then show) and never stop it.
 */
import type { ForecastReading } from '@/lib/contract/scaling-record';
import { SlidingExtreme } from '../sliding-window';
import { createModels, type ForecastModel } from './models';
import { ResidualBand } from './residual-band';

export interface ForecastSettings {
  readonly bucketMs: number;
  readonly leadMs: number;
  readonly sizeAheadMs: number;
  readonly paybackMs: number;
  readonly quantile: number;
  readonly coverageMin: number;
}

export interface LoadOutlook {
  readonly state: ForecastReading['state'];
  readonly model: ForecastReading['model'];
  readonly coverage: number | null;
  /** The highest mean expected within the lead time, and what `quantile` of the peaks stay below; in nodes' worth of load. */
  readonly expected: number | null;
  readonly upper: number | null;
  /** The highest mean expected within the time a scale-out is sized for. */
  readonly ahead: number | null;
  /** The highest mean expected until a scale-in has paid for its moves. */
  readonly untilPayback: number | null;
}

/** How many days of outcomes the band and its coverage look back on. */
const BAND_DAYS = 4;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Half of what a model's error is made of lies within so many buckets. */
const ERROR_BUCKETS = 288;
const NOTHING: LoadOutlook = { state: 'learning', model: 'last-value', coverage: null, expected: null, upper: null, ahead: null, untilPayback: null };

interface Promised { readonly bucket: number; readonly expected: number; readonly upper: number | null }

export class LoadForecast {
  readonly #models: readonly ForecastModel[];
  /** In buckets: the lead time, the size-ahead time, the payback time. */
  readonly #horizons: readonly [number, number, number];
  readonly #errors: Float64Array;
  readonly #pending: Float64Array[];
  readonly #weights: Float64Array;
  readonly #band: ResidualBand;
  readonly #peaks: SlidingExtreme;
  readonly #promised: Promised[] = [];
  #bucket: number | null = null;
  #wallMs = 0;
  #sum = 0;
  #peak = 0;
  #count = 0;
  #lastGap = -1;
  #reactive = false;
  #outlook: LoadOutlook = NOTHING;

  constructor(private readonly settings: ForecastSettings) {
    const { bucketMs } = settings;
    const buckets = (ms: number) => Math.max(1, Math.ceil(ms / bucketMs));
    this.#models = createModels(bucketMs);
    const lead = buckets(settings.leadMs);
    const ahead = Math.max(lead, buckets(settings.sizeAheadMs));
    this.#horizons = [lead, ahead, Math.max(ahead, Math.min(buckets(settings.paybackMs), Math.round(DAY_MS / bucketMs) - 1))];
    const cells = this.#models.length * this.#horizons.length;
    this.#errors = new Float64Array(cells).fill(Number.NaN);
    this.#weights = new Float64Array(cells);
    this.#pending = Array.from({ length: cells }, (_, cell) => new Float64Array(this.#horizons[cell % this.#horizons.length]!).fill(Number.NaN));
    this.#band = new ResidualBand(Math.max(96, Math.round((BAND_DAYS * DAY_MS) / bucketMs)));
    this.#peaks = new SlidingExtreme(lead, 'max');
  }

  /** `load`: nodes' worth; `null` = unknown. */
  observe(sample: { readonly wallMs: number; readonly monotonicMs: number; readonly load: number | null }): void {
    const bucket = Math.floor(sample.monotonicMs / this.settings.bucketMs);
    if (this.#bucket === null) this.#bucket = bucket;
    else if (bucket > this.#bucket) {
      this.#close(this.#bucket, this.#count === 0 ? null : this.#sum / this.#count);
      const missed = Math.min(bucket - this.#bucket - 1, Math.round(WEEK_MS / this.settings.bucketMs));
      for (let gap = 0; gap < missed; gap += 1) {
        this.#wallMs += this.settings.bucketMs;
        this.#close(bucket - missed + gap, null);
      }
      this.#bucket = bucket;
      this.#sum = 0;
      this.#peak = 0;
      this.#count = 0;
      this.#outlook = this.#lookOut();
    }
    this.#wallMs = sample.wallMs;
    if (sample.load === null) return;
    this.#sum += sample.load;
    this.#peak = Math.max(this.#peak, sample.load);
    this.#count += 1;
  }

  /** The lead time, in whole buckets. */
  get horizonMs(): number {
    return this.#horizons[0] * this.settings.bucketMs;
  }

  /** As of the newest whole bucket. */
  get outlook(): LoadOutlook {
    return this.#outlook;
  }

  #close(bucket: number, mean: number | null): void {
    const slot = Math.floor((((this.#wallMs % WEEK_MS) + WEEK_MS) % WEEK_MS) / this.settings.bucketMs);
    if (mean === null) this.#lastGap = bucket;
    else this.#peaks.push(bucket, this.#peak);
    this.#judge(bucket);
    const { length } = this.#horizons;
    this.#models.forEach((model, at) => {
      for (let horizon = 0; horizon < length; horizon += 1) {
        const cell = at * length + horizon;
        const ring = this.#pending[cell]!;
        const place = bucket % ring.length;
        const predicted = ring[place]!;
        if (mean !== null && !Number.isNaN(predicted)) {
          const error = Math.abs(predicted - mean);
          const before = this.#errors[cell]!;
          this.#errors[cell] = Number.isNaN(before) ? error : before + (error - before) / ERROR_BUCKETS;
        }
      }
      model.observe(slot, mean);
      for (let horizon = 0; horizon < length; horizon += 1) {
        const ring = this.#pending[at * length + horizon]!;
        ring[bucket % ring.length] = model.predict(ring.length);
      }
    });
    this.#weigh();
  }

  /** Holds the peak that came against the band that was promised for it. */
  #judge(bucket: number): void {
    const [lead] = this.#horizons;
    while (this.#promised.length > 0 && this.#promised[0]!.bucket + lead <= bucket) {
      const promised = this.#promised.shift()!;
      // A gap in between: what the peak was is not known, so nothing is learnt from it.
      const actual = this.#peaks.at(bucket);
      if (promised.bucket + lead === bucket && this.#lastGap <= promised.bucket && actual !== null) this.#band.observe({ actual, ...promised });
    }
    const { coverage } = this.#band;
    if (coverage === null) return;
    const { coverageMin, quantile } = this.settings;
    // Back only when it is clearly good again, so that it does not switch to and fro.
    this.#reactive = this.#reactive ? coverage < (coverageMin + quantile) / 2 : coverage < coverageMin;
  }

  /** Weights fall with the fourth power of the error: nearly the best model, and two that are equally good are averaged. */
  #weigh(): void {
    const { length } = this.#horizons;
    for (let horizon = 0; horizon < length; horizon += 1) {
      let total = 0;
      for (let at = 0; at < this.#models.length; at += 1) {
        const error = this.#errors[at * length + horizon]!;
        const weight = Number.isNaN(error) ? 0 : 1 / (error ** 4 + 1e-12);
        this.#weights[at * length + horizon] = weight;
        total += weight;
      }
      if (total === 0) this.#weights[horizon] = 1;
      for (let at = 0; at < this.#models.length && total > 0; at += 1) this.#weights[at * length + horizon]! /= total;
    }
  }

  #predict(ahead: number): number {
    const [lead, size] = this.#horizons;
    const horizon = ahead <= lead ? 0 : ahead <= size ? 1 : 2;
    let sum = 0;
    let total = 0;
    for (let at = 0; at < this.#models.length; at += 1) {
      const weight = this.#weights[at * this.#horizons.length + horizon]!;
      if (weight < 0.01) continue;
      const value = this.#models[at]!.predict(ahead);
      if (Number.isNaN(value)) continue;
      sum += weight * value;
      total += weight;
    }
    return total === 0 ? this.#models[0]!.predict(ahead) : sum / total;
  }

  #lookOut(): LoadOutlook {
    const [lead, size, payback] = this.#horizons;
    let expected = 0;
    for (let ahead = 1; ahead <= lead; ahead += 1) expected = Math.max(expected, this.#predict(ahead));
    if (Number.isNaN(expected)) return NOTHING;
    let sized = expected;
    for (let ahead = lead + 1; ahead <= size; ahead += 1) sized = Math.max(sized, this.#predict(ahead));
    let needed = sized;
    // Every third bucket is near enough over hours.
    for (let ahead = size + 1; ahead <= payback; ahead += 3) needed = Math.max(needed, this.#predict(ahead));
    const ratio = this.#band.ratioAt(this.settings.quantile);
    const upper = ratio === null ? null : expected * ratio;
    this.#promised.push({ bucket: this.#bucket! - 1, expected, upper });
    return {
      state: upper === null ? 'learning' : this.#reactive ? 'reactive' : 'predictive',
      model: this.#leader(), coverage: this.#band.coverage, expected, upper, ahead: sized, untilPayback: needed,
    };
  }

  #leader(): ForecastReading['model'] {
    let best = 0;
    for (let at = 1; at < this.#models.length; at += 1) {
      if (this.#weights[at * this.#horizons.length]! > this.#weights[best * this.#horizons.length]!) best = at;
    }
    return this.#models[best]!.name;
  }
}
