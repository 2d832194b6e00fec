import type { DomainEvent } from '@/lib/contract/events';
import type { MetricSeries } from '@/lib/contract/metrics';
import type { Liveness, Node } from '@/lib/contract/node';

/** `unwatched`: no manager looked, so nothing is known of that time. */
export type SpanState = Liveness | 'unwatched';

export interface LivenessSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly state: SpanState;
}

export interface SpanSources {
  readonly fromMs: number;
  readonly toMs: number;
  readonly node: Pick<Node, 'liveness' | 'livenessSinceMs'>;
  /** Of the node; only changes of liveness count. */
  readonly events: readonly DomainEvent[];
  /** A series of the whole cluster: where it has no samples, nobody watched. `null`: not known, taken as watched. */
  readonly recorded: MetricSeries | null;
}

interface Change { readonly atMs: number; readonly before: SpanState; readonly after: SpanState }
interface Gap { readonly fromMs: number; readonly toMs: number }

const STATES: readonly string[] = ['alive', 'suspect', 'unreachable', 'dead'];

/**
 * What the node was believed to be over a window, from the events of its changes. An event
 * says what was before it and what after; a time in which nothing was recorded says that
 * nobody watched, and nothing is carried over it.
 */
export function livenessSpans({ fromMs, toMs, node, events, recorded }: SpanSources): LivenessSpan[] {
  if (toMs <= fromMs) return [];
  const changes = changesOf(events);
  const gaps = gapsOf(recorded, fromMs, toMs);
  const cuts = [fromMs, toMs, node.livenessSinceMs, ...changes.map(({ atMs }) => atMs), ...gaps.flatMap((gap) => [gap.fromMs, gap.toMs])];
  const edges = [...new Set(cuts.filter((at) => at >= fromMs && at <= toMs))].sort((a, b) => a - b);
  const spans: LivenessSpan[] = [];
  for (let index = 1; index < edges.length; index += 1) {
    const [start, end] = [edges[index - 1]!, edges[index]!];
    const state = stateWithin(start, end, { node, changes, gaps });
    const last = spans.at(-1);
    if (last?.state === state) spans[spans.length - 1] = { ...last, toMs: end };
    else spans.push({ fromMs: start, toMs: end, state });
  }
  return spans;
}

/** How long and how often it was in each state. */
export function spanTotals(spans: readonly LivenessSpan[]): readonly { readonly state: SpanState; readonly totalMs: number; readonly times: number }[] {
  return (['alive', 'suspect', 'unreachable', 'dead', 'unwatched'] as const).flatMap((state) => {
    const found = spans.filter((span) => span.state === state);
    return found.length === 0 ? [] : [{ state, totalMs: found.reduce((sum, span) => sum + span.toMs - span.fromMs, 0), times: found.length }];
  });
}

function stateWithin(start: number, end: number, { node, changes, gaps }: { node: SpanSources['node']; changes: readonly Change[]; gaps: readonly Gap[] }): SpanState {
  if (gaps.some((gap) => gap.fromMs <= start && gap.toMs >= end)) return 'unwatched';
  if (start >= node.livenessSinceMs) return node.liveness;
  const before = changes.findLast((change) => change.atMs <= start);
  if (before !== undefined && !gaps.some((gap) => gap.fromMs >= before.atMs && gap.toMs <= start)) return before.after;
  const after = changes.find((change) => change.atMs >= end);
  if (after !== undefined && !gaps.some((gap) => gap.fromMs >= end && gap.toMs <= after.atMs)) return after.before;
  return 'unwatched';
}

function changesOf(events: readonly DomainEvent[]): Change[] {
  return events.flatMap((event): Change[] => {
    const { before, after } = event.data;
    if (event.type !== 'node.livenessChanged' || !isState(before) || !isState(after)) return [];
    return [{ atMs: event.atMs, before, after }];
  }).sort((a, b) => a.atMs - b.atMs);
}

function isState(value: unknown): value is Liveness {
  return typeof value === 'string' && STATES.includes(value);
}

/** Buckets without a sample. The newest two may still be filling and count as watched. */
function gapsOf(recorded: MetricSeries | null, fromMs: number, toMs: number): Gap[] {
  if (recorded === null) return [];
  const { points, stepMs } = recorded;
  const gaps: Gap[] = [];
  const first = points[0];
  if (first !== undefined && first.atMs > fromMs) gaps.push({ fromMs, toMs: first.atMs });
  for (const point of points) {
    if (point.sampleCount > 0 || point.atMs + 2 * stepMs > toMs) continue;
    const last = gaps.at(-1);
    if (last?.toMs === point.atMs) gaps[gaps.length - 1] = { fromMs: last.fromMs, toMs: point.atMs + stepMs };
    else gaps.push({ fromMs: Math.max(fromMs, point.atMs), toMs: point.atMs + stepMs });
  }
  return gaps;
}
