import type { Refusal } from '@/lib/contract/plan';
import type { Placement } from '@/lib/core/rebalance/placement';
import { refusal } from '@/lib/core/rebalance/refusals';

/** May the item leave its bin? Not where the request leaves it out. M1: not while a move of its shard is in flight. P2: only from a node that can still be read. */
export function mayLeave(placement: Placement, item: number): boolean {
  const { inFlight, pinned, sealed, itemGroup, readable } = placement.problem;
  const bin = placement.itemBin[item]!;
  return bin >= 0 && readable[bin] === 1 && sealed[bin] === 0 && inFlight[itemGroup[item]!] === 0 && pinned[itemGroup[item]!] === 0;
}

/** Why `mayLeave` said no. */
export function explainStay(placement: Placement, item: number): Refusal {
  const { inFlight, pinned, sealed, itemGroup, binIds } = placement.problem;
  const shardId = itemGroup[item]!;
  const nodeId = binIds[placement.itemBin[item]!];
  if (inFlight[shardId] === 1) return refusal('in-flight', `A move of shard ${shardId} is under way: it is not planned again before that ends`, { nodeId, shardId });
  if (pinned[shardId] === 1) return refusal('pinned', `Shard ${shardId} is to stay where it is by request`, { nodeId, shardId, remedy: 'Plan without pinning it' });
  if (sealed[placement.itemBin[item]!] === 1) return refusal('excluded', `${nodeId ?? 'The node'} is left out of this plan by request: nothing leaves it`, { nodeId, shardId, remedy: 'Plan without excluding it' });
  return refusal('liveness', `${nodeId ?? 'The node'} cannot be read: its replica of shard ${shardId} cannot be copied from there`, { nodeId, shardId });
}
