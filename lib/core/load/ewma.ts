/**
 * Exponentially weighted moving average for readings that come at uneven times: after
 * `halfLifeMs` without a new reading, the old value has half the weight (alpha =
 * 1 - 2^(-elapsed / halfLife)). `null`, NaN and infinite samples are unknown: they leave
 * the average as it was, never pull it to 0. `elapsedMs` is the time since the previous
 * sample, below 0 counts as 0; a half-life of 0 or less means no smoothing.
 */
export function ewma(previous: number | null, sample: number | null, elapsedMs: number, halfLifeMs: number): number | null {
  const before = finiteOrNull(previous);
  const now = finiteOrNull(sample);
  if (now === null) return before;
  if (before === null || !(halfLifeMs > 0)) return now;
  const elapsed = elapsedMs > 0 ? elapsedMs : 0;
  const alpha = elapsed === Infinity ? 1 : 1 - 2 ** (-elapsed / halfLifeMs);
  return before + alpha * (now - before);
}

function finiteOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
