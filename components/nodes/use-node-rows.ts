'use client';

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { StaleRule } from '@/components/charts/node-facts';
import { shardCountsOf } from '@/components/charts/shard-counts';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import type { SafetyLines } from '@/lib/contract/settings';
import { nodeRows, type NodeRow } from './node-rows';

const NO_IDS: readonly string[] = [];

/** The rows of all nodes; `null` until the nodes arrived. */
export function useNodeRows(): readonly NodeRow[] | null {
  const nodes = useCluster((state) => state.nodes);
  const rule = useCluster((state): StaleRule => ({ observedAtMs: state.summary?.observedAtMs ?? null, observationIntervalMs: state.summary?.observationIntervalMs ?? 1_000 }));
  const placement = useCluster((state) => state.shards && {
    shardCount: state.shards.shardCount, replicaMax: state.shards.replicaMax, nodeIds: state.shards.nodeIds, replicas: state.shards.replicas,
  });
  const nowMs = useNow();
  const counts = useMemo(() => (placement === null ? null : shardCountsOf(placement)), [placement]);
  const nodeIds = placement?.nodeIds ?? NO_IDS;
  return useMemo(() => nodes && nodeRows({ nodes, counts, nodeIds, nowMs, rule }), [nodes, counts, nodeIds, nowMs, rule]);
}

/** The cluster's safety lines; `null` until they are known. */
export function useSafetyLines(): SafetyLines | null {
  const clusterId = useClusterId();
  const settings = useQuery(useApi().settings.get.queryOptions({ input: { clusterId } }));
  return settings.data?.settings.safetyLines ?? null;
}
