'use client';

import { parseAsFloat, parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useMemo } from 'react';
import { SHARD_METRICS } from '@/components/charts/shard-metrics';

export const BRIGHTNESS_MIN = 0.5;
export const BRIGHTNESS_MAX = 3;

export const SORT_KEYS = ['id', 'owner', ...SHARD_METRICS] as const;
export type SortKey = (typeof SORT_KEYS)[number];

const parsers = {
  view: parseAsStringLiteral(['map', 'table']).withDefault('map'),
  mode: parseAsStringLiteral(['owner', 'metric']).withDefault('owner'),
  metric: parseAsStringLiteral(SHARD_METRICS).withDefault('size'),
  /** Absent: what suits the placement, see suitableLayout. */
  layout: parseAsStringLiteral(['id', 'owner']),
  palette: parseAsStringLiteral(['viridis', 'cividis']).withDefault('viridis'),
  brightness: parseAsFloat.withDefault(1),
  /** Filter: what this node holds. */
  node: parseAsString.withDefault(''),
  /** The shard whose details are open. */
  shard: parseAsInteger,
  /** The key whose place is asked for. */
  key: parseAsString.withDefault(''),
  /** Table: only these shards, as ranges. */
  ids: parseAsString.withDefault(''),
  /** Table: only what is selected; only what has no primary. */
  only: parseAsStringLiteral(['all', 'selected', 'no-primary']).withDefault('all'),
  sort: parseAsStringLiteral(SORT_KEYS).withDefault('id'),
  order: parseAsStringLiteral(['asc', 'desc']).withDefault('asc'),
};

/** The whole state of the screen but the selection, in the address. */
export function useShardUrl() {
  const [url, setUrl] = useQueryStates(parsers, { history: 'replace' });
  const shown = useMemo(() => ({ ...url, brightness: Math.min(BRIGHTNESS_MAX, Math.max(BRIGHTNESS_MIN, url.brightness)) }), [url]);
  return [shown, setUrl] as const;
}

export type ShardUrl = ReturnType<typeof useShardUrl>[0];
export type SetShardUrl = ReturnType<typeof useShardUrl>[1];
