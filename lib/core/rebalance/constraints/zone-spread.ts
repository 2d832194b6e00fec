import type { Placement } from '@/lib/core/rebalance/placement';
import { refusal } from '@/lib/core/rebalance/refusals';
import type { PlacementConstraint } from './constraint';

/**
 * P3: a move may not leave a shard in fewer zones than before. A shard that is already
 * crowded in one zone may therefore move within it, but never gets worse. Nodes without
 * a zone count as one zone together.
 */
export const zoneSpread: PlacementConstraint = {
  name: 'zone-spread',
  allows: (placement, item, bin) => !losesZone(placement, item, placement.problem.zoneOf[bin]!),
  explain: (placement, item, bin) => {
    const { problem } = placement;
    const shardId = problem.itemGroup[item]!;
    const nodeId = problem.binIds[bin]!;
    const zones = zonesOf(placement, shardId);
    return refusal('zone-spread', `Shard ${shardId} is in ${zones} ${zones === 1 ? 'zone' : 'zones'} and would be in ${zones - 1}: another of its replicas is already in the zone of ${nodeId}`, {
      nodeId, shardId, numbers: { zonesBefore: zones, zonesAfter: zones - 1 },
      remedy: 'A node with room in a zone that holds no replica of it',
    });
  },
};

/** Number of zones the shard's replicas are in. */
function zonesOf(placement: Placement, group: number): number {
  const { groupStart, zoneOf } = placement.problem;
  const zones = new Set<number>();
  for (let item = groupStart[group]!; item < groupStart[group + 1]!; item += 1) {
    const bin = placement.itemBin[item]!;
    if (bin >= 0) zones.add(zoneOf[bin]!);
  }
  return zones.size;
}

/** Is another replica of the item's shard in the zone? */
function sharesZone(placement: Placement, item: number, zone: number): boolean {
  const { groupStart, itemGroup, zoneOf } = placement.problem;
  const group = itemGroup[item]!;
  for (let other = groupStart[group]!; other < groupStart[group + 1]!; other += 1) {
    const bin = placement.itemBin[other]!;
    if (other !== item && bin >= 0 && zoneOf[bin] === zone) return true;
  }
  return false;
}

/** Would the item, going to that zone, leave its shard in fewer zones? */
export function losesZone(placement: Placement, item: number, zone: number): boolean {
  const from = placement.itemBin[item]!;
  const zoneFrom = from < 0 ? zone : placement.problem.zoneOf[from]!;
  return zoneFrom !== zone && sharesZone(placement, item, zone) && !sharesZone(placement, item, zoneFrom);
}
