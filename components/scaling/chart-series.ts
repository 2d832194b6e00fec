/** What the policy's chart draws, from what is recorded and what was decided last. */
import type { TimePoint } from '@/components/charts/time-series-rows';
import { formatDuration } from '@/lib/client/format';
import type { Metric, MetricSeries } from '@/lib/contract/metrics';
import type { DecisionRecord } from '@/lib/contract/scaling-record';
import { numberAt, textAt, type PolicyDraft } from './policy-draft';
import type { ForecastCone, ShadedSpan } from './threshold-chart';

/** The recorded series of a metric; absent: it is not recorded for the cluster as a whole. */
export const SERIES_OF: Readonly<Record<string, Metric>> = {
  cpu: 'cpu', memory: 'memory', disk: 'disk', network: 'network', queriesPerSecond: 'operationsPerSecond', latencyP99Ms: 'latencyP99Ms',
};

/**
 * The metric as its rule sees it, as far as it is recorded: the cluster's mean, or its
 * highest reading for the highest node; rates are shared out among the nodes there were.
 * `said`: what stands in for what is not recorded.
 */
export function pointsOf(series: readonly MetricSeries[], metric: string, aggregate: string): { readonly points: readonly TimePoint[]; readonly said: string } {
  const found = series.find((one) => one.metric === SERIES_OF[metric]);
  if (found === undefined) return { points: [], said: '' };
  const said = aggregate === 'mean' || aggregate === '' ? '' : ' of the rule (the mean over the cluster is what is recorded)';
  if (metric !== 'queriesPerSecond') return { points: found.points.map(({ atMs, mean }) => ({ atMs, value: mean })), said };
  const leaders = new Map((series.find((one) => one.metric === 'leaders')?.points ?? []).map(({ atMs, mean }) => [atMs, mean]));
  return {
    points: found.points.map(({ atMs, mean }) => {
      const count = leaders.get(atMs) ?? null;
      return { atMs, value: mean === null || count === null || count === 0 ? null : mean / count };
    }),
    said,
  };
}

/** The windows a rule and the policy look back over, and the cooldown that holds now. */
export function spansOf(draft: PolicyDraft, index: number, { nowMs, fromMs, record }: { readonly nowMs: number; readonly fromMs: number; readonly record: DecisionRecord | null }): readonly ShadedSpan[] {
  const kind = textAt(draft, ['rules', index, 'kind']);
  const rulePath = kind === 'threshold' ? ['out', 'durationMs'] : kind === 'steps' ? ['durationMs'] : kind === 'disk-projection' ? ['trendMs'] : null;
  const looksBack = (key: string, lengthMs: number | null, words: string): ShadedSpan[] => (lengthMs === null || lengthMs === 0 ? [] : [{
    key, kind: 'window', label: `${words} ${formatDuration(lengthMs)}`, fromMs: Math.max(fromMs, nowMs - lengthMs), toMs: nowMs,
  }]);
  const cooldown = record?.chain.find(({ code, untilMs }) => code === 'cooldown' && untilMs !== null && untilMs > nowMs)?.untilMs ?? null;
  return [
    ...looksBack('rule', rulePath === null ? null : numberAt(draft, ['rules', index, ...rulePath]), 'the rule looks at the last'),
    ...looksBack('out', numberAt(draft, ['out', 'stabilizationMs']), 'window for growing:'),
    ...looksBack('in', numberAt(draft, ['in', 'stabilizationMs']), 'window for shrinking:'),
    ...(cooldown === null ? [] : [{ key: 'cooldown', kind: 'cooldown' as const, label: `cooldown for another ${formatDuration(cooldown - nowMs)}`, fromMs: nowMs, toMs: cooldown }]),
  ];
}

/** In the metric's unit per node, at the size there is; `null` when the policy in force forecasts nothing for this rule. */
export function forecastOf(record: DecisionRecord | null, ruleId: string, nowValue: number | null): ForecastCone | null {
  const forecast = record?.forecasts.find((one) => one.ruleId === ruleId);
  if (record === null || forecast === undefined || forecast.state !== 'predictive' || forecast.expected === null || forecast.upper === null || nowValue === null || record.nodeCount === 0) return null;
  return { atMs: record.atMs + forecast.horizonMs, now: nowValue, expected: forecast.expected / record.nodeCount, upper: forecast.upper / record.nodeCount };
}
