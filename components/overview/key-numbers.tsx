'use client';

import { useSummary } from '@/components/realtime/use-cluster';
import { useMetrics } from '@/components/realtime/use-metrics';
import { Quantity, type QuantityKind } from '@/components/ui/quantity';
import { Sparkline } from '@/components/ui/sparkline';
import { formatDuration } from '@/lib/client/format';
import type { ClusterTotals } from '@/lib/contract/cluster';
import type { Metric, MetricSeries } from '@/lib/contract/metrics';
import classes from './overview.module.css';

const WINDOW_MS = 30 * 60_000;
/** A sparkline has no room for more. */
const POINTS_MAX = 90;

interface KeyNumber {
  readonly label: string;
  readonly kind: QuantityKind;
  readonly of: keyof ClusterTotals;
  readonly metric: Metric;
  readonly max?: number;
}

const KEY_NUMBERS: readonly KeyNumber[] = [
  { label: 'Operations', kind: 'ops', of: 'operationsPerSecond', metric: 'operationsPerSecond' },
  { label: 'Latency p99', kind: 'latency', of: 'latencyP99Ms', metric: 'latencyP99Ms' },
  { label: 'CPU', kind: 'ratio', of: 'cpu', metric: 'cpu', max: 1 },
  { label: 'Memory', kind: 'ratio', of: 'memory', metric: 'memory', max: 1 },
  { label: 'Disk', kind: 'ratio', of: 'disk', metric: 'disk', max: 1 },
  { label: 'Network', kind: 'ratio', of: 'network', metric: 'network', max: 1 },
  { label: 'Data', kind: 'bytes', of: 'dataBytes', metric: 'dataBytes' },
  { label: 'Keys', kind: 'count-short', of: 'keyCount', metric: 'keyCount' },
];

/** The live number, and where it came from over the last half hour. */
export function KeyNumbers() {
  const { totals, observationIntervalMs } = useSummary();
  const { data } = useMetrics({ metrics: KEY_NUMBERS.map((number) => number.metric), windowMs: WINDOW_MS, pointsMax: POINTS_MAX });
  const stepMs = data?.series[0]?.stepMs;
  return (
    <>
      <dl className={classes['numbers']}>
        {KEY_NUMBERS.map(({ label, kind, of, metric, max }) => (
          <div key={label} className={classes['number']}>
            <dt>{label}</dt>
            <dd className={classes['value']}><Quantity kind={kind} value={totals[of]} unknownTitle={`${label}: not reported by this engine`} /></dd>
            <dd><Sparkline values={meansOf(data?.series.find((series) => series.metric === metric))} {...(max !== undefined && { max })} /></dd>
          </div>
        ))}
      </dl>
      <p className={classes['numbersNote']}>
        Rates and utilization: mean of the last {formatDuration(observationIntervalMs)} over eligible leaders.
        Lines: last {formatDuration(WINDOW_MS)}{stepMs !== undefined && `, mean of ${formatDuration(stepMs)} a point`}.
      </p>
    </>
  );
}

function meansOf(series: MetricSeries | undefined): (number | null)[] {
  return series?.points.map((point) => point.mean) ?? [];
}
