import type { Refusal } from '@/lib/contract/plan';
import type { Placement } from '@/lib/core/rebalance/placement';
import { refusal } from '@/lib/core/rebalance/refusals';

/** May the item leave its bin? M1: not while a move of its shard is in flight. P2: only from a node that can still be read. */
export function mayLeave(placement: Placement, item: number): boolean {
  const { inFlight, itemGroup, readable } = placement.problem;
  const bin = placement.itemBin[item]!;
  return bin >= 0 && readable[bin] === 1 && inFlight[itemGroup[item]!] === 0;
}

/** Why `mayLeave` said no. */
export function explainStay(placement: Placement, item: number): Refusal {
  const { inFlight, itemGroup, binIds } = placement.problem;
  const shardId = itemGroup[item]!;
  const nodeId = binIds[placement.itemBin[item]!];
  if (inFlight[shardId] === 1) return refusal('in-flight', `A move of shard ${shardId} is under way: it is not planned again before that ends`, { nodeId, shardId });
  return refusal('liveness', `${nodeId ?? 'The node'} cannot be read: its replica of shard ${shardId} cannot be copied from there`, { nodeId, shardId });
}
