'use client';

import { SegmentedControl } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useRoundedNow } from '@/components/realtime/use-live-store';
import { useMetrics } from '@/components/realtime/use-metrics';
import { useZone } from '@/components/ui/zone-provider';
import { formatDuration, plural } from '@/lib/client/format';
import { formatDateTime, formatTimeOfDay, zoneLabel } from '@/lib/client/format-time';
import { livenessSpans, spanTotals, type LivenessSpan, type SpanState } from '@/lib/client/liveness-spans';
import { livenessWords } from '@/lib/client/status';
import type { Node } from '@/lib/contract/node';
import classes from './liveness.module.css';

const WINDOWS = { '1h': 3_600_000, '6h': 6 * 3_600_000, '24h': 24 * 3_600_000, '7d': 7 * 86_400_000 } as const;
const WINDOW_KEYS = ['1h', '6h', '24h', '7d'] as const;
const WINDOW_LABELS = { '1h': '1 h', '6h': '6 h', '24h': '24 h', '7d': '7 d' } as const;
const ROUND_MS = 10_000;
const EVENTS_MAX = 500;
const LISTED_MAX = 30;

export const spanWord = (state: SpanState): string => (state === 'unwatched' ? 'Not watched' : livenessWords(state).label);

/** What the node was believed to be over the last hours: a strip for the eye, sentences for everybody. */
export function LivenessStrip({ node }: { readonly node: Node }) {
  const [key, setKey] = useQueryState('history', parseAsStringLiteral(WINDOW_KEYS).withDefault('1h').withOptions({ history: 'replace' }));
  const api = useApi();
  const clusterId = useClusterId();
  const { zone } = useZone();
  const windowMs = WINDOWS[key];
  const toMs = useRoundedNow(ROUND_MS);
  const events = useQuery(api.events.list.queryOptions({ input: { clusterId, nodeId: node.id, type: ['node.livenessChanged'], limit: EVENTS_MAX }, placeholderData: keepPreviousData }));
  const recorded = useMetrics({ metrics: ['nodes'], windowMs, pointsMax: 360 });
  const ready = toMs > 0 && events.data !== undefined;
  const spans = ready ? livenessSpans({ fromMs: toMs - windowMs, toMs, node, events: events.data.events, recorded: recorded.data?.series[0] ?? null }) : [];
  return (
    <div className={classes['history']}>
      <div className={classes['historyHead']}>
        <span className={classes['caption']}>{ready ? totalsSentence(spans, windowMs) : 'Reading the history'}</span>
        <SegmentedControl aria-label="How far back" value={key} onChange={(value) => void setKey(value)} data={WINDOW_KEYS.map((value) => ({ value, label: WINDOW_LABELS[value] }))} />
      </div>
      <Strip spans={spans} fromMs={toMs - windowMs} toMs={toMs} />
      <div className={classes['axis']} aria-hidden>
        <span suppressHydrationWarning>{toMs > 0 && formatDateTime(toMs - windowMs, zone)}</span>
        <span suppressHydrationWarning>{toMs > 0 && `${formatTimeOfDay(toMs, zone)} ${zoneLabel(toMs, zone)}`}</span>
      </div>
      <ChangeList spans={spans} />
    </div>
  );
}

function Strip({ spans, fromMs, toMs }: { readonly spans: readonly LivenessSpan[]; readonly fromMs: number; readonly toMs: number }) {
  const { zone } = useZone();
  const widthMs = toMs - fromMs;
  return (
    <div className={classes['strip']} aria-hidden>
      {spans.map((span) => (
        <span
          key={span.fromMs} className={`${classes['span'] ?? ''} ${span.state === 'unwatched' ? 'ps-hatched' : ''}`} data-state={span.state}
          style={{ left: `${((span.fromMs - fromMs) / widthMs) * 100}%`, width: `max(2px, ${((span.toMs - span.fromMs) / widthMs) * 100}%)` }}
          title={`${spanWord(span.state)} for ${formatDuration(span.toMs - span.fromMs)}, from ${formatDateTime(span.fromMs, zone)}`}
        />
      ))}
    </div>
  );
}

/** Every stretch that was not plainly alive, newest first. */
function ChangeList({ spans }: { readonly spans: readonly LivenessSpan[] }) {
  const { zone } = useZone();
  const notable = spans.filter((span) => span.state !== 'alive').reverse();
  if (notable.length === 0) return null;
  return (
    <details className={classes['details']}>
      <summary>{plural(notable.length, 'stretch', 'stretches')} in which it was not alive or not watched</summary>
      <ol>
        {notable.slice(0, LISTED_MAX).map((span) => (
          <li key={span.fromMs}><time dateTime={new Date(span.fromMs).toISOString()}>{formatDateTime(span.fromMs, zone)}</time>: {spanWord(span.state).toLowerCase()} for {formatDuration(span.toMs - span.fromMs)}</li>
        ))}
        {notable.length > LISTED_MAX && <li>and {notable.length - LISTED_MAX} earlier ones</li>}
      </ol>
    </details>
  );
}

/** "Alive for the whole of the last 1 h" or "In the last 24 h: alive 23 h 50 min, suspect 40 s (3 times)". */
export function totalsSentence(spans: readonly LivenessSpan[], windowMs: number): string {
  const totals = spanTotals(spans);
  const only = totals.length === 1 ? totals[0] : undefined;
  if (only !== undefined) return `${spanWord(only.state)} for the whole of the last ${formatDuration(windowMs)}`;
  const parts = totals.map(({ state, totalMs, times }) => `${spanWord(state).toLowerCase()} ${formatDuration(totalMs)}${state === 'alive' || times === 1 ? '' : ` (${times} times)`}`);
  return `In the last ${formatDuration(windowMs)}: ${parts.join(', ')}`;
}
