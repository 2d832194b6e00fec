import type { NodeHolding } from '@/lib/contract/imbalance';
import type { Node } from '@/lib/contract/node';
import { isLeader, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { tableSumsOf, type TableSums } from './table-sums';

/** The same sums of leaders alone: index = position in `leaders`. */
export interface LeaderTotals extends TableSums {
  readonly leaders: readonly Node[];
}

/**
 * What each leader holds, attributed from its shards; leaders sorted by id. The model:
 * - bytes and keys: every replica costs its node one full copy;
 * - cpu and reads: the primary's node serves them all;
 * - writes: every replica's node applies them, so they count once per replica;
 * - network: the primary's node carries all of the shard's traffic, a secondary's the
 *   written share of it.
 * A quantity is `null` where its column is unknown (see shardDemandOf), 0 on a leader
 * that holds nothing.
 */
export function holdingsOf(state: ClusterState): NodeHolding[] {
  return holdingsFrom(leaderTotalsOf(state));
}

function holdingsFrom(totals: LeaderTotals): NodeHolding[] {
  const { demand } = totals;
  const operationsKnown = demand.reads.known && demand.writes.known;
  return totals.leaders.map((node, index) => {
    const shards = totals.shards[index]!;
    const quantity = (known: boolean, sums: Float64Array) => (known || shards === 0 ? sums[index]! : null);
    return {
      nodeId: node.id,
      shards,
      primaries: totals.primaries[index]!,
      dataBytes: quantity(demand.bytes.known, totals.bytes),
      keyCount: quantity(demand.keys.known, totals.keys),
      operationsPerSecond: quantity(operationsKnown, totals.operations),
      cpuCores: quantity(demand.cpu.known, totals.cpu),
      networkBytesPerSecond: quantity(demand.network.known, totals.network),
    };
  });
}

/** Nodes are never written to, and stay the same while shards move between two readings. */
const keptLeaders = new WeakMap<ClusterState['nodes'], readonly Node[]>();

/** Leaders in the order of every per-leader array: by id, so that equal states give equal answers. */
export function leadersOf({ nodes }: ClusterState): readonly Node[] {
  const before = keptLeaders.get(nodes);
  if (before !== undefined) return before;
  const leaders = [...nodes.values()].filter(isLeader).sort((a, b) => (a.id < b.id ? -1 : 1));
  keptLeaders.set(nodes, leaders);
  return leaders;
}

/** The sums behind holdingsOf, of each leader; replicas on other nodes are left out. O(nodes) once the table was summed up. */
export function leaderTotalsOf(state: ClusterState): LeaderTotals {
  const leaders = leadersOf(state);
  const { demand, ...sums } = tableSumsOf(state.shards);
  const indexes = tableIndexesOf(leaders, state.shards.nodeIds);
  const column = (summed: Float64Array) => {
    const values = new Float64Array(indexes.length);
    for (let leader = 0; leader < indexes.length; leader += 1) {
      const index = indexes[leader]!;
      if (index >= 0) values[leader] = summed[index]!;
    }
    return values;
  };
  return {
    leaders, demand, shards: column(sums.shards), primaries: column(sums.primaries), bytes: column(sums.bytes), keys: column(sums.keys),
    cpu: column(sums.cpu), operations: column(sums.operations), network: column(sums.network),
  };
}

/** Neither leaders nor a table's list of nodes are written to; both stay the same while shards move. */
const keptIndexes = new WeakMap<readonly Node[], { readonly nodeIds: readonly string[]; readonly indexes: Int32Array }>();

/** Position in `leaders` -> table dictionary index, -1 for nodes that no shard names. */
function tableIndexesOf(leaders: readonly Node[], nodeIds: readonly string[]): Int32Array {
  const before = keptIndexes.get(leaders);
  if (before?.nodeIds === nodeIds) return before.indexes;
  const positions = leaderIndexesOf(leaders, nodeIds);
  const indexes = new Int32Array(leaders.length).fill(-1);
  for (let index = 0; index < positions.length; index += 1) if (positions[index]! >= 0) indexes[positions[index]!] = index;
  keptIndexes.set(leaders, { nodeIds, indexes });
  return indexes;
}

/** Table dictionary index -> position in `leaders`, -1 for followers and nodes that are gone. */
export function leaderIndexesOf(leaders: readonly Node[], nodeIds: readonly string[]): Int32Array {
  const positions = new Map(leaders.map((node, index) => [node.id, index]));
  return Int32Array.from(nodeIds, (id) => positions.get(id) ?? -1);
}
