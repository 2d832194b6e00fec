'use client';

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { ageOf, isNodeStale, type StaleRule } from '@/components/charts/node-facts';
import { shardCountsOf } from '@/components/charts/shard-counts';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { nodeWords } from '@/lib/client/status';
import type { LiveMove } from '@/lib/contract/live';
import type { Node } from '@/lib/contract/node';
import type { SafetyLines } from '@/lib/contract/settings';
import type { NodeCardProps } from './node-card';
import { moveFlows, topologyTree, type MoveFlow, type ZoneBranch } from './topology-tree';

/** Everything the drawing and the tree read. */
export interface TopologyModel {
  readonly clusterId: string;
  readonly zones: readonly ZoneBranch[];
  readonly flows: readonly MoveFlow[];
  readonly nowMs: number;
  readonly safetyLines: SafetyLines | null;
  /** `null` for a node that has left meanwhile. */
  readonly cardOf: (nodeId: string) => NodeCardProps | null;
}

const NO_MOVES: readonly LiveMove[] = [];

export function useTopologyModel(clusterId: string, nodes: readonly Node[]): TopologyModel {
  const api = useApi();
  const nowMs = useNow();
  const moves = useCluster((state) => state.moves) ?? NO_MOVES;
  const rule = useCluster((state): StaleRule => ({ observedAtMs: state.summary?.observedAtMs ?? null, observationIntervalMs: state.summary?.observationIntervalMs ?? 1_000 }));
  const placement = useCluster((state) => state.shards && {
    shardCount: state.shards.shardCount, replicaMax: state.shards.replicaMax, nodeIds: state.shards.nodeIds, replicas: state.shards.replicas,
  });
  const settings = useQuery(api.settings.get.queryOptions({ input: { clusterId } }));
  const safetyLines = settings.data?.settings.safetyLines ?? null;
  const zones = useMemo(() => topologyTree(nodes), [nodes]);
  const flows = useMemo(() => moveFlows(moves), [moves]);
  const counts = useMemo(() => (placement === null ? null : shardCountsOf(placement)), [placement]);
  return useMemo(() => {
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const colorOf = new Map(placement?.nodeIds.map((nodeId, index) => [nodeId, index]));
    const cardOf = (nodeId: string): NodeCardProps | null => {
      const node = byId.get(nodeId);
      if (node === undefined) return null;
      const stale = isNodeStale(node, rule);
      const held = counts?.get(nodeId);
      return {
        node,
        href: `/${clusterId}/nodes/${encodeURIComponent(nodeId)}`,
        status: nodeWords(node, nowMs),
        stale,
        staleMs: stale ? ageOf(node, nowMs) : null,
        colorIndex: colorOf.get(nodeId) ?? -1,
        primaryCount: held?.primaries ?? 0,
        shardCount: counts === null ? null : held?.shards ?? 0,
        safetyLines,
      };
    };
    return { clusterId, zones, flows, nowMs, safetyLines, cardOf };
  }, [clusterId, nodes, zones, flows, counts, placement, nowMs, rule, safetyLines]);
}
