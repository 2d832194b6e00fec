import type { Refusal } from '@/lib/contract/plan';
import type { Placement } from '@/lib/core/rebalance/placement';
import { refusal } from '@/lib/core/rebalance/refusals';

/** May the item leave its bin? Not where the request leaves it out. M1: not while a move of its shard is in flight. P2: only where there is something to copy it from. */
export function mayLeave(placement: Placement, item: number): boolean {
  const { inFlight, pinned, sealed, itemGroup } = placement.problem;
  const bin = placement.itemBin[item]!;
  return bin >= 0 && isReadable(placement, item) && sealed[bin] === 0 && inFlight[itemGroup[item]!] === 0 && pinned[itemGroup[item]!] === 0;
}

/** Can its data be had? From its node; the copy of a node that is to be emptied and is gone can be made again from its primary. */
export function isReadable({ itemBin, problem }: Placement, item: number): boolean {
  const { readable, evacuating, itemGroup, groupStart, hasPrimary } = problem;
  const bin = itemBin[item]!;
  if (bin < 0 || readable[bin] === 1) return bin >= 0;
  const group = itemGroup[item]!;
  const primary = groupStart[group]!;
  const origin = hasPrimary[group] === 1 && item !== primary ? itemBin[primary]! : -1;
  return evacuating[bin] === 1 && origin >= 0 && readable[origin] === 1;
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
