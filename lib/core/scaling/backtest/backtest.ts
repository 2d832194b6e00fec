/** What a policy would have done on a series, and where two policies part. */
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { BacktestDifference, BacktestResult } from '@/lib/contract/scaling-backtest';
import type { ScheduleOccurrence } from '@/lib/contract/scaling-schedule';
import { PolicyController } from './policy-controller';
import { replay, type LoadSeries, type ReplayMarker } from './replay';

export interface BacktestOptions {
  readonly pool: string;
  readonly generation: number;
  readonly fullCopyMs: number;
  readonly provisionMs: number;
  readonly leadTimeMs: number;
  readonly nodeCountStart: number;
  readonly dataBytes: number;
  readonly skipMs: number;
  readonly occurrences: readonly ScheduleOccurrence[];
}

const MARKERS_MAX = 500;
const DIFFERENCES_MAX = 200;
/** What the size that knows the load runs at, for a policy without a target of its own. */
const TARGET = 0.65;

/** The policy decides by the same code as live; see `replay.ts` for what stands in for the pool. */
export function backtest(series: LoadSeries, policy: PolicyDocument, options: BacktestOptions): { readonly result: BacktestResult; readonly markers: readonly ReplayMarker[] } {
  const { bounds } = policy;
  const first = policy.rules.find((rule) => rule.kind === 'target');
  const { figures, markers } = replay(series, new PolicyController(series, policy, options), {
    ...options,
    nodeCountMin: bounds.nodeCountMin, nodeCountMax: bounds.nodeCountMax,
    line: Math.min(...series.metrics.map(({ metric }) => (metric === 'cpu' || metric === 'memory' || metric === 'disk' || metric === 'network' ? policy.lines[metric] : 1))),
    target: first?.kind === 'target' && first.target < 1 ? first.target : TARGET,
  });
  return {
    markers,
    result: { ...figures, bytesMoved: Math.round(figures.copies * options.dataBytes), markers: markers.slice(-MARKERS_MAX), markersLeftOut: Math.max(0, markers.length - MARKERS_MAX) },
  };
}

/** The times at which two replays of the same series have different sizes. */
export function differencesOf(active: readonly ReplayMarker[], edited: readonly ReplayMarker[], span: { readonly startMs: number; readonly endMs: number; readonly activeStart: number; readonly editedStart: number }): readonly BacktestDifference[] {
  const differences: BacktestDifference[] = [];
  let activeSize = span.activeStart;
  let editedSize = span.editedStart;
  let openedMs: number | null = activeSize === editedSize ? null : span.startMs;
  let a = 0;
  let e = 0;
  while (a < active.length || e < edited.length) {
    const atMs = Math.min(active[a]?.atMs ?? Infinity, edited[e]?.atMs ?? Infinity);
    const before = { activeSize, editedSize };
    while (a < active.length && active[a]!.atMs === atMs) activeSize = active[a++]!.to;
    while (e < edited.length && edited[e]!.atMs === atMs) editedSize = edited[e++]!.to;
    if (openedMs !== null) differences.push({ fromMs: openedMs, toMs: atMs, activeNodes: before.activeSize, editedNodes: before.editedSize });
    openedMs = activeSize === editedSize ? null : atMs;
  }
  if (openedMs !== null) differences.push({ fromMs: openedMs, toMs: span.endMs, activeNodes: activeSize, editedNodes: editedSize });
  return differences.slice(0, DIFFERENCES_MAX);
}
