'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { memo, useMemo } from 'react';
import { TimeSeries } from '@/components/charts/time-series';
import type { EventMarker } from '@/components/charts/time-series-props';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useRoundedNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { ProblemState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { useZone } from '@/components/ui/zone-provider';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatByteRate, formatDuration, formatLatency } from '@/lib/client/format';
import { formatTimeOfDay, zoneLabel } from '@/lib/client/format-time';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Pacing } from '@/lib/contract/pacing';
import { limitsWords, pacingReasonWords } from './pacing-words';
import { speedSeries } from './speed-series';
import classes from './pacing-panel.module.css';

const ROUND_MS = 5_000;
/** How much of the time before is shown, to compare with. */
const BEFORE_MS = 60_000;
const POINTS_MAX = 180;
/** The shortest roll-up of recorded readings. */
const BUCKET_MS = 10_000;

interface PacingPanelProps {
  readonly operation: Operation;
  readonly startedAtMs: number;
  readonly moves: readonly MoveRecord[];
  readonly nameOf: (nodeId: string) => string;
}

/** How fast data moved, what clients felt, and every change of the pressure with its reason. */
export function PacingPanel({ operation, startedAtMs, moves, nameOf }: PacingPanelProps) {
  const { zone } = useZone();
  const nowMs = useRoundedNow(ROUND_MS);
  const toMs = operation.finishedAtMs === null ? Math.max(nowMs, startedAtMs + ROUND_MS) : operation.finishedAtMs + BEFORE_MS / 2;
  const changes = operation.pacing?.changes;
  const markers = useMemo((): EventMarker[] => [
    { key: 'began', atMs: startedAtMs, label: 'It began' },
    ...(changes ?? []).map((change, index) => ({ key: `change-${index}`, atMs: change.atMs, label: `${pacingReasonWords(change.reason, nameOf)} (${limitsWords(change)})` })),
    ...(operation.finishedAtMs === null ? [] : [{ key: 'ended', atMs: operation.finishedAtMs, label: 'It ended' }]),
  ], [startedAtMs, changes, nameOf, operation.finishedAtMs]);
  return (
    <Panel title="Speed and what clients felt" note={`times in ${zoneLabel(startedAtMs, zone)}`}>
      <Charts moves={moves} fromMs={startedAtMs - BEFORE_MS} toMs={toMs} markers={markers} beforeP99Ms={operation.latency.beforeP99Ms} />
      {operation.pacing === undefined
        ? <p className={classes['none']}>This cluster’s nodes cannot be felt while data moves: the limits above are all that holds it back.</p>
        : <Changes pacing={operation.pacing} ended={operation.finishedAtMs !== null} nameOf={nameOf} />}
    </Panel>
  );
}

interface ChartsProps {
  readonly moves: readonly MoveRecord[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly markers: readonly EventMarker[];
  readonly beforeP99Ms: number | null;
}

const Charts = memo(({ moves, fromMs, toMs, markers, beforeP99Ms }: ChartsProps) => {
  const api = useApi();
  const { zone } = useZone();
  const clusterId = useClusterId();
  // The last readings of the window are there some time after its end.
  const isComplete = useRoundedNow(BUCKET_MS) >= toMs + BUCKET_MS;
  const speed = useMemo(() => speedSeries(moves, { fromMs, toMs }), [moves, fromMs, toMs]);
  const latency = useQuery(api.metrics.query.queryOptions({ input: { clusterId, metric: ['latencyP99Ms'], fromMs, toMs, pointsMax: POINTS_MAX }, placeholderData: keepPreviousData, refetchInterval: isComplete ? false : BUCKET_MS }));
  const recorded = latency.data?.series[0];
  const lines = useMemo(() => ({
    speed: [{ key: 'speed', label: 'Speed', points: speed.points }],
    latency: [{ key: 'latency', label: 'Client latency p99', points: recorded?.points.map(({ atMs, mean }) => ({ atMs, value: mean })) ?? [] }],
  }), [speed, recorded]);
  const common = { fromMs, toMs, events: markers, zoneKey: zone, formatTime: (atMs: number) => formatTimeOfDay(atMs, zone) };
  return (
    <div className={classes['charts']}>
      <TimeSeries {...common} title="Speed" window={`mean of ${formatDuration(speed.stepMs)} a point, from the journal`} series={lines.speed} format={formatByteRate} base={1024} />
      {latency.error === null
        ? (
          <TimeSeries
            {...common} title="Client latency p99" window={recorded === undefined ? 'over the whole cluster' : `mean of ${formatDuration(recorded.stepMs)} a point, over the whole cluster`} series={lines.latency} format={formatLatency}
            {...(beforeP99Ms !== null && { thresholds: [{ value: beforeP99Ms, label: `before it began ${formatLatency(beforeP99Ms)}` }] })}
          />
        )
        : <ProblemState what="client latency" problem={toApiProblem(latency.error)} onRetry={() => void latency.refetch()} />}
    </div>
  );
});
Charts.displayName = 'Charts';

function Changes({ pacing, ended, nameOf }: { readonly pacing: Pacing; readonly ended: boolean; readonly nameOf: (nodeId: string) => string }) {
  return (
    <>
      <h3 className={classes['heading']}>Changes of the pressure, newest first</h3>
      <ol className={classes['changes']} tabIndex={0} aria-label="Changes of the pressure">
        {pacing.changes.toReversed().map((change, index) => (
          <li key={`${change.atMs} ${index}`} data-held={change.movesInFlight === 0 || undefined}>
            <span className={classes['time']}><TimeText atMs={change.atMs} format="time-of-day" /></span>
            <span>{pacingReasonWords(change.reason, nameOf)}</span>
            <span className={classes['limits']}>{limitsWords(change)}{index === 0 && !ended && ', in force'}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
