'use client';

import { Group, NativeSelect, SegmentedControl, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useRoundedNow } from '@/components/realtime/use-live-store';
import { useMetrics } from '@/components/realtime/use-metrics';
import { limitPoints } from '@/components/charts/time-series-rows';
import { Panel } from '@/components/ui/panel';
import { EmptyState, ProblemState } from '@/components/ui/states';
import { useZone } from '@/components/ui/zone-provider';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatDuration } from '@/lib/client/format';
import { formatTimeOfDay } from '@/lib/client/format-time';
import type { PoolScaling } from '@/lib/contract/scaling-view';
import { forecastOf, pointsOf, SERIES_OF, spansOf } from './chart-series';
import { listAt, textAt } from './policy-draft';
import { metricOfRule } from './policy-units';
import { AGGREGATE_WORDS, METRIC_WORDS } from './policy-words';
import { ThresholdChart, type ActionMark } from './threshold-chart';
import { scaleOf, thresholdsOf } from './threshold-lines';
import type { PolicyForm } from './use-policy-form';
import chart from './threshold-chart.module.css';
import classes from './policy.module.css';

const WINDOWS = { '2h': 7_200_000, '24h': 86_400_000, '7d': 7 * 86_400_000 } as const;
const WINDOW_KEYS = ['2h', '24h', '7d'] as const;
const MARKS_MAX = 40;

/** What a rule reads, with its lines to drag. */
export function PolicyChartPanel({ form, pool }: { readonly form: PolicyForm; readonly pool: PoolScaling }) {
  const [range, setRange] = useQueryState('range', parseAsStringLiteral(WINDOW_KEYS).withDefault('2h'));
  const [picked, setPicked] = useState(0);
  const rules = listAt(form.draft, ['rules']);
  const index = Math.min(picked, rules.length - 1);
  return (
    <Panel title="What the rules read" actions={<SegmentedControl aria-label="Range" value={range} onChange={(value) => void setRange(value)} data={WINDOW_KEYS.map((value) => ({ value, label: value }))} />}>
      {index < 0 ? <EmptyState title="No rule to show">Add one below; its line can be dragged here.</EmptyState> : (
        <Stack gap="xs">
          <Group gap="xs"><NativeSelect aria-label="Rule shown" value={String(index)} onChange={(event) => { setPicked(Number(event.currentTarget.value)); }} data={rules.map((rule, at) => ({ value: String(at), label: textAt(rule, ['id']) || `rule ${at + 1}` }))} /></Group>
          <RuleChart form={form} pool={pool} index={index} windowMs={WINDOWS[range]} />
        </Stack>
      )}
    </Panel>
  );
}

function RuleChart({ form, pool, index, windowMs }: { readonly form: PolicyForm; readonly pool: PoolScaling; readonly index: number; readonly windowMs: number }) {
  const { zone } = useZone();
  const metric = metricOfRule(form.draft, index);
  const source = SERIES_OF[metric] ?? null;
  const recorded = useMetrics({ metrics: source === null ? ['leaders'] : [source, 'leaders'], windowMs });
  const marks = useActionMarks();
  const nowMs = useRoundedNow(10_000);
  const aggregate = textAt(form.draft, ['rules', index, 'aggregate']);
  const { points, said } = pointsOf(recorded.data?.series ?? [], metric, aggregate);
  const shown = limitPoints(points);
  const lines = thresholdsOf(form.draft, index);
  const scale = scaleOf(metric, Math.max(0, ...shown.map(({ value }) => value ?? 0)), lines);
  const forecast = forecastOf(pool.latest?.record ?? null, textAt(form.draft, ['rules', index, 'id']), shown.at(-1)?.value ?? null);
  const spans = spansOf(form.draft, index, { nowMs, fromMs: nowMs - windowMs, record: pool.latest?.record ?? null });
  const toMs = Math.max(nowMs + windowMs / 12, ...spans.map((span) => span.toMs), forecast === null ? 0 : Math.min(forecast.atMs, nowMs + windowMs / 2));
  const title = isMetric(metric) ? METRIC_WORDS[metric] : metric;
  if (recorded.error !== null) return <ProblemState what="the recorded series" problem={toApiProblem(recorded.error)} onRetry={() => void recorded.refetch()} />;
  return (
    <>
      <p className={classes['dim']}>{title}, {source === null ? 'which is not recorded: only its line is shown' : `${isAggregate(aggregate) ? AGGREGATE_WORDS[aggregate].toLowerCase() : 'mean'}${said} over ${formatDuration(recorded.data?.series[0]?.stepMs ?? 10_000)}`}</p>
      <ThresholdChart
        metric={metric} title={title} points={shown} fromMs={nowMs - windowMs} nowMs={nowMs} toMs={toMs} scale={scale} lines={lines} spans={spans}
        marks={marks.filter(({ atMs }) => atMs >= nowMs - windowMs)} forecast={forecast} formatTime={(atMs) => formatTimeOfDay(atMs, zone).slice(0, 5)}
        onMove={(line, value) => { form.set(line.path, value); }}
      />
      <ul className={chart['key']}>
        {spans.map(({ key, kind, label }) => <li key={key}><i data-kind={kind} aria-hidden="true" />{label}</li>)}
        {forecast !== null && <li><i data-kind="band" aria-hidden="true" />expected, and the band above it</li>}
        <li>▾ {marks.length === 0 ? 'the active policy has not acted yet' : 'what the active policy did'}</li>
      </ul>
    </>
  );
}

function useActionMarks(): readonly ActionMark[] {
  const clusterId = useClusterId();
  const api = useApi();
  const started = useQuery(api.events.list.queryOptions({ input: { clusterId, type: ['scaling.started'], limit: MARKS_MAX } }));
  return (started.data?.events ?? []).map(({ id, atMs, message }) => ({ key: id, atMs, label: message }));
}

function isMetric(metric: string): metric is keyof typeof METRIC_WORDS {
  return metric in METRIC_WORDS;
}

function isAggregate(aggregate: string): aggregate is keyof typeof AGGREGATE_WORDS {
  return aggregate in AGGREGATE_WORDS;
}
