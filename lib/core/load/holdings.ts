import type { NodeHolding } from '@/lib/contract/imbalance';
import type { Node } from '@/lib/contract/node';
import type { ShardTable } from '@/lib/contract/shard-table';
import { isLeader, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { demandAt, secondaryNetworkOf, shardDemandOf, type ShardDemand } from './shard-demand';

/** Sums per leader, one array per quantity; index = position in `leaders`. */
export interface LeaderTotals {
  readonly leaders: readonly Node[];
  readonly demand: ShardDemand;
  readonly shards: Float64Array;
  readonly primaries: Float64Array;
  readonly bytes: Float64Array;
  readonly keys: Float64Array;
  readonly cpu: Float64Array;
  readonly operations: Float64Array;
  readonly network: Float64Array;
}

/**
 * What each leader holds, attributed from its shards; leaders sorted by id. The model:
 * - bytes and keys: every replica costs its node one full copy;
 * - cpu and reads: the primary's node serves them all;
 * - writes: every replica's node applies them, so they count once per replica;
 * - network: the primary's node carries all of the shard's traffic, a secondary's the
 *   written share of it.
 * A quantity is `null` where its column is unknown (see shardDemandOf), 0 on a leader
 * that holds nothing. About 1 ms for 16,384 shards.
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

/** Leaders in the order of every per-leader array: by id, so that equal states give equal answers. */
export function leadersOf(state: ClusterState): Node[] {
  return [...state.nodes.values()].filter(isLeader).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The sums behind holdingsOf. One pass over the replicas; replicas on unknown nodes are left out. */
export function leaderTotalsOf(state: ClusterState): LeaderTotals {
  const leaders = leadersOf(state);
  const { shards: table } = state;
  const demand = shardDemandOf(table);
  const column = () => new Float64Array(leaders.length);
  const totals: LeaderTotals = {
    leaders, demand, shards: column(), primaries: column(), bytes: column(), keys: column(), cpu: column(), operations: column(), network: column(),
  };
  const leaderOfIndex = leaderIndexesOf(leaders, table.nodeIds);
  addPrimaries(totals, table, leaderOfIndex);
  if (table.replicaMax > 1) addSecondaries(totals, table, leaderOfIndex);
  return totals;
}

/** Locals rather than properties, and one loop per role: at a million shards each look-up counts. */
function addPrimaries(totals: LeaderTotals, { replicas, replicaMax, shardCount }: ShardTable, leaderOfIndex: Int32Array): void {
  const { shards, primaries, bytes, keys, cpu, operations, network } = totals;
  const { demand } = totals;
  for (let shardId = 0, at = 0; shardId < shardCount; shardId += 1, at += replicaMax) {
    const index = replicas[at]!;
    const leader = index < 0 ? -1 : leaderOfIndex[index]!;
    if (leader < 0) continue;
    shards[leader]! += 1;
    primaries[leader]! += 1;
    bytes[leader]! += demandAt(demand.bytes, shardId);
    keys[leader]! += demandAt(demand.keys, shardId);
    cpu[leader]! += demandAt(demand.cpu, shardId);
    operations[leader]! += demandAt(demand.reads, shardId) + demandAt(demand.writes, shardId);
    network[leader]! += demandAt(demand.network, shardId);
  }
}

function addSecondaries(totals: LeaderTotals, { replicas, replicaMax, shardCount }: ShardTable, leaderOfIndex: Int32Array): void {
  const { shards, bytes, keys, operations, network } = totals;
  const { demand } = totals;
  for (let shardId = 0; shardId < shardCount; shardId += 1) {
    const size = demandAt(demand.bytes, shardId);
    const keyCount = demandAt(demand.keys, shardId);
    const writes = demandAt(demand.writes, shardId);
    const traffic = secondaryNetworkOf(demandAt(demand.network, shardId), demandAt(demand.reads, shardId), writes);
    for (let at = shardId * replicaMax + 1; at < (shardId + 1) * replicaMax; at += 1) {
      const index = replicas[at]!;
      const leader = index < 0 ? -1 : leaderOfIndex[index]!;
      if (leader < 0) continue;
      shards[leader]! += 1;
      bytes[leader]! += size;
      keys[leader]! += keyCount;
      operations[leader]! += writes;
      network[leader]! += traffic;
    }
  }
}

/** Table dictionary index -> position in `leaders`, -1 for followers and nodes that are gone. */
export function leaderIndexesOf(leaders: readonly Node[], nodeIds: readonly string[]): Int32Array {
  const positions = new Map(leaders.map((node, index) => [node.id, index]));
  return Int32Array.from(nodeIds, (id) => positions.get(id) ?? -1);
}
