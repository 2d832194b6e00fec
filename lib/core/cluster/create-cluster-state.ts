import { createShardTable } from '@/lib/contract/shard-table';
import type { ClusterState } from './cluster-state';

/** A cluster nothing is known of yet. */
export function createClusterState(options: { clusterId: string; epoch: number }): ClusterState {
  return {
    clusterId: options.clusterId,
    epoch: options.epoch,
    revision: 0,
    nodes: new Map(),
    shards: createShardTable({ shardCount: 0, replicaMax: 1, nodeIds: [] }),
    engine: null,
    warnings: [],
    inFlight: [],
    observedAtMs: null,
    observedMonotonicMs: null,
    placementMonotonicMs: null,
  };
}
