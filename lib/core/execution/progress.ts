import type { Progress } from '@/lib/contract/operation';
import type { ExecutionState } from './execution-state';

export interface ProgressSample {
  readonly monotonicMs: number;
  readonly bytesDone: number;
  readonly movesDone: number;
}

export const SPEED_WINDOW_MS = 30_000;
const SAMPLES_MAX = 120;

/** Keeps the samples of the speed window, at most four a second. */
export function addSample(samples: readonly ProgressSample[], sample: ProgressSample): readonly ProgressSample[] {
  const recent = samples.filter((older, index) => sample.monotonicMs - older.monotonicMs <= SPEED_WINDOW_MS && index > samples.length - SAMPLES_MAX);
  const last = recent.at(-1);
  return last !== undefined && recent.length > 1 && sample.monotonicMs - last.monotonicMs < 250 ? recent : [...recent, sample];
}

/** Bytes landed and on their way. */
export function bytesSoFar(state: ExecutionState): number {
  return state.open.reduce((sum, index) => sum + (state.moves.at(index)?.bytesDone ?? 0), state.bytesDone);
}

/**
 * Progress for people. Speed is the mean over the last 30 s. The time left is a range,
 * given after three finished moves or 2 % of the bytes: by bytes and by moves, the two
 * ways of extrapolating; it is never negative, and none where no move is left: bytes to move
 * are an estimate, and may not all have come.
 */
export function progressOf(state: ExecutionState, samples: readonly ProgressSample[], totals: { bytesTotal: number }): Progress {
  const first = samples[0];
  const last = samples.at(-1);
  const seconds = first && last ? (last.monotonicMs - first.monotonicMs) / 1_000 : 0;
  const bytesDone = bytesSoFar(state);
  const bytesTotal = Math.max(totals.bytesTotal, bytesDone);
  const bytesPerSecond = first && last && seconds > 0 ? Math.max(0, (last.bytesDone - first.bytesDone) / seconds) : null;
  const movesPerSecond = first && last && seconds > 0 ? Math.max(0, (last.movesDone - first.movesDone) / seconds) : null;
  const enough = state.counts.done >= 3 || (bytesTotal > 0 && bytesDone / bytesTotal >= 0.02);
  const movesLeft = state.moves.length - state.counts.done - state.counts.failed - state.counts.reverted;
  const guesses = movesLeft === 0 ? [0] : [
    bytesPerSecond !== null && bytesPerSecond > 0 ? (bytesTotal - bytesDone) / bytesPerSecond : null,
    movesPerSecond !== null && movesPerSecond > 0 ? movesLeft / movesPerSecond : null,
  ].filter((guess) => guess !== null);
  return {
    movesTotal: state.moves.length,
    movesDone: state.counts.done,
    movesFailed: state.counts.failed,
    movesInFlight: state.open.filter((index) => state.moves.at(index)?.inFlight).length,
    bytesTotal,
    bytesDone,
    keysDone: state.open.reduce((sum, index) => sum + (state.moves.at(index)?.keysDone ?? 0), state.keysDone),
    bytesPerSecond,
    movesPerSecond,
    secondsLeft: enough && guesses.length > 0 ? { low: Math.max(0, Math.min(...guesses) * 0.9), high: Math.max(0, Math.max(...guesses) * 1.2) } : null,
  };
}
