import { describe, expect, it } from 'vitest';
import { LoadForecast, type ForecastSettings } from '@/lib/core/scaling/forecast/load-forecast';
import { createModels } from '@/lib/core/scaling/forecast/models';
import { ResidualBand } from '@/lib/core/scaling/forecast/residual-band';
import { createRandom } from '@/lib/platform/random';
import { DAY_MS, HOUR_MS, noisyDays } from '../../../support/load-shapes';

const STEP_MS = 300_000;
const settings: ForecastSettings = { bucketMs: STEP_MS, leadMs: HOUR_MS, sizeAheadMs: HOUR_MS, paybackMs: 8 * HOUR_MS, quantile: 0.9, coverageMin: 0.8 };
const wave = (ms: number) => 10 + 5 * Math.sin((ms / DAY_MS) * 2 * Math.PI);

/** Feeds a function of time, and answers the outlook after it. */
function fed(loadAt: (ms: number) => number | null, days: number, wallAt = (ms: number) => ms) {
  const forecast = new LoadForecast(settings);
  for (let ms = 0; ms < days * DAY_MS; ms += STEP_MS) forecast.observe({ wallMs: wallAt(ms), monotonicMs: ms, load: loadAt(ms) });
  return forecast;
}

describe('a forecast', () => {
  it('is learning until there are outcomes to judge it by', () => {
    const { outlook } = fed(wave, 0.1);
    expect(outlook.state).toBe('learning');
    expect(outlook.upper).toBeNull();
  });

  it('knows a day that repeats itself: within 3 % an hour and eight hours ahead', () => {
    for (const hour of [2, 8, 14, 20]) {
      const end = 5 + hour / 24;
      const { outlook } = fed(wave, end);
      const highest = (fromMs: number, toMs: number) => Math.max(...Array.from({ length: 100 }, (_, at) => wave(fromMs + ((toMs - fromMs) * at) / 99)));
      const now = end * DAY_MS;
      expect(outlook.state).toBe('predictive');
      expect(outlook.expected! / highest(now, now + HOUR_MS)).toBeCloseTo(1, 1);
      expect(Math.abs(outlook.untilPayback! / highest(now, now + 8 * HOUR_MS) - 1)).toBeLessThan(0.03);
    }
  });

  it('gives the weight to the model that errs least: a seasonal one by day, the last value without any rhythm', () => {
    expect(fed(wave, 6).outlook.model).not.toBe('last-value');
    const random = createRandom(3);
    let level = 10;
    const walk = fed(() => {
      level = Math.max(1, level + 0.3 * random.normal());
      return level;
    }, 6);
    expect(['last-value', 'profile-offset']).toContain(walk.outlook.model);
  });

  it.each([1, 2, 3, 4])('its band covers what it promises, give or take, on noisy days (seed %i)', (seed) => {
    const { loads } = noisyDays(seed, { days: 10 });
    const { outlook } = fed((ms) => loads[ms / STEP_MS]!, 10);
    expect(outlook.coverage).toBeGreaterThan(0.84);
    expect(outlook.coverage).toBeLessThan(0.97);
  });

  it('turns itself to reactive when its coverage falls, and back when it is good again', () => {
    const forecast = new LoadForecast(settings);
    let ms = 0;
    const feed = (days: number, loadAt: (ms: number) => number) => {
      for (const until = ms + days * DAY_MS; ms < until; ms += STEP_MS) forecast.observe({ wallMs: ms, monotonicMs: ms, load: loadAt(ms) });
    };
    feed(4, wave);
    expect(forecast.outlook.state).toBe('predictive');
    // Bursts that nothing announces, ever larger: what was learnt does not cover them.
    const random = createRandom(7);
    let scale = 1;
    let turned = false;
    for (let at = 0; at < 60 && !turned; at += 1) {
      feed(0.05, (t) => wave(t) * (random.next() < 0.3 ? (scale *= 1.15) : 1));
      turned = forecast.outlook.state === 'reactive';
    }
    expect(turned).toBe(true);
    feed(12, wave);
    expect(forecast.outlook.state).toBe('predictive');
  });

  it('stands gaps, jumps of the wall clock and values that are 0', () => {
    const { outlook } = fed((ms) => (Math.floor(ms / HOUR_MS) % 5 === 0 ? null : ms % (3 * HOUR_MS) === 0 ? 0 : wave(ms)), 6, (ms) => (ms > 3 * DAY_MS ? ms - 400 * DAY_MS : ms));
    for (const value of [outlook.expected, outlook.ahead, outlook.untilPayback]) expect(Number.isFinite(value)).toBe(true);
  });

  it('skips a month of silence without doing a month of work, and starts again', () => {
    const forecast = fed(wave, 3);
    for (let ms = 40 * DAY_MS; ms < 40.2 * DAY_MS; ms += STEP_MS) forecast.observe({ wallMs: ms, monotonicMs: ms, load: 12 });
    expect(forecast.outlook.expected).toBeGreaterThan(5);
    expect(forecast.outlook.expected).toBeLessThan(20);
  });
});

describe('the models', () => {
  it('each predict a day that repeats itself, once they have seen what they need', () => {
    const models = createModels(STEP_MS);
    const perDay = DAY_MS / STEP_MS;
    for (let bucket = 0; bucket < 15 * perDay; bucket += 1) for (const model of models) model.observe(bucket % (7 * perDay), wave(bucket * STEP_MS));
    for (const model of models) {
      if (model.name === 'last-value') continue;
      const predicted = model.predict(24);
      expect(Math.abs(predicted / wave((15 * perDay + 23) * STEP_MS) - 1), model.name).toBeLessThan(0.05);
    }
  });

  it('the weekly one knows the quiet weekend, which the daily one does not', () => {
    const perDay = DAY_MS / STEP_MS;
    const weekly = (ms: number) => wave(ms) * (Math.floor(ms / DAY_MS) % 7 >= 5 ? 0.5 : 1);
    const models = createModels(STEP_MS);
    const until = 18 * perDay + perDay - 12;
    for (let bucket = 0; bucket < until; bucket += 1) for (const model of models) model.observe(bucket % (7 * perDay), weekly(bucket * STEP_MS));
    const actual = weekly((until + 35) * STEP_MS);
    const error = (name: string) => Math.abs(models.find((model) => model.name === name)!.predict(36) / actual - 1);
    expect(error('holt-winters-weekly')).toBeLessThan(0.15);
    expect(error('holt-winters-daily')).toBeGreaterThan(0.4);
  });
});

describe('a residual band', () => {
  it('gives the quantile of the ratios that it saw, within a bin, and forgets the oldest', () => {
    const band = new ResidualBand(100);
    for (let at = 0; at < 100; at += 1) band.observe({ actual: 5, expected: 1, upper: null });
    for (let at = 1; at <= 100; at += 1) band.observe({ actual: 1 + at / 100, expected: 1, upper: null });
    expect(band.ratioAt(0.9)).toBeGreaterThan(1.85);
    expect(band.ratioAt(0.9)).toBeLessThan(2);
    expect(band.coverage).toBeNull();
  });
});
