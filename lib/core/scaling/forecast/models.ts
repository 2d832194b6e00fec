/**
 * The forecast models that run side by side, each a few numbers of state and constant
 * work per bucket. None of them is trusted beforehand: `load-forecast.ts` weighs them by
 * the errors they really made.
 *
 * - last value: an exponential mean; the best there is for load without a rhythm.
 * - seasonal naive: yesterday at the same time.
 * - profile plus offset: the usual day, times how far today is off it; the offset fades over 6 h.
 * - Holt-Winters, multiplicative with a damped trend (Winters 1960; damping by Gardner and
 *   McKenzie 1985), over the day and over the week.
 */
import type { FORECAST_MODELS } from '@/lib/contract/scaling-record';

export type ForecastModelName = (typeof FORECAST_MODELS)[number];

export interface ForecastModel {
  readonly name: ForecastModelName;
  /** The mean of the bucket that ended; `slot` counts buckets since the week began, `null` = unknown. */
  observe(slot: number, value: number | null): void;
  /** The mean expected `ahead` buckets (>= 1) after the last one observed; NaN while the history is too short. */
  predict(ahead: number): number;
}

const SMALLEST = 1e-9;
const DAY_MS = 86_400_000;

export function createModels(bucketMs: number): readonly ForecastModel[] {
  const perDay = Math.max(1, Math.round(DAY_MS / bucketMs));
  return [new LastValue(bucketMs), new SeasonalNaive(perDay), new ProfileOffset(perDay, bucketMs), new HoltWinters('holt-winters-daily', perDay), new HoltWinters('holt-winters-weekly', perDay * 7)];
}

const LEVEL_TIME_MS = 1_800_000;

class LastValue implements ForecastModel {
  readonly name = 'last-value';
  readonly #weight: number;
  #level = Number.NaN;

  constructor(bucketMs: number) {
    this.#weight = 1 - Math.exp(-bucketMs / LEVEL_TIME_MS);
  }

  observe(_slot: number, value: number | null): void {
    if (value === null) return;
    this.#level = Number.isNaN(this.#level) ? value : this.#level + this.#weight * (value - this.#level);
  }

  predict(): number {
    return this.#level;
  }
}

class SeasonalNaive implements ForecastModel {
  readonly name = 'seasonal-naive';
  readonly #day: Float64Array;
  #slot = 0;

  constructor(private readonly perDay: number) {
    this.#day = new Float64Array(perDay).fill(Number.NaN);
  }

  observe(slot: number, value: number | null): void {
    this.#slot = slot % this.perDay;
    if (value !== null) this.#day[this.#slot] = value;
  }

  predict(ahead: number): number {
    return ahead >= this.perDay ? Number.NaN : smoothed(this.#day, this.#slot + ahead);
  }
}

/** A new day's part in the profile, so that about the last four days make it. */
const PROFILE_WEIGHT = 0.4;
const OFFSET_FADES_MS = 6 * 3_600_000;
const OFFSET_BUCKETS = 3;

class ProfileOffset implements ForecastModel {
  readonly name = 'profile-offset';
  readonly #profile: Float64Array;
  readonly #fade: Float64Array;
  #slot = 0;
  #level = Number.NaN;
  #offset = 1;

  constructor(private readonly perDay: number, bucketMs: number) {
    this.#profile = new Float64Array(perDay).fill(Number.NaN);
    this.#fade = Float64Array.from({ length: perDay }, (_, ahead) => Math.exp((-ahead * bucketMs) / OFFSET_FADES_MS));
  }

  observe(slot: number, value: number | null): void {
    this.#slot = slot % this.perDay;
    if (value === null) return;
    this.#level = Number.isNaN(this.#level) ? value : this.#level + (value - this.#level) / OFFSET_BUCKETS;
    let usual = 0;
    for (let back = 0; back < OFFSET_BUCKETS; back += 1) usual += this.#profile[(this.#slot - back + this.perDay) % this.perDay]! / OFFSET_BUCKETS;
    const before = this.#profile[this.#slot]!;
    this.#profile[this.#slot] = Number.isNaN(before) ? value : before + PROFILE_WEIGHT * (value - before);
    this.#offset = usual > SMALLEST ? Math.min(2, Math.max(0.5, this.#level / usual)) : 1;
  }

  predict(ahead: number): number {
    if (ahead >= this.perDay) return Number.NaN;
    return smoothed(this.#profile, this.#slot + ahead) * (1 + (this.#offset - 1) * this.#fade[ahead]!);
  }
}

const LEVEL_WEIGHT = 0.1;
const TREND_WEIGHT = 0.01;
const SEASON_WEIGHT = 0.3;
const TREND_DAMPING = 0.9;
const SEASON_MIN = 0.05;
/** How much of the trend there is `ahead` buckets later, summed; it has died away by the end. */
const DAMPED = Float64Array.from({ length: 128 }, (_, ahead) => (TREND_DAMPING * (1 - TREND_DAMPING ** ahead)) / (1 - TREND_DAMPING));

class HoltWinters implements ForecastModel {
  readonly #season: Float64Array;
  readonly #first: Float64Array;
  #seen = 0;
  #slot = 0;
  #level = Number.NaN;
  #trend = 0;

  constructor(readonly name: 'holt-winters-daily' | 'holt-winters-weekly', private readonly period: number) {
    this.#season = new Float64Array(period).fill(Number.NaN);
    this.#first = new Float64Array(period).fill(Number.NaN);
  }

  observe(slot: number, value: number | null): void {
    this.#slot = slot % this.period;
    if (this.#seen < this.period) {
      this.#first[this.#slot] = value ?? Number.NaN;
      this.#seen += 1;
      if (this.#seen === this.period) this.#begin();
      return;
    }
    if (value === null) return;
    const season = this.#seasonAt(this.#slot);
    const before = this.#level;
    this.#level = LEVEL_WEIGHT * (value / season) + (1 - LEVEL_WEIGHT) * (before + TREND_DAMPING * this.#trend);
    this.#trend = TREND_WEIGHT * (this.#level - before) + (1 - TREND_WEIGHT) * TREND_DAMPING * this.#trend;
    this.#season[this.#slot] = Math.max(SEASON_MIN, SEASON_WEIGHT * (value / Math.max(SMALLEST, this.#level)) + (1 - SEASON_WEIGHT) * season);
  }

  predict(ahead: number): number {
    if (Number.isNaN(this.#level) || ahead >= this.period) return Number.NaN;
    const damped = DAMPED[Math.min(ahead, DAMPED.length - 1)]!;
    return Math.max(0, this.#level + damped * this.#trend) * smoothed(this.#season, this.#slot + ahead);
  }

  /** The first period gives the shape; half of it must be known. */
  #begin(): void {
    const known = this.#first.filter((value) => !Number.isNaN(value));
    if (known.length < this.period / 2) {
      this.#seen = 0;
      return;
    }
    const mean = Math.max(SMALLEST, known.reduce((sum, value) => sum + value, 0) / known.length);
    for (let slot = 0; slot < this.period; slot += 1) {
      const value = this.#first[slot]!;
      this.#season[slot] = Number.isNaN(value) ? 1 : Math.max(SEASON_MIN, value / mean);
    }
    this.#level = mean;
  }

  #seasonAt(slot: number): number {
    const season = this.#season[slot]!;
    return Number.isNaN(season) ? 1 : season;
  }
}

/** The mean of a bucket and its neighbours, of those that are known. */
function smoothed(values: Float64Array, index: number): number {
  const length = values.length;
  const at = index % length;
  const middle = values[at]!;
  if (Number.isNaN(middle)) return Number.NaN;
  const left = values[at === 0 ? length - 1 : at - 1]!;
  const right = values[at + 1 === length ? 0 : at + 1]!;
  return ((Number.isNaN(left) ? middle : left) + middle + (Number.isNaN(right) ? middle : right)) / 3;
}
