import type { MoveRecord } from '@/lib/contract/operation';
import { replicaNodeIdsOf, type ShardTable } from '@/lib/contract/shard-table';
import type { MoveWish } from '@/lib/core/rebalance/plan-given-moves';

export interface Undo {
  /** Data first, the last landed first; then primary roles. */
  readonly wishes: readonly MoveWish[];
  /** Replicas that landed and are no longer where they landed: somebody moved them on, so they are left alone. */
  readonly movedOn: number;
  /** Replicas that the operation itself, or somebody since, has brought back already. */
  readonly backAlready: number;
}

/**
 * The way back of an operation, from its journal: what it has moved and what still is
 * where it put it. A replica that it moved in several steps goes back in one. Roles that
 * changed hands go back last, when their data is there again.
 */
export function undoOf(moves: readonly Pick<MoveRecord, 'index' | 'status' | 'step' | 'finishedAtMs'>[], shards: ShardTable): Undo {
  const done = moves.filter((move) => move.status === 'done').sort((a, b) => (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0) || a.index - b.index);
  const originOf = new Map<string, { readonly shardId: number; readonly at: string; readonly origin: string; readonly order: number }>();
  const primaryBefore = new Map<number, string>();
  const keyOf = (shardId: number, nodeId: string) => `${shardId}/${nodeId}`;
  for (const [order, { step }] of done.entries()) {
    const { shardId, sourceNodeId, targetNodeId } = step;
    if ((step.kind === 'transfer' || step.role === 'primary') && !primaryBefore.has(shardId)) primaryBefore.set(shardId, sourceNodeId);
    if (step.kind === 'transfer') continue;
    const earlier = originOf.get(keyOf(shardId, sourceNodeId));
    originOf.delete(keyOf(shardId, sourceNodeId));
    originOf.set(keyOf(shardId, targetNodeId), { shardId, at: targetNodeId, origin: earlier?.origin ?? sourceNodeId, order });
  }
  const wishes: MoveWish[] = [];
  let movedOn = 0, backAlready = 0;
  for (const landed of [...originOf.values()].sort((a, b) => b.order - a.order)) {
    const { shardId, at, origin } = landed;
    const holders = shardId < shards.shardCount ? replicaNodeIdsOf(shards, shardId) : [];
    if (at === origin || (!holders.includes(at) && holders.includes(origin))) backAlready += 1;
    else if (!holders.includes(at)) movedOn += 1;
    else wishes.push({ kind: 'move', shardId, sourceNodeId: at, targetNodeId: origin });
  }
  const wishesOf = new Map<number, MoveWish[]>();
  for (const wish of wishes) wishesOf.set(wish.shardId, [...(wishesOf.get(wish.shardId) ?? []), wish]);
  for (const [shardId, before] of primaryBefore) {
    if (shardId >= shards.shardCount) continue;
    const after = holdersAfter(shards, shardId, wishesOf.get(shardId) ?? []);
    if (after[0] !== undefined && after[0] !== before && after.includes(before)) wishes.push({ kind: 'transfer', shardId, sourceNodeId: after[0], targetNodeId: before });
  }
  return { wishes, movedOn, backAlready };
}

/** Who holds the shard when the wishes are done, primary first: the role goes with the data. */
function holdersAfter(shards: ShardTable, shardId: number, wishes: readonly MoveWish[]): string[] {
  return replicaNodeIdsOf(shards, shardId).map((nodeId) => wishes.find((wish) => wish.sourceNodeId === nodeId)?.targetNodeId ?? nodeId);
}
