import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { nextTurn } from '@/lib/platform/in-turns';

/** With up to so many, everything that is done after a reading takes a few milliseconds together. */
const NODES_AT_ONCE_MAX = 32;
const REPLICAS_AT_ONCE_MAX = 20_000;

/** Lets everybody else have a turn between the parts of what goes over all nodes and shards. */
export function restIfLarge({ nodes, shards }: Pick<ClusterState, 'nodes' | 'shards'>): Promise<void> {
  return nodes.size > NODES_AT_ONCE_MAX || shards.replicas.length > REPLICAS_AT_ONCE_MAX ? nextTurn() : Promise.resolve();
}
