import { createRandom } from '@/lib/platform/random';
import { assert } from '@/lib/platform/assert';
import type { ClusterShape } from './cluster-parameters';

/** Copies of each shard: never more than there are nodes. */
export function replicaCountOf(shape: ClusterShape): number {
  return Math.min(shape.replicationFactor, shape.nodeCount);
}

/** Does the last node begin without shards? Not where the others are too few for the replicas. */
export function lastNodeStartsEmpty(shape: ClusterShape): boolean {
  return shape.lastNodeEmpty && shape.nodeCount - 1 >= replicaCountOf(shape);
}

/** Zone of a node by its index: dealt out in turn. */
export function zoneOf(shape: ClusterShape, nodeIndex: number): number {
  return nodeIndex % shape.zoneCount;
}

/** Nodes differ by +- this in what they get, and one gets HOT_WEIGHT times its share of the primaries. */
const UNEVENNESS = 0.12;
const HOT_WEIGHT = 1.4;

/**
 * Where everything lies at the start: replicas of a shard in as many zones as there are,
 * nodes filled in proportion to uneven weights, and one node clearly hotter, so that there
 * is something to see and to even out. The same shape gives the same rows.
 * `loads` are the shards' base loads; primaries are dealt out by them.
 *
 * Returns shards x replicas node indexes, primary first.
 */
export function placeInitially(shape: ClusterShape, loads: ArrayLike<number>): Int16Array {
  const width = replicaCountOf(shape);
  const random = createRandom(`${shape.seed}/placement`);
  const loadedCount = lastNodeStartsEmpty(shape) ? shape.nodeCount - 1 : shape.nodeCount;
  const nodes = Array.from({ length: loadedCount }, () => 1 + UNEVENNESS * (2 * random.next() - 1));
  const hotNode = hotNodeOf(shape, loadedCount, random.integer(loadedCount));
  const filling = new Filling(shape, nodes);
  const primaryLoads = new Float64Array(loadedCount);
  const rows = new Int16Array(shape.shardCount * width);
  for (let shardId = 0; shardId < shape.shardCount; shardId += 1) {
    const holders = filling.choose(width, () => random.next());
    let primaryColumn = 0;
    let lowest = Infinity;
    for (const [column, node] of holders.entries()) {
      const level = (primaryLoads[node]! + loads[shardId]!) / (nodes[node]! * (node === hotNode ? HOT_WEIGHT : 1));
      if (level < lowest) [lowest, primaryColumn] = [level, column];
    }
    [holders[0], holders[primaryColumn]] = [holders[primaryColumn]!, holders[0]];
    primaryLoads[holders[0]]! += loads[shardId]!;
    rows.set(holders, shardId * width);
  }
  return rows;
}

/** A node of the zone that the empty node is in, where there is one: there the imbalance can be evened out. */
function hotNodeOf(shape: ClusterShape, loadedCount: number, anyNode: number): number {
  const sameZone = shape.nodeCount - 1 - shape.zoneCount;
  return sameZone >= 0 && sameZone < loadedCount ? sameZone : anyNode;
}

/** How full zones and nodes are, by replicas per weight. */
class Filling {
  readonly #zones: { readonly nodes: readonly number[]; readonly weight: number; replicas: number }[];
  readonly #replicas: Float64Array;

  constructor(shape: ClusterShape, private readonly weights: readonly number[]) {
    const byZone = new Map<number, number[]>();
    for (const node of weights.keys()) {
      const zone = zoneOf(shape, node);
      byZone.set(zone, [...(byZone.get(zone) ?? []), node]);
    }
    this.#zones = [...byZone.values()].map((nodes) => ({ nodes, weight: nodes.reduce((sum, node) => sum + weights[node]!, 0), replicas: 0 }));
    this.#replicas = new Float64Array(weights.length);
  }

  /** `count` different nodes, in different zones as far as there are enough. */
  choose(count: number, draw: () => number): [number, ...number[]] {
    const zones = [...this.#zones].sort((a, b) => a.replicas / a.weight - b.replicas / b.weight);
    const chosen: number[] = [];
    for (let round = 0; chosen.length < count; round += 1) {
      const zone = zones[round % zones.length]!;
      const node = this.#lessFull(zone.nodes, chosen, draw);
      if (node === null) continue;
      chosen.push(node);
      this.#replicas[node]! += 1;
      zone.replicas += 1;
    }
    assert(chosen[0] !== undefined, 'A shard has at least one replica');
    return chosen as [number, ...number[]];
  }

  /** The less full of two at random (power of two choices): near the weights, but not exactly. Null when all are taken. */
  #lessFull(nodes: readonly number[], taken: readonly number[], draw: () => number): number | null {
    const one = freeFrom(nodes, taken, Math.floor(draw() * nodes.length));
    const other = freeFrom(nodes, taken, Math.floor(draw() * nodes.length));
    if (one === null || other === null) return null;
    return this.#replicas[one]! / this.weights[one]! <= this.#replicas[other]! / this.weights[other]! ? one : other;
  }
}

/** The first node from `start` on, going round, that is not taken. */
function freeFrom(nodes: readonly number[], taken: readonly number[], start: number): number | null {
  for (let step = 0; step < nodes.length; step += 1) {
    const node = nodes[(start + step) % nodes.length]!;
    if (!taken.includes(node)) return node;
  }
  return null;
}
