import type { ShardPlacement } from './shard-layout';

/** What a node holds, by the shard table. */
export interface ShardCounts {
  readonly primaries: number;
  /** Replicas of any role, primaries included. */
  readonly shards: number;
}

/** Counts by node id; a node that holds nothing is absent. */
export function shardCountsOf(placement: ShardPlacement): ReadonlyMap<string, ShardCounts> {
  const { nodeIds, replicas, replicaMax } = placement;
  const primaries = new Uint32Array(nodeIds.length);
  const shards = new Uint32Array(nodeIds.length);
  for (let at = 0; at < replicas.length; at += 1) {
    const nodeIndex = replicas[at]!;
    if (nodeIndex < 0) continue;
    shards[nodeIndex]! += 1;
    if (at % replicaMax === 0) primaries[nodeIndex]! += 1;
  }
  return new Map(nodeIds.flatMap((nodeId, index) => (shards[index] === 0 ? [] : [[nodeId, { primaries: primaries[index]!, shards: shards[index]! }]])));
}
