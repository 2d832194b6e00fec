import type { Placement } from '@/lib/core/rebalance/placement';
import type { Problem } from '@/lib/core/rebalance/problem';
import { hashText, unitPosition } from './hash';

/** Points per node of mean capacity: the spread of shares is about 1 / sqrt(points), 7 %; the load bound takes off the rest. */
const POINTS_PER_BIN = 192;
/** The ring's own seed: a ring must not turn because a request was repeated with another seed. */
const RING_SEED = 0x50_68_61_6e;

/**
 * The hash ring over the scored bins, each with virtual nodes in proportion to its
 * capacity (Karger et al., STOC 1997; virtual nodes as in Dynamo, SOSP 2007). A bin's
 * points depend on its node id alone, so a node that joins takes over arcs and moves
 * nothing between the others.
 */
export interface Ring {
  /** Ascending, in [0, 1). */
  readonly positions: Float64Array;
  /** Bin of each point. */
  readonly bins: Int32Array;
  /** Share of the replicas each bin is meant to hold; they sum to 1. 0 for bins not on the ring. */
  readonly share: Float64Array;
}

export function createRing(problem: Problem): Ring {
  const weight = capacityShares(problem);
  const scoredCount = problem.scored.reduce((count, each) => count + each, 0);
  const points: { position: number; bin: number }[] = [];
  problem.binIds.forEach((id, bin) => {
    const count = problem.scored[bin] === 1 ? Math.max(1, Math.round(POINTS_PER_BIN * weight[bin]! * scoredCount)) : 0;
    for (let point = 0; point < count; point += 1) points.push({ position: unitPosition(`${id}#${point}`, RING_SEED), bin });
  });
  points.sort((a, b) => a.position - b.position || a.bin - b.bin);
  return {
    positions: Float64Array.from(points, ({ position }) => position),
    bins: Int32Array.from(points, ({ bin }) => bin),
    share: weight,
  };
}

/** The bins in the order in which a shard meets them clockwise, each once. */
export function* ringWalk(ring: Ring, group: number): Generator<number> {
  const { positions, bins } = ring;
  const start = firstAtOrAfter(positions, unitPosition(`shard:${group}`, RING_SEED));
  const seen = new Set<number>();
  for (let step = 0; step < bins.length; step += 1) {
    const bin = bins[(start + step) % bins.length]!;
    if (seen.has(bin)) continue;
    seen.add(bin);
    yield bin;
  }
}

/**
 * Where every group's items belong, primary first, under the load bound of Mirrokni,
 * Thorup and Zadimoghaddam ("Consistent Hashing with Bounded Loads", SODA 2018): no bin
 * takes more than ceil((1 + epsilon) x its share) of the replicas; a group that meets a
 * full bin goes on clockwise. Groups are served in hash order, the same whatever the
 * cluster, so that a new node disturbs few. Zones that the group is not yet in come
 * first. Replicas that cannot be planned (in flight, on a node that is not on the ring)
 * stay and count. Result: per item of the problem its bin.
 */
export function ringPlacement(placement: Placement, ring: Ring, epsilon: number): Int32Array {
  const { problem } = placement;
  const wanted = placement.itemBin.slice();
  const staysPut = (item: number) => {
    const bin = placement.itemBin[item]!;
    return bin < 0 || problem.scored[bin] === 0 || problem.inFlight[problem.itemGroup[item]!] === 1;
  };
  const held = new Float64Array(problem.binIds.length);
  let total = 0;
  for (let item = 0; item < wanted.length; item += 1) {
    const bin = wanted[item]!;
    if (bin < 0 || problem.scored[bin] === 0) continue;
    total += 1;
    if (staysPut(item)) held[bin]! += 1;
  }
  const bound = ring.share.map((share) => Math.ceil((1 + epsilon) * share * total));
  for (const group of groupsInHashOrder(problem.groupCount)) {
    const items: number[] = [];
    for (let item = problem.groupStart[group]!; item < problem.groupStart[group + 1]!; item += 1) {
      if (!staysPut(item)) items.push(item);
    }
    if (items.length === 0) continue;
    const taken = new Set<number>();
    for (let item = problem.groupStart[group]!; item < problem.groupStart[group + 1]!; item += 1) {
      if (!items.includes(item)) taken.add(wanted[item]!);
    }
    const chosen = chooseOnRing(problem, { ring, group, count: items.length, taken, isFull: (bin) => held[bin]! >= bound[bin]! });
    items.forEach((item, index) => {
      wanted[item] = chosen[index] ?? wanted[item]!;
      held[wanted[item]]! += 1;
    });
  }
  return wanted;
}

interface RingChoice {
  readonly ring: Ring;
  readonly group: number;
  readonly count: number;
  readonly taken: ReadonlySet<number>;
  readonly isFull: (bin: number) => boolean;
}

/** As many bins as asked for, or none: a shard whose replicas find no bins of their own is left alone. */
function chooseOnRing({ zoneOf }: Problem, { ring, group, count, taken, isFull }: RingChoice): number[] {
  const chosen: number[] = [];
  const zones = new Set([...taken].filter((bin) => bin >= 0).map((bin) => zoneOf[bin]!));
  const passed: number[] = [];
  for (const bin of ringWalk(ring, group)) {
    if (chosen.length === count) return chosen;
    if (taken.has(bin)) continue;
    if (isFull(bin) || zones.has(zoneOf[bin]!)) {
      passed.push(bin);
      continue;
    }
    chosen.push(bin);
    zones.add(zoneOf[bin]!);
  }
  // Spread outweighs the bound: a full bin in a new zone comes before room in a zone again.
  const isNewZone = (bin: number) => !zones.has(zoneOf[bin]!);
  for (const accepts of [isNewZone, (bin: number) => !isFull(bin), () => true]) {
    for (const bin of passed) {
      if (chosen.length === count || chosen.includes(bin) || !accepts(bin)) continue;
      chosen.push(bin);
      zones.add(zoneOf[bin]!);
    }
  }
  return chosen.length === count ? chosen : [];
}

function groupsInHashOrder(groupCount: number): Int32Array {
  const order = Int32Array.from({ length: groupCount }, (_, group) => group);
  const rank = Float64Array.from(order, (group) => hashText(`shard:${group}`, RING_SEED));
  return order.sort((a, b) => rank[a]! - rank[b]! || a - b);
}

/** Shares by the capacity that holds data; equal where capacities are unknown. */
function capacityShares({ dimensions, dimensionIndex, scored }: Problem): Float64Array {
  const { divisor } = dimensions[dimensionIndex.data]!;
  let sum = 0;
  for (let bin = 0; bin < divisor.length; bin += 1) sum += scored[bin] === 1 ? divisor[bin]! : 0;
  return divisor.map((capacity, bin) => (scored[bin] === 1 && sum > 0 ? capacity / sum : 0));
}

function firstAtOrAfter(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
