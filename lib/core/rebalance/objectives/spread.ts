import type { Placement } from '@/lib/core/rebalance/placement';

/** Zones the group's replicas are in. */
export function zonesOfGroup({ problem, itemBin }: Placement, group: number): number {
  const { groupStart, zoneOf } = problem;
  const start = groupStart[group]!;
  const end = groupStart[group + 1]!;
  let zones = 0;
  for (let item = start; item < end; item += 1) {
    const bin = itemBin[item]!;
    if (bin < 0) continue;
    let isFirst = true;
    for (let other = start; other < item; other += 1) {
      const otherBin = itemBin[other]!;
      if (otherBin >= 0 && zoneOf[otherBin] === zoneOf[bin]) isFirst = false;
    }
    if (isFirst) zones += 1;
  }
  return zones;
}

/** Zones that the group's replicas could be in: as many as there are with open bins, besides those it is in. */
export function zonesWanted(placement: Placement): (group: number) => number {
  const { problem } = placement;
  const zones = new Set<number>();
  problem.open.forEach((open, bin) => { if (open === 1) zones.add(problem.zoneOf[bin]!); });
  return (group) => Math.min(problem.groupStart[group + 1]! - problem.groupStart[group]!, Math.max(zones.size, zonesOfGroup(placement, group)));
}

/** Zones that these groups could be in and are not, by what there is at the start. */
export function missingZones(start: Placement, now: Placement, groups: readonly number[]): number {
  if (groups.length === 0) return 0;
  const wanted = zonesWanted(start);
  return groups.reduce((sum, group) => sum + Math.max(0, wanted(group) - zonesOfGroup(now, group)), 0);
}

/** Groups in fewer zones than they could be in, ascending. */
export function crowdedGroups(placement: Placement): number[] {
  const { problem } = placement;
  if (problem.zoneCount < 2 || problem.itemGroup.length === problem.groupCount) return [];
  const wanted = zonesWanted(placement);
  const crowded: number[] = [];
  for (let group = 0; group < problem.groupCount; group += 1) if (zonesOfGroup(placement, group) < wanted(group)) crowded.push(group);
  return crowded;
}
