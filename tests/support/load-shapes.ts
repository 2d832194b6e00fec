/** Made-up load for tests of the scaler, in nodes' worth, one value per step; seeded. */
import { createRandom } from '@/lib/platform/random';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export interface Shape {
  readonly name: string;
  readonly stepMs: number;
  readonly loads: Float64Array;
}

function shape(name: string, days: number, stepMs: number, loadAt: (ms: number) => number): Shape {
  return { name, stepMs, loads: Float64Array.from({ length: Math.round((days * DAY_MS) / stepMs) }, (_, step) => loadAt(step * stepMs)) };
}

export function constantLoad(load: number, { days = 4, stepMs = 5 * MINUTE_MS } = {}): Shape {
  return shape(`constant ${load.toFixed(2)}`, days, stepMs, () => load);
}

export function squareWave(low: number, high: number, periodMs: number, { days = 4, stepMs = 5 * MINUTE_MS } = {}): Shape {
  return shape(`square ${low.toFixed(2)}/${high.toFixed(2)} of ${periodMs / MINUTE_MS} min`, days, stepMs, (ms) => (ms % periodMs < periodMs / 2 ? low : high));
}

/** A day's wave with autocorrelated noise and bursts. */
export function noisyDays(seed: number, { days = 6, stepMs = 5 * MINUTE_MS, noise = 0.1, burstChance = 1 / 400 } = {}): Shape {
  const random = createRandom(seed);
  let drift = 0;
  let burst = 0;
  return shape(`noisy days of seed ${seed}`, days, stepMs, (ms) => {
    drift = 0.9 * drift + 0.43 * noise * random.normal();
    if (random.next() < burstChance) burst = 6 * random.next();
    burst *= Math.exp(-stepMs / 1_800_000);
    return Math.max(0, 8 * (1 + 0.5 * Math.sin((ms / DAY_MS) * 2 * Math.PI)) * Math.exp(drift) + burst);
  });
}

/** The shape with a share of its values missing, in runs. */
export function withGaps(source: Shape, seed: number, share = 0.1): Shape {
  const random = createRandom(seed);
  const loads = source.loads.slice();
  for (let at = 0; at < loads.length; at += 1) {
    if (random.next() >= share / 6) continue;
    const until = at + 1 + random.integer(12);
    for (; at < Math.min(until, loads.length); at += 1) loads[at] = Number.NaN;
  }
  return { ...source, name: `${source.name} with gaps`, loads };
}
