import type { ClusterState } from './cluster-state';

export interface Loss {
  readonly shardCount: number;
  /** The first of them. */
  readonly shardIds: readonly number[];
  /** `null` = unknown. */
  readonly keyCount: number | null;
  readonly bytes: number | null;
}

const NAMED_MAX = 50;

/** What would be gone if this node never came back: shards that no other living node, nor a living follower of it, has a copy of. */
export function lossOf(state: ClusterState, nodeId: string): Loss {
  const { shards, nodes } = state;
  const lives = (id: string) => id !== nodeId && nodes.get(id)?.liveness === 'alive';
  const mirrored = [...nodes.values()].some((node) => node.followerOf === nodeId && lives(node.id));
  const own = shards.nodeIds.indexOf(nodeId);
  const alive = shards.nodeIds.map((id) => lives(id));
  const lost: number[] = [];
  for (let shardId = 0; own >= 0 && !mirrored && shardId < shards.shardCount; shardId += 1) {
    const row = shards.replicas.subarray(shardId * shards.replicaMax, (shardId + 1) * shards.replicaMax);
    if (row[0] === own && !row.some((index) => index >= 0 && alive[index] === true)) lost.push(shardId);
  }
  return { shardCount: lost.length, shardIds: lost.slice(0, NAMED_MAX), keyCount: sumOf(shards.keyCount, lost), bytes: sumOf(shards.sizeBytes, lost) };
}

function sumOf(column: ArrayLike<number>, shardIds: readonly number[]): number | null {
  const sum = shardIds.reduce((total, shardId) => total + (column[shardId] ?? NaN), 0);
  return Number.isFinite(sum) ? sum : null;
}
