/**
 * The speed of an operation over time, from its journal, so that it survives a reload and
 * is there for one that ended long ago: the bytes of a move are spread evenly over the
 * time in which it ran.
 */
import type { TimePoint } from '@/components/charts/time-series-rows';
import type { MoveRecord } from '@/lib/contract/operation';

const POINTS_MAX = 120;
const STEPS_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000];

export interface SpeedWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SpeedSeries {
  /** Length of one point's time. */
  readonly stepMs: number;
  /** Bytes per second, 0 where nothing moved. */
  readonly points: readonly TimePoint[];
}

type Timed = Pick<MoveRecord, 'bytesDone' | 'startedAtMs' | 'finishedAtMs'>;

export function speedSeries(moves: readonly Timed[], { fromMs, toMs }: SpeedWindow): SpeedSeries {
  const lengthMs = Math.max(0, toMs - fromMs);
  const stepMs = STEPS_MS.find((step) => lengthMs / step <= POINTS_MAX) ?? Math.ceil(lengthMs / POINTS_MAX);
  const bytes = new Float64Array(Math.ceil(lengthMs / stepMs));
  for (const move of moves) spread(bytes, move, { fromMs, toMs, stepMs });
  const points = Array.from(bytes, (inside, index) => {
    const atMs = fromMs + index * stepMs;
    return { atMs, value: inside / (Math.min(stepMs, toMs - atMs) / 1_000) };
  });
  return { stepMs, points };
}

function spread(bytes: Float64Array, { bytesDone, startedAtMs, finishedAtMs }: Timed, { fromMs, toMs, stepMs }: SpeedWindow & { readonly stepMs: number }): void {
  if (startedAtMs === null || !(bytesDone > 0)) return;
  const endMs = Math.max(startedAtMs + 1, finishedAtMs ?? toMs);
  const perMs = bytesDone / (endMs - startedAtMs);
  const first = Math.max(0, Math.floor((startedAtMs - fromMs) / stepMs));
  for (let index = first; index < bytes.length; index += 1) {
    const bucketMs = fromMs + index * stepMs;
    if (bucketMs >= endMs) return;
    bytes[index]! += perMs * Math.max(0, Math.min(endMs, bucketMs + stepMs, toMs) - Math.max(startedAtMs, bucketMs));
  }
}
