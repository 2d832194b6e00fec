import type { Throttle } from '@/lib/contract/settings';

/** How fast this cluster moved, from operations that ended. */
export interface MeasuredSpeed {
  readonly bytesPerSecond: number;
  readonly movesPerSecond: number;
}

/** Seconds one move takes besides its bytes, until this cluster has shown its own: the range seen on real and simulated engines. */
const MOVE_SECONDS_GUESS = { low: 0.02, high: 0.3 };
const BYTES_PER_SECOND_GUESS = { low: 24 * 1024 * 1024, high: 256 * 1024 * 1024 };
/** What was measured once comes again within this factor, mostly. */
const SPREAD = { low: 0.75, high: 1.5 };

/**
 * How long a plan takes, as a range: the slower of its bytes over the bandwidth and its
 * moves over their rate. Measured speeds replace the guesses; the throttle caps both.
 */
export function estimateSeconds(work: { bytes: number; moves: number }, throttle: Throttle, measured: MeasuredSpeed | null): { low: number; high: number } {
  if (work.moves === 0) return { low: 0, high: 0 };
  const cap = throttle.bytesPerSecondMax ?? Infinity;
  if (measured !== null) {
    const bandwidth = Math.min(cap, Math.max(1, measured.bytesPerSecond));
    const seconds = work.bytes / work.moves > 65_536 ? work.bytes / bandwidth : work.moves / Math.max(0.01, measured.movesPerSecond);
    return { low: seconds * SPREAD.low, high: seconds * SPREAD.high };
  }
  const slowest = Math.max(work.bytes / Math.min(cap, BYTES_PER_SECOND_GUESS.low), (work.moves * MOVE_SECONDS_GUESS.high) / throttle.movesInFlightMax);
  const fastest = Math.max(work.bytes / Math.min(cap, BYTES_PER_SECOND_GUESS.high), (work.moves * MOVE_SECONDS_GUESS.low) / throttle.movesInFlightMax);
  return { low: fastest, high: slowest };
}

/** The speed of an operation that ended; `null` when too little moved to tell. */
export function speedOf(ended: { bytes: number; moves: number; seconds: number }): MeasuredSpeed | null {
  if (ended.moves < 3 || ended.seconds <= 0.5) return null;
  return { bytesPerSecond: ended.bytes / ended.seconds, movesPerSecond: ended.moves / ended.seconds };
}

/** How much the newest operation counts against all before it: clusters change, and one odd run should not rule. */
const NEWEST_SHARE = 0.5;

/** What an operation that ended teaches about this cluster's speed, on top of what was known. */
export function learnSpeed(known: MeasuredSpeed | null, ended: { readonly bytesPerSecond: number | null; readonly movesPerSecond: number | null }): MeasuredSpeed | null {
  const { bytesPerSecond, movesPerSecond } = ended;
  if (bytesPerSecond === null || movesPerSecond === null) return known;
  if (known === null) return { bytesPerSecond, movesPerSecond };
  const blend = (before: number, now: number) => before + NEWEST_SHARE * (now - before);
  return { bytesPerSecond: blend(known.bytesPerSecond, bytesPerSecond), movesPerSecond: blend(known.movesPerSecond, movesPerSecond) };
}
