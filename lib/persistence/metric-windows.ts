import { ROLL_UPS, type Metric, type MetricPoint } from '@/lib/contract/metrics';
import type { MetricBucket } from '@/lib/contract/storage';
import { assert } from '@/lib/platform/assert';
import { RETENTION } from './retention';

/** What `Store.metrics` is asked: [fromMs, toMs), at most `pointsMax` (>= 1) points per series. */
export interface MetricQuery {
  readonly clusterId: string;
  readonly nodeId: string | null;
  readonly metrics: readonly Metric[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly pointsMax: number;
}

/** Which stored buckets answer a query, and how they are put together. */
export interface MetricWindow {
  /** Step of the stored buckets to read; one of ROLL_UPS. */
  readonly sourceStepMs: number;
  /** Step of the points answered: a whole multiple of `sourceStepMs`. */
  readonly stepMs: number;
  /** Begin of the first point; a multiple of `stepMs`. */
  readonly firstAtMs: number;
  /** 1..pointsMax. */
  readonly pointCount: number;
}

/** One stored bucket of one series. */
export interface StoredBucket {
  readonly atMs: number;
  readonly sum: number;
  readonly max: number;
  readonly sampleCount: number;
}

/**
 * The finest points that [fromMs, toMs) can be drawn with: at most `pointsMax` (>= 1) of them, from
 * a roll-up that reaches back to `fromMs`; from the coarsest when none does. Of two roll-ups that
 * give the same points the coarser is read, as it has fewer rows.
 */
export function chooseWindow(query: { readonly fromMs: number; readonly toMs: number; readonly pointsMax: number; readonly nowMs: number }): MetricWindow {
  const reaching = ROLL_UPS.filter((rollUp) => query.fromMs >= query.nowMs - rollUp.keepMs - RETENTION.metricsSlackMs);
  const candidates = (reaching.length > 0 ? reaching : ROLL_UPS.slice(-1)).map((rollUp) => windowOf(query, rollUp.stepMs));
  return candidates.reduce((best, candidate) => (candidate.stepMs <= best.stepMs ? candidate : best));
}

function windowOf({ fromMs, toMs, pointsMax }: { readonly fromMs: number; readonly toMs: number; readonly pointsMax: number }, sourceStepMs: number): MetricWindow {
  for (let factor = Math.max(1, Math.ceil((toMs - fromMs) / sourceStepMs / pointsMax)); ; factor += 1) {
    const stepMs = sourceStepMs * factor;
    // Points begin at multiples of their step, so that a moment falls into the same point whenever
    // it is asked for; the edges can then make one point more than the division says, and the next
    // factor is tried. A single point cannot hold every range that way and begins where it must.
    const alignmentMs = pointsMax === 1 ? sourceStepMs : stepMs;
    const firstAtMs = Math.floor(fromMs / alignmentMs) * alignmentMs;
    const pointCount = Math.max(1, Math.ceil((toMs - firstAtMs) / stepMs));
    if (pointCount <= pointsMax) return { sourceStepMs, stepMs, firstAtMs, pointCount };
  }
}

/** One point per step of the window, also where nothing was recorded: a gap is `null` with no samples, never 0 and never left out. */
export function pointsOf(window: MetricWindow, buckets: readonly StoredBucket[]): MetricPoint[] {
  const sums = new Float64Array(window.pointCount);
  const maxima = new Float64Array(window.pointCount).fill(-Infinity);
  const counts = new Float64Array(window.pointCount);
  for (const bucket of buckets) {
    const position = Math.floor((bucket.atMs - window.firstAtMs) / window.stepMs);
    if (position < 0 || position >= window.pointCount) continue;
    sums[position] = sums[position]! + bucket.sum;
    maxima[position] = Math.max(maxima[position]!, bucket.max);
    counts[position] = counts[position]! + bucket.sampleCount;
  }
  return Array.from(sums, (sum, position) => {
    const sampleCount = counts[position]!;
    const recorded = sampleCount > 0;
    return { atMs: window.firstAtMs + position * window.stepMs, mean: recorded ? sum / sampleCount : null, max: recorded ? maxima[position]! : null, sampleCount };
  });
}

/** A bucket off the grid would never be found again, and a number that is not finite would poison its sum. */
export function assertBucket(bucket: MetricBucket): void {
  assert(ROLL_UPS.some((rollUp) => rollUp.stepMs === bucket.stepMs), `No roll-up has a step of ${bucket.stepMs} ms`);
  assert(bucket.atMs % bucket.stepMs === 0, `A bucket of ${bucket.stepMs} ms cannot begin at ${bucket.atMs}`);
  assert(Number.isFinite(bucket.sum) && Number.isFinite(bucket.max) && bucket.sampleCount > 0, `A bucket of ${bucket.metric} holds no finite number`);
}
