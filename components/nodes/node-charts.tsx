'use client';

import { SegmentedControl } from '@mantine/core';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { memo, useMemo } from 'react';
import { RESOURCE_LABELS } from '@/components/charts/node-facts';
import { TimeSeries } from '@/components/charts/time-series';
import type { EventMarker } from '@/components/charts/time-series-props';
import { useRoundedNow } from '@/components/realtime/use-live-store';
import { useMetrics } from '@/components/realtime/use-metrics';
import { Panel } from '@/components/ui/panel';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { useZone } from '@/components/ui/zone-provider';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatBytes, formatCountShort, formatDuration, formatLatency, formatRate, formatRatio } from '@/lib/client/format';
import { formatTimeOfDay, zoneLabel } from '@/lib/client/format-time';
import type { DomainEvent } from '@/lib/contract/events';
import type { Metric } from '@/lib/contract/metrics';
import { RESOURCES } from '@/lib/contract/resources';
import { useSafetyLines } from './use-node-rows';
import classes from './nodes.module.css';

const RANGES = { '15m': 15 * 60_000, '2h': 2 * 3_600_000, '24h': 24 * 3_600_000 } as const;
const RANGE_KEYS = ['15m', '2h', '24h'] as const;
const RANGE_LABELS = { '15m': '15 min', '2h': '2 h', '24h': '24 h' } as const;
const ROUND_MS = 10_000;
const NO_SERIES: readonly never[] = [];

const OTHERS: readonly { readonly metric: Metric; readonly title: string; readonly format: (value: number) => string; readonly base?: 1024 }[] = [
  { metric: 'operationsPerSecond', title: 'Operations', format: (value) => formatRate(value) },
  { metric: 'latencyP99Ms', title: 'Latency p99', format: formatLatency },
  { metric: 'dataBytes', title: 'Data', format: formatBytes, base: 1024 },
  { metric: 'keyCount', title: 'Keys', format: formatCountShort },
  { metric: 'connections', title: 'Client connections', format: formatCountShort },
];

interface NodeChartsProps {
  readonly nodeId: string;
  /** Marked on every chart. */
  readonly events: readonly DomainEvent[];
}

/** What was recorded of the node, with what happened to it. It changes with the recording, not with every reading. */
export const NodeCharts = memo(({ nodeId, events }: NodeChartsProps) => {
  const [range, setRange] = useQueryState('range', parseAsStringLiteral(RANGE_KEYS).withDefault('15m').withOptions({ history: 'replace' }));
  const safetyLines = useSafetyLines();
  const { zone } = useZone();
  const toMs = useRoundedNow(ROUND_MS);
  const fromMs = toMs - RANGES[range];
  const query = useMetrics({ metrics: [...RESOURCES, ...OTHERS.map(({ metric }) => metric)], nodeId, windowMs: RANGES[range] });
  const series = query.data?.series;
  const points = useMemo(() => new Map(series?.map(({ metric, points: recorded, stepMs }) => [metric, {
    stepMs, data: [{ key: metric, label: metric, points: recorded.map(({ atMs, mean }) => ({ atMs, value: mean })) }],
  }])), [series]);
  const markers = useMemo((): EventMarker[] => events.map(({ id, atMs, message }) => ({ key: id, atMs, label: message })), [events]);
  const common = { fromMs, toMs, events: markers, zoneKey: zone, formatTime: (atMs: number) => formatTimeOfDay(atMs, zone) };
  const windowOf = (metric: Metric) => `mean of ${formatDuration(points.get(metric)?.stepMs ?? null)} a point`;
  return (
    <Panel
      title="History" note={toMs > 0 ? `last ${RANGE_LABELS[range]}, times in ${zoneLabel(toMs, zone)}` : undefined}
      actions={(
        <SegmentedControl
          aria-label="Range" value={range} onChange={(next) => void setRange(next)}
          data={RANGE_KEYS.map((key) => ({ value: key, label: RANGE_LABELS[key] }))}
        />
      )}
    >
      {query.isError && <ProblemState what="the history" problem={toApiProblem(query.error)} onRetry={() => void query.refetch()} />}
      {query.isPending && <LoadingState what="the history" />}
      {query.isSuccess && (
        <div className={classes.charts}>
          {RESOURCES.map((resource) => (
            <TimeSeries
              key={resource} {...common} title={RESOURCE_LABELS[resource]} window={windowOf(resource)} series={points.get(resource)?.data ?? NO_SERIES} format={formatRatio} valueMax={1}
              thresholds={safetyLines === null ? [] : [{ value: safetyLines[resource], label: `safety line ${formatRatio(safetyLines[resource])}` }]}
            />
          ))}
          {OTHERS.map(({ metric, title, format, base }) => (
            <TimeSeries key={metric} {...common} title={title} window={windowOf(metric)} series={points.get(metric)?.data ?? NO_SERIES} format={format} {...(base !== undefined && { base })} />
          ))}
        </div>
      )}
    </Panel>
  );
});
NodeCharts.displayName = 'NodeCharts';
