import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { Placement } from '@/lib/core/rebalance/placement';
import type { Dimension } from '@/lib/core/rebalance/problem';
import { amountInWords } from '@/lib/core/rebalance/amount-in-words';
import { refusal } from '@/lib/core/rebalance/refusals';
import type { PlacementConstraint } from './constraint';

/**
 * P4: what is in use on the target, plus everything the plan has already sent there, plus
 * this item stays under the line in every resource. In use is what the node itself
 * reports, since processes and overhead take space that no shard accounts for. An item
 * that requires nothing of a resource is not held up by it; a node already over its line
 * takes nothing that requires any, or of which nobody knows.
 */
export const capacity: PlacementConstraint = {
  name: 'capacity',
  allows: (placement, item, bin) => {
    const { dimensions, itemRow } = placement.problem;
    for (let index = 0; index < dimensions.length; index += 1) {
      if (overflows(dimensions[index]!, placement.used[index] ?? null, itemRow[item]!, bin)) return false;
    }
    return true;
  },
  explain: (placement, item, bin) => {
    const { dimensions, itemRow, itemGroup, binIds } = placement.problem;
    const index = dimensions.findIndex((dimension, at) => overflows(dimension, placement.used[at] ?? null, itemRow[item]!, bin));
    const dimension = dimensions[index];
    const shardId = itemGroup[item]!;
    const nodeId = binIds[bin]!;
    if (dimension === undefined) return refusal('capacity', `${nodeId} has no room for shard ${shardId}`, { nodeId, shardId });
    const used = placement.used[index]![bin]!;
    const limit = dimension.capacity!.limit[bin]!;
    const words = (value: number) => amountInWords(value, dimension.name);
    const line = `line at ${words(limit)}`;
    if (dimension.requirement === null) {
      return refusal('capacity', `${nodeId} is at its ${dimension.name} line (${words(used)} in use, ${line}), and what shard ${shardId} needs is unknown`, { nodeId, shardId, numbers: { used, line: limit } });
    }
    const arriving = dimension.requirement[itemRow[item]!]!;
    const needed = used + arriving - limit;
    return refusal('capacity', `${nodeId} would pass its ${dimension.name} line with shard ${shardId}: ${words(used)} in use or on its way, ${words(arriving)} more, ${line}`, {
      nodeId, shardId, numbers: { used, arriving, line: limit },
      remedy: `Free ${amountInWords(needed, dimension.name, 'up')} more on ${nodeId}, or raise its ${dimension.name} line ${((used + arriving) / limit).toFixed(2)}-fold`,
    });
  },
};

/** The first resource in which the item does not fit into that share of the bin's line. */
export function capacityNeedOf({ problem, used }: Placement, item: number, bin: number, share: number): { readonly dimension: BalanceDimension; readonly used: number; readonly arriving: number; readonly line: number } | null {
  const row = problem.itemRow[item]!;
  for (let index = 0; index < problem.dimensions.length; index += 1) {
    const { capacity: room, requirement, name } = problem.dimensions[index]!;
    if (room === null || requirement === null) continue;
    const arriving = requirement[row]!;
    const line = room.limit[bin]! * share;
    if (arriving > 0 && used[index]![bin]! + arriving > line) return { dimension: name, used: used[index]![bin]!, arriving, line };
  }
  return null;
}

/** The same for the load that a primary role brings to a node which already has the data. */
export function hasRoomForRole(placement: Placement, primary: number, secondary: number): boolean {
  const { dimensions, itemRow } = placement.problem;
  const bin = placement.itemBin[secondary]!;
  for (let index = 0; index < dimensions.length; index += 1) {
    const { requirement, capacity: room } = dimensions[index]!;
    if (requirement === null || room === null || room.transient) continue;
    const arriving = requirement[itemRow[primary]!]! - requirement[itemRow[secondary]!]!;
    if (arriving > 0 && placement.used[index]![bin]! + arriving > room.limit[bin]!) return false;
  }
  return true;
}

function overflows(dimension: Dimension, used: Float64Array | null, row: number, bin: number): boolean {
  if (dimension.capacity === null || used === null) return false;
  if (dimension.requirement === null) return used[bin]! >= dimension.capacity.limit[bin]!;
  const arriving = dimension.requirement[row]!;
  return arriving > 0 && used[bin]! + arriving > dimension.capacity.limit[bin]!;
}
