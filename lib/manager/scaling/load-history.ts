/**
 * Recorded load of a cluster from its metric roll-ups, as nodes' worth. Roll-ups are kept
 * for the cluster as a whole, so there is a history only where it is one pool.
 */
import { UTILIZATION_METRICS } from '@/lib/contract/scaling-rules';
import type { MetricSeries } from '@/lib/contract/metrics';
import type { Store } from '@/lib/contract/storage';
import type { LoadSeries } from '@/lib/core/scaling/backtest/replay';

const POINTS_MAX = 1_440;

export interface LoadHistory extends LoadSeries {
  /** Steps without a reading. */
  readonly gaps: number;
  readonly nodeCountFirst: number | null;
}

/** [fromMs, toMs) in steps of `stepMs`, a multiple of a roll-up's. `null`: nothing was recorded. */
export async function readLoadHistory(store: Store, clusterId: string, { fromMs, toMs, stepMs }: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number }): Promise<LoadHistory | null> {
  const startMs = Math.ceil(fromMs / stepMs) * stepMs;
  const length = Math.max(0, Math.floor((toMs - startMs) / stepMs));
  const loads = UTILIZATION_METRICS.map((metric) => ({ metric, loads: new Float64Array(length).fill(Number.NaN) }));
  let nodeCountFirst: number | null = null;
  for (let first = 0; first < length; first += POINTS_MAX) {
    const count = Math.min(POINTS_MAX, length - first);
    const series = await store.metrics({
      clusterId, nodeId: null, metrics: ['leaders', ...UTILIZATION_METRICS], pointsMax: count,
      fromMs: startMs + first * stepMs, toMs: startMs + (first + count) * stepMs,
    });
    const leaders = series.find(({ metric }) => metric === 'leaders');
    if (leaders === undefined) return null;
    leaders.points.forEach((point, at) => {
      if (point.mean === null) return;
      nodeCountFirst ??= Math.round(point.mean);
      const step = Math.floor((point.atMs - startMs) / stepMs);
      for (const column of loads) setLoad(column.loads, step, point.mean, series.find(({ metric }) => metric === column.metric), at);
    });
  }
  const metrics = loads.filter((column) => column.loads.some((load) => !Number.isNaN(load)));
  if (metrics.length === 0) return null;
  return { startMs, stepMs, metrics, gaps: metrics[0]!.loads.filter((load) => Number.isNaN(load)).length, nodeCountFirst };
}

function setLoad(loads: Float64Array, step: number, nodeCount: number, series: MetricSeries | undefined, at: number): void {
  const mean = series?.points[at]?.mean ?? null;
  if (mean !== null && step >= 0 && step < loads.length) loads[step] = mean * nodeCount;
}
