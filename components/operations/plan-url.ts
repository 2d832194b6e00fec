'use client';

import { parseAsFloat, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { marksOfRanges, shardIdsOfMarks } from '@/components/charts/shard-ranges';
import type { PlanScope } from '@/lib/contract/plan';
import { STRATEGIES } from '@/lib/contract/vocabulary';

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
  /** The plan under review. */
  plan: parseAsString.withDefault(''),
};

/** What is being planned, in the address, so that it survives a reload and can be shared. */
export function usePlanUrl() {
  return useQueryStates(parsers, { history: 'push' });
}

export type PlanUrl = ReturnType<typeof usePlanUrl>[0];

/** The scope that the address means, or what is missing. */
export function scopeOf(url: PlanUrl, shardCount: number): { readonly scope: PlanScope; readonly missing: null } | { readonly scope: null; readonly missing: string } {
  if (url.scope === 'cluster') return { scope: { kind: 'cluster' }, missing: null };
  if (url.scope === 'evacuate') {
    return url.node === '' ? { scope: null, missing: 'Choose the node to empty' } : { scope: { kind: 'evacuate', nodeIds: [url.node] }, missing: null };
  }
  const shardIds = shardIdsOfMarks(marksOfRanges(url.shards, shardCount));
  if (shardIds.length === 0) return { scope: null, missing: `Name shards from 0 to ${Math.max(0, shardCount - 1)}, such as 0-99,120` };
  return { scope: { kind: 'shards', shardIds, targetNodeId: url.target === '' ? null : url.target }, missing: null };
}
