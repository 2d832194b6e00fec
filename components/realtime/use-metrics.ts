'use client';

import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { Metric, MetricSeries } from '@/lib/contract/metrics';
import { useClusterId } from './cluster-provider';
import { useApi } from './live-provider';
import { useRoundedNow } from './use-live-store';

/** How often a window that ends now is asked for again: the length of the shortest roll-up. */
const REFRESH_MS = 10_000;

export interface MetricsWindow {
  readonly metrics: readonly Metric[];
  /** Absent: the cluster as a whole. */
  readonly nodeId?: string;
  readonly windowMs: number;
  readonly pointsMax?: number;
}

/** Recorded series of the last `windowMs`, refreshed as buckets are completed; the previous picture stays meanwhile. */
export function useMetrics({ metrics, nodeId, windowMs, pointsMax = 180 }: MetricsWindow): UseQueryResult<{ series: MetricSeries[] }> {
  const api = useApi();
  const clusterId = useClusterId();
  const toMs = useRoundedNow(REFRESH_MS);
  return useQuery(api.metrics.query.queryOptions({
    input: { clusterId, metric: [...metrics], fromMs: Math.max(0, toMs - windowMs), toMs, pointsMax, ...(nodeId !== undefined && { nodeId }) },
    enabled: toMs > 0,
    staleTime: Infinity,
    gcTime: REFRESH_MS * 2,
    placeholderData: keepPreviousData,
  }));
}
