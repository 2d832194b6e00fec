import type { ShardTable } from '@/lib/contract/shard-table';
import { atOnce, ROWS_PER_TURN } from '@/lib/platform/in-turns';
import { demandAt, readingDemand, secondaryNetworkOf, type ShardDemand } from './shard-demand';

/** Sums over the replicas of each node, one array per quantity; index = that of the table's own list of nodes. */
export interface TableSums {
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
 * A table is never written to, and is asked for its sums by all who look at the cluster
 * (imbalance, holdings, scaling, every view): they are summed up once and kept with it.
 */
const kept = new WeakMap<ShardTable, TableSums>();

/** One pass over the replicas, unless it was made before. */
export function tableSumsOf(table: ShardTable): TableSums {
  return atOnce(summingUp(table));
}

/** The same, with a rest where one may be taken. */
export function* summingUp(table: ShardTable): Generator<void, TableSums> {
  const before = kept.get(table);
  if (before !== undefined) return before;
  const column = () => new Float64Array(table.nodeIds.length);
  const demand = yield* readingDemand(table);
  const sums: TableSums = { demand, shards: column(), primaries: column(), bytes: column(), keys: column(), cpu: column(), operations: column(), network: column() };
  for (let from = 0; from < table.shardCount; from += ROWS_PER_TURN) {
    if (from > 0) yield;
    const rows = { from, until: Math.min(table.shardCount, from + ROWS_PER_TURN) };
    addPrimaries(sums, table, rows);
    if (table.replicaMax > 1) addSecondaries(sums, table, rows);
  }
  kept.set(table, sums);
  return sums;
}

/**
 * Some shards were moved, and nothing else differs between the two tables: the sums of the later
 * one follow from those of the earlier, O(their replicas). Numbers with fractions may come to differ in the
 * last digits from those summed up whole, until a reading brings the next table.
 */
export function carrySums(before: ShardTable, after: ShardTable, shardIds: Iterable<number>): void {
  const known = kept.get(before);
  if (known === undefined || kept.has(after) || before.load !== after.load || before.sizeBytes !== after.sizeBytes) return;
  const column = (summed: Float64Array) => {
    const copy = new Float64Array(after.nodeIds.length);
    copy.set(summed);
    return copy;
  };
  const { demand, shards, primaries, bytes, keys, cpu, operations, network } = known;
  const sums: TableSums = {
    demand, shards: column(shards), primaries: column(primaries), bytes: column(bytes), keys: column(keys), cpu: column(cpu), operations: column(operations), network: column(network),
  };
  for (const shardId of new Set(shardIds)) {
    if (shardId >= after.shardCount) continue;
    const row = { from: shardId, until: shardId + 1 };
    for (const [table, sign] of [[before, -1], [after, 1]] as const) {
      addPrimaries(sums, table, row, sign);
      if (table.replicaMax > 1) addSecondaries(sums, table, row, sign);
    }
  }
  for (let node = 0; node < sums.shards.length; node += 1) {
    for (const summed of [sums.bytes, sums.keys, sums.cpu, sums.operations, sums.network]) summed[node] = sums.shards[node] === 0 ? 0 : Math.max(0, summed[node]!);
  }
  kept.set(after, sums);
}

interface Rows {
  readonly from: number;
  readonly until: number;
}

/** Locals rather than properties, and one loop per role: at a million shards each look-up counts. */
function addPrimaries(sums: TableSums, { replicas, replicaMax }: ShardTable, { from, until }: Rows, sign: 1 | -1 = 1): void {
  const { demand, shards, primaries, bytes, keys, cpu, operations, network } = sums;
  for (let shardId = from, at = from * replicaMax; shardId < until; shardId += 1, at += replicaMax) {
    const node = replicas[at]!;
    if (node < 0) continue;
    shards[node]! += sign;
    primaries[node]! += sign;
    bytes[node]! += sign * demandAt(demand.bytes, shardId);
    keys[node]! += sign * demandAt(demand.keys, shardId);
    cpu[node]! += sign * demandAt(demand.cpu, shardId);
    operations[node]! += sign * (demandAt(demand.reads, shardId) + demandAt(demand.writes, shardId));
    network[node]! += sign * demandAt(demand.network, shardId);
  }
}

function addSecondaries(sums: TableSums, { replicas, replicaMax }: ShardTable, { from, until }: Rows, sign: 1 | -1 = 1): void {
  const { demand, shards, bytes, keys, operations, network } = sums;
  for (let shardId = from; shardId < until; shardId += 1) {
    const size = sign * demandAt(demand.bytes, shardId);
    const keyCount = sign * demandAt(demand.keys, shardId);
    const writes = demandAt(demand.writes, shardId);
    const traffic = secondaryNetworkOf(demandAt(demand.network, shardId), demandAt(demand.reads, shardId), writes);
    for (let at = shardId * replicaMax + 1; at < (shardId + 1) * replicaMax; at += 1) {
      const node = replicas[at]!;
      if (node < 0) continue;
      shards[node]! += sign;
      bytes[node]! += size;
      keys[node]! += keyCount;
      operations[node]! += sign * writes;
      network[node]! += sign * traffic;
    }
  }
}
