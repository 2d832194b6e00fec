'use client';

import { parseAsFloat, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { marksOfRanges, shardIdsOfMarks } from '@/components/charts/shard-ranges';
import type { PlanRequest, PlanScope } from '@/lib/contract/plan';
import type { PlanConstraints } from '@/lib/contract/plan-options';
import type { VersionedSettings } from '@/lib/contract/settings';
import { HEADROOMS, PRESETS, STRATEGIES } from '@/lib/contract/vocabulary';
import { parseAsIds, parseAsLines, parseAsWeights, parseAsWhole } from './plan-url-codecs';

const COPIES_MAX = 1_000_000;

const parsers = {
  strategy: parseAsStringLiteral(STRATEGIES),
  scope: parseAsStringLiteral(['cluster', 'evacuate', 'shards']).withDefault('cluster'),
  /** scope=evacuate: the node to empty. */
  node: parseAsString.withDefault(''),
  /** scope=shards: "0-99,120". */
  shards: parseAsString.withDefault(''),
  /** scope=shards: where to; empty = the best place for each. */
  target: parseAsString.withDefault(''),
  /** Imbalance above which the planner acts, 0..1; absent: the cluster's setting. */
  threshold: parseAsFloat,
  /** strategy=optimal. Absent: balanced, or drain where a node is to be emptied. */
  preset: parseAsStringLiteral(PRESETS),
  /** strategy=optimal: what differs from the preset, "cpu:2,bytes:0". */
  weights: parseAsWeights.withDefault({}),
  /** What differs from the cluster's safety lines, "cpu:0.7". */
  lines: parseAsLines.withDefault({}),
  exclude: parseAsIds.withDefault([]),
  /** Shards that stay, "0-99,120". */
  pin: parseAsString.withDefault(''),
  arrivals: parseAsWhole(COPIES_MAX),
  departures: parseAsWhole(COPIES_MAX),
  headroom: parseAsStringLiteral(HEADROOMS).withDefault('none'),
  bytesMax: parseAsWhole(Number.MAX_SAFE_INTEGER),
  /** The plan under review. */
  plan: parseAsString.withDefault(''),
};

/** What is being planned, in the address, so that it survives a reload and can be shared. A new plan is a new page of the history; dragging is not. */
export function usePlanUrl() {
  const [url, setUrl] = useQueryStates(parsers, { history: 'replace' });
  return [url, (change: Partial<PlanUrl>) => void setUrl(change, { history: change.plan === undefined ? 'replace' : 'push' })] as const;
}

export type PlanUrl = ReturnType<typeof useQueryStates<typeof parsers>>[0];
export type SetPlanUrl = (change: Partial<PlanUrl>) => void;
type Settings = VersionedSettings['settings'];

/** Preset that counts when none is named. */
export function presetIn(url: PlanUrl): NonNullable<PlanUrl['preset']> {
  return url.preset ?? (url.scope === 'evacuate' ? 'drain' : 'balanced');
}

/** The request that the address means, or what is missing or wrong in it. */
export function requestOf(url: PlanUrl, shardCount: number, settings: Settings): { readonly request: PlanRequest; readonly missing: null } | { readonly request: null; readonly missing: string } {
  const { scope, missing } = scopeOf(url, shardCount);
  if (scope === null) return { request: null, missing };
  const pinned = rangesProblem(url.pin, shardCount);
  if (pinned !== null) return { request: null, missing: pinned };
  const strategy = url.strategy ?? settings.rebalancing.strategy;
  const constraints = constraintsOf(url, shardCount);
  const request: PlanRequest = {
    strategy, scope, threshold: Math.min(1, Math.max(0, url.threshold ?? settings.rebalancing.imbalanceThreshold)), seed: 1,
    ...(strategy === 'optimal' && { preset: presetIn(url) }),
    ...(strategy === 'optimal' && Object.keys(url.weights).length > 0 && { weights: url.weights }),
    ...(constraints !== null && { constraints }),
    ...(Object.keys(url.lines).length > 0 && { safetyLines: url.lines }),
  };
  return { request, missing: null };
}

/** The scope that the address means, or what is missing. */
export function scopeOf(url: PlanUrl, shardCount: number): { readonly scope: PlanScope; readonly missing: null } | { readonly scope: null; readonly missing: string } {
  if (url.scope === 'cluster') return { scope: { kind: 'cluster' }, missing: null };
  if (url.scope === 'evacuate') {
    return url.node === '' ? { scope: null, missing: 'Choose the node to empty' } : { scope: { kind: 'evacuate', nodeIds: [url.node] }, missing: null };
  }
  const problem = rangesProblem(url.shards, shardCount);
  const shardIds = shardIdsOfMarks(marksOfRanges(url.shards, shardCount));
  if (problem !== null || shardIds.length === 0) return { scope: null, missing: problem ?? `Name shards from 0 to ${Math.max(0, shardCount - 1)}, such as 0-99,120` };
  return { scope: { kind: 'shards', shardIds, targetNodeId: url.target === '' ? null : url.target }, missing: null };
}

/** `null`: nothing besides what always holds. */
function constraintsOf(url: PlanUrl, shardCount: number): PlanConstraints | null {
  const constraints: PlanConstraints = {
    excludedNodeIds: [...url.exclude], pinnedShardIds: shardIdsOfMarks(marksOfRanges(url.pin, shardCount)),
    arrivalsPerNodeMax: url.arrivals, departuresPerNodeMax: url.departures, headroom: url.headroom, bytesMax: url.bytesMax,
  };
  return constraintCount(url) === 0 ? null : constraints;
}

/** How many limits are set. */
export function constraintCount(url: PlanUrl): number {
  return [url.exclude.length > 0, url.pin.trim() !== '', url.arrivals !== null, url.departures !== null, url.headroom !== 'none', url.bytesMax !== null].filter(Boolean).length;
}

/** What is wrong with a list of shards such as "0-99,120"; `null` = nothing, also where it is empty. */
export function rangesProblem(text: string, shardCount: number): string | null {
  const parts = text.split(',').map((part) => part.trim()).filter((part) => part !== '');
  const wrong = parts.find((part) => {
    const match = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(part);
    return match === null || Math.max(Number(match[1]), Number(match[2] ?? 0)) >= shardCount;
  });
  return wrong === undefined ? null : `“${wrong}” is no shard or range from 0 to ${Math.max(0, shardCount - 1)}, such as 0-99,120`;
}
