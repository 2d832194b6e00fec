/**
 * How regularly does a node let itself be heard? The gaps between its beats, as a mean and
 * a variance that forget: about the last hundred beats count. From them comes phi, the
 * suspicion level of the accrual failure detector (Hayashibara, Defago, Yared, Katayama:
 * "The phi accrual failure detector", SRDS 2004): phi = -log10 P(the next beat comes even
 * later than this). Phi 1 is wrong one time in ten, phi 8 one in a hundred million.
 *
 * The gaps are taken as normal, as in the paper, with a floor on the deviation so that a
 * very regular node is not suspected for a hiccup. Real gaps have longer tails than that;
 * therefore phi alone condemns nobody here: it only lengthens fixed time-outs.
 *
 * The tail of the normal distribution is the logistic approximation of Page (1977),
 * ln(1/p - 1) = y (1.5976 + 0.070566 y^2): close in the middle, and far out somewhat lower
 * than the true tail (phi 8 at 5.2 deviations instead of 5.6). It is used in both
 * directions, so a time-out and the phi at that time-out agree.
 */
export interface ArrivalRhythm {
  /** Gaps counted, as far as they still weigh. */
  readonly count: number;
  readonly meanMs: number;
  readonly varianceMs2: number;
}

export const EMPTY_RHYTHM: ArrivalRhythm = { count: 0, meanMs: 0, varianceMs2: 0 };

/** Gaps that weigh; older ones fade. */
const MEMORY_COUNT = 100;
/** Below this many gaps nothing is known about the node and the expected interval stands in. */
const KNOWN_FROM_COUNT = 10;
/** The deviation is taken as at least this share of the expected interval. */
const DEVIATION_FLOOR_SHARE = 0.25;
const PHI_MAX = 99;

/** The rhythm after one more gap of `gapMs` (>= 0). */
export function withGap(rhythm: ArrivalRhythm, gapMs: number): ArrivalRhythm {
  const count = Math.min(rhythm.count + 1, MEMORY_COUNT);
  const weight = 1 / count;
  const difference = gapMs - rhythm.meanMs;
  return {
    count,
    meanMs: rhythm.meanMs + weight * difference,
    varianceMs2: (1 - weight) * (rhythm.varianceMs2 + weight * difference * difference),
  };
}

/** What is assumed of the next gap. */
export function expectedGap(rhythm: ArrivalRhythm, intervalMs: number): { readonly meanMs: number; readonly deviationMs: number } {
  const floorMs = intervalMs * DEVIATION_FLOOR_SHARE;
  if (rhythm.count < KNOWN_FROM_COUNT) return { meanMs: intervalMs, deviationMs: floorMs };
  return { meanMs: rhythm.meanMs, deviationMs: Math.max(floorMs, Math.sqrt(rhythm.varianceMs2)) };
}

/** Phi after `silentMs` without a beat, 0..99; `intervalMs` is the interval the node is expected to keep. */
export function phiOf(rhythm: ArrivalRhythm, silentMs: number, intervalMs: number): number {
  const { meanMs, deviationMs } = expectedGap(rhythm, intervalMs);
  const y = (silentMs - meanMs) / deviationMs;
  const odds = y * (1.5976 + 0.070566 * y * y);
  // log10(1 + e^odds), without overflow: far out it is odds / ln 10.
  const phi = odds > 30 ? odds / Math.LN10 : Math.log10(1 + Math.exp(odds));
  return Math.min(PHI_MAX, phi);
}

/** How many deviations above the mean phi is reached; worked out once per round, not per node. */
export function deviationsAt(phi: number): number {
  const odds = phi * Math.LN10 + Math.log1p(-Math.pow(10, -phi));
  let y = Math.cbrt(Math.max(0, odds) / 0.070566);
  // Newton's steps on a cubic that rises everywhere: a handful is enough, thirty are a bound.
  for (let step = 0; step < 30; step += 1) {
    const error = y * (1.5976 + 0.070566 * y * y) - odds;
    if (Math.abs(error) < 1e-9) break;
    y -= error / (1.5976 + 3 * 0.070566 * y * y);
  }
  return y;
}

/** The silence at which phi is reached. @param deviations `deviationsAt(phi)` */
export function silenceAt(rhythm: ArrivalRhythm, deviations: number, intervalMs: number): number {
  const { meanMs, deviationMs } = expectedGap(rhythm, intervalMs);
  return meanMs + deviations * deviationMs;
}
