import type { Aggregate, ScalingMetric } from '@/lib/contract/scaling-rules';

/** One metric over the nodes that hold their share, per node; NaN and `null` are unknown. */
export type MetricReading = Readonly<Record<Aggregate, number | null>>;

/** What a policy sees of its pool at one moment. */
export interface PoolReading {
  /** Wall time: the place in the day, schedules, records. */
  readonly wallMs: number;
  /** Never goes back: windows, durations, cooldowns. */
  readonly monotonicMs: number;
  /** Nodes that belong to the pool or are about to, failed ones included. */
  readonly nodeCount: number;
  /** What they are worth: 1 / the largest share of the data on one node, at most their count. */
  readonly effectiveNodes: number;
  readonly metrics: Readonly<Partial<Record<ScalingMetric, MetricReading>>>;
}

/** `null` for what is missing, NaN, infinite or negative: unknown is never 0 (S6). */
export function known(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isFinite(value) && value >= 0 ? value : null;
}
