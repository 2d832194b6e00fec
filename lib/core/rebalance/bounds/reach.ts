import type { Placement } from '@/lib/core/rebalance/placement';

/** What keeps a dimension from being evened further, whoever does it. */
export interface Reach {
  /** Level / divisor that some bin of the zone has at least; the cluster's own floor for every zone. */
  readonly floorOfZone: Float64Array;
  /** Level / divisor of the zone as a whole at least: above the mean where it must hold more than its share. */
  readonly evenOfZone: Float64Array;
  /** The zone whose floor is highest, -1 = none is above the mean by being a zone. */
  readonly crowdedZone: number;
}

/**
 * Two facts of arithmetic, over scored bins. Of the k x bins + 1 heaviest items some bin
 * holds k + 1, at least the k + 1 lightest of them (pigeonholes). And a group that is in
 * every zone stays in every zone, so each zone keeps at least one copy of each such group,
 * at least the lightest; a zone with fewer bins than others is fuller than they are.
 */
export function reachOf(start: Placement, dimension: number): Reach {
  const { problem, itemBin } = start;
  const { requirement, divisor } = problem.dimensions[dimension]!;
  const zones = zoneFactsOf(start, divisor);
  const floorOfZone = new Float64Array(problem.zoneCount);
  const evenOfZone = new Float64Array(problem.zoneCount);
  if (requirement === null) return { floorOfZone, evenOfZone, crowdedZone: -1 };
  const all: number[] = [];
  for (let item = 0; item < itemBin.length; item += 1) {
    const bin = itemBin[item]!;
    if (bin >= 0 && problem.scored[bin] === 1) all.push(requirement[problem.itemRow[item]!]!);
  }
  floorOfZone.fill(zones.largest > 0 ? pigeonhole(Float64Array.from(all).sort(), zones.bins) / zones.largest : 0);
  const kept = keptByEveryZone(start, requirement);
  let crowdedZone = -1;
  if (kept.length > 0) {
    const sorted = Float64Array.from(kept).sort();
    const sum = sorted.reduce((total, amount) => total + amount, 0);
    for (let zone = 0; zone < problem.zoneCount; zone += 1) {
      if (!(zones.weight[zone]! > 0)) continue;
      evenOfZone[zone] = sum / zones.weight[zone]!;
      const own = Math.max(evenOfZone[zone]!, pigeonhole(sorted, zones.count[zone]!) / zones.largestOf[zone]!);
      if (own <= floorOfZone[zone]!) continue;
      floorOfZone[zone] = own;
      if (crowdedZone < 0 || own > floorOfZone[crowdedZone]!) crowdedZone = zone;
    }
  }
  return { floorOfZone, evenOfZone, crowdedZone };
}

function zoneFactsOf({ problem }: Placement, divisor: Float64Array) {
  const { scored, zoneOf, zoneCount } = problem;
  const weight = new Float64Array(zoneCount);
  const count = new Int32Array(zoneCount);
  const largestOf = new Float64Array(zoneCount);
  let bins = 0;
  for (let bin = 0; bin < scored.length; bin += 1) {
    if (scored[bin] === 0) continue;
    const zone = zoneOf[bin]!;
    bins += 1;
    count[zone]! += 1;
    weight[zone]! += divisor[bin]!;
    largestOf[zone] = Math.max(largestOf[zone]!, divisor[bin]!);
  }
  return { weight, count, largestOf, bins, largest: Math.max(0, ...largestOf) };
}

/** The lightest copy of every group that is in all zones; empty where there is but one zone, or a zone without scored bins. */
function keptByEveryZone({ problem, itemBin }: Placement, requirement: Float64Array): number[] {
  const { groupCount, groupStart, itemRow, zoneOf, zoneCount, scored } = problem;
  if (zoneCount < 2 || problem.itemGroup.length < 2 * groupCount) return [];
  const served = new Uint8Array(zoneCount);
  scored.forEach((each, bin) => { if (each === 1) served[zoneOf[bin]!] = 1; });
  if (served.includes(0)) return [];
  const seenBy = new Int32Array(zoneCount).fill(-1);
  const kept: number[] = [];
  for (let group = 0; group < groupCount; group += 1) {
    let zones = 0;
    let lightest = Infinity;
    for (let item = groupStart[group]!; item < groupStart[group + 1]!; item += 1) {
      const bin = itemBin[item]!;
      // A copy that is on no scored bin is not counted anywhere.
      if (bin < 0 || scored[bin] === 0) {
        zones = -zoneCount;
        continue;
      }
      lightest = Math.min(lightest, requirement[itemRow[item]!]!);
      if (seenBy[zoneOf[bin]!] === group) continue;
      seenBy[zoneOf[bin]!] = group;
      zones += 1;
    }
    if (zones === zoneCount) kept.push(lightest);
  }
  return kept;
}

/** Some bin holds at least this much. `ascending` is sorted. */
export function pigeonhole(ascending: Float64Array, bins: number): number {
  if (bins === 0) return 0;
  const sums = new Float64Array(ascending.length + 1);
  for (let at = 0; at < ascending.length; at += 1) sums[at + 1] = sums[at]! + ascending[at]!;
  let best = 0;
  for (let shared = 0; shared * bins < ascending.length; shared += 1) {
    const lightest = ascending.length - 1 - shared * bins;
    best = Math.max(best, sums[lightest + shared + 1]! - sums[lightest]!);
  }
  return best;
}
