import type { Placement } from '@/lib/core/rebalance/placement';
import type { Problem } from '@/lib/core/rebalance/problem';
import { createHash32, unitPosition } from './hash';

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
  const unsorted: number[] = [];
  const owners: number[] = [];
  problem.binIds.forEach((id, bin) => {
    const count = problem.scored[bin] === 1 ? Math.max(1, Math.round(POINTS_PER_BIN * weight[bin]! * scoredCount)) : 0;
    for (let point = 0; point < count; point += 1) {
      unsorted.push(unitPosition(`${id}#${point}`, RING_SEED));
      owners.push(bin);
    }
  });
  const order = Int32Array.from(unsorted, (_, index) => index).sort((a, b) => unsorted[a]! - unsorted[b]! || a - b);
  return {
    positions: Float64Array.from(order, (index) => unsorted[index]!),
    bins: Int32Array.from(order, (index) => owners[index]!),
    share: weight,
  };
}

/** The bins in the order in which a shard meets them clockwise, each once. */
export function* ringWalk(ring: Ring, group: number): Generator<number> {
  const { positions, bins } = ring;
  const start = firstAtOrAfter(positions, positionOf(group));
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
 * cluster, so that a new node disturbs few. A zone the group is not yet in comes before
 * one that it is in, and spread outweighs the bound: a full bin in a new zone comes
 * before room in a zone again. Replicas that cannot be planned (in flight, on a node
 * that is not on the ring) stay and count. Result: per item of the problem its bin.
 */
export function ringPlacement(placement: Placement, ring: Ring, epsilon: number): Int32Array {
  const { problem } = placement;
  const { groupStart, itemGroup, scored, inFlight } = problem;
  const wanted = placement.itemBin.slice();
  const stays = new Uint8Array(wanted.length);
  const held = new Float64Array(problem.binIds.length);
  let total = 0;
  for (let item = 0; item < wanted.length; item += 1) {
    const bin = wanted[item]!;
    const onRing = bin >= 0 && scored[bin] === 1;
    if (onRing) total += 1;
    if (onRing && inFlight[itemGroup[item]!] === 0) continue;
    stays[item] = 1;
    if (onRing) held[bin]! += 1;
  }
  const walk = new BoundedWalk(problem, ring, held, ring.share.map((share) => Math.ceil((1 + epsilon) * share * total)));
  for (const group of groupsInHashOrder(problem.groupCount)) {
    const first = groupStart[group]!;
    const end = groupStart[group + 1]!;
    let free = 0;
    walk.begin();
    for (let item = first; item < end; item += 1) {
      if (stays[item] === 0) free += 1;
      else walk.take(wanted[item]!);
    }
    const chosen = free === 0 ? [] : walk.choose(group, free);
    for (let item = first, next = 0; item < end; item += 1) {
      if (stays[item] === 1) continue;
      // A group that finds no bins of its own for all replicas is left where it is.
      wanted[item] = chosen[next] ?? wanted[item]!;
      held[wanted[item]!]! += 1;
      next += 1;
    }
  }
  return wanted;
}

/** One group's way round the ring. Marks are stamped with the group's turn, so nothing is cleared in between. */
class BoundedWalk {
  readonly #seen: Int32Array;
  readonly #zoneSeen: Int32Array;
  #turn = 0;

  constructor(
    private readonly problem: Problem,
    private readonly ring: Ring,
    private readonly held: Float64Array,
    private readonly bound: Float64Array,
  ) {
    this.#seen = new Int32Array(problem.binIds.length);
    this.#zoneSeen = new Int32Array(problem.zoneCount);
  }

  begin(): void {
    this.#turn += 1;
  }

  /** The group has a replica there that stays. */
  take(bin: number): void {
    if (bin < 0) return;
    this.#seen[bin] = this.#turn;
    this.#zoneSeen[this.problem.zoneOf[bin]!] = this.#turn;
  }

  /** `count` bins for the group, or none when there are not so many. */
  choose(group: number, count: number): number[] {
    const { positions, bins } = this.ring;
    const start = firstAtOrAfter(positions, positionOf(group));
    const chosen: number[] = [];
    const passed: number[] = [];
    for (let step = 0; step < bins.length && chosen.length < count; step += 1) {
      const at = start + step;
      const bin = bins[at < bins.length ? at : at - bins.length]!;
      if (this.#seen[bin] === this.#turn) continue;
      this.#seen[bin] = this.#turn;
      if (this.#hasRoom(bin) && this.#isNewZone(bin)) this.#choose(bin, chosen);
      else passed.push(bin);
    }
    const secondBest = [(bin: number) => this.#isNewZone(bin), (bin: number) => this.#hasRoom(bin), () => true];
    for (const accepts of secondBest) {
      for (let at = 0; at < passed.length && chosen.length < count; at += 1) {
        const bin = passed[at]!;
        if (!chosen.includes(bin) && accepts(bin)) this.#choose(bin, chosen);
      }
    }
    return chosen.length === count ? chosen : [];
  }

  #choose(bin: number, chosen: number[]): void {
    chosen.push(bin);
    this.#zoneSeen[this.problem.zoneOf[bin]!] = this.#turn;
  }

  #hasRoom(bin: number): boolean {
    return this.held[bin]! < this.bound[bin]!;
  }

  #isNewZone(bin: number): boolean {
    return this.#zoneSeen[this.problem.zoneOf[bin]!] !== this.#turn;
  }
}

function positionOf(group: number): number {
  return unitPosition(`shard:${group}`, RING_SEED);
}

function groupsInHashOrder(groupCount: number): Int32Array {
  const order = Int32Array.from({ length: groupCount }, (_, group) => group);
  const hash = createHash32(RING_SEED);
  const rank = Float64Array.from(order, (group) => hash(group));
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
