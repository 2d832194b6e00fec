import type { ShardTable } from '@/lib/contract/shard-table';
import { ROWS_PER_TURN } from '@/lib/platform/in-turns';

/** One column of what shards ask for, with what stands in for the rows that are unknown. */
export interface DemandColumn {
  readonly values: Float32Array | Float64Array;
  /** False when no row is known. */
  readonly known: boolean;
  /** Mean of the known rows, used for the unknown ones. */
  readonly fill: number;
  readonly unknownCount: number;
  /** Of all rows, unknown ones filled. */
  readonly total: number;
}

export interface ShardDemand {
  readonly bytes: DemandColumn;
  readonly keys: DemandColumn;
  readonly cpu: DemandColumn;
  readonly reads: DemandColumn;
  readonly writes: DemandColumn;
  readonly network: DemandColumn;
}

/**
 * The quantities of a table, ready to be summed. A row that is NaN, negative or infinite
 * is unknown; it counts as the mean of the known rows, never as 0. A column without a
 * known row is unknown as a whole. O(shards) of a column that is seen the first time; columns
 * are never written to, so what was found out about one is kept with it.
 */
export function shardDemandOf({ sizeBytes, keyCount, load }: ShardTable): ShardDemand {
  return {
    bytes: columnOf(sizeBytes),
    keys: columnOf(keyCount),
    cpu: columnOf(load.cpu),
    reads: columnOf(load.readsPerSecond),
    writes: columnOf(load.writesPerSecond),
    network: columnOf(load.networkBytesPerSecond),
  };
}

/** The same, with a rest after each long column that is seen the first time. */
export function* readingDemand(table: ShardTable): Generator<void, ShardDemand> {
  const { sizeBytes, keyCount, load } = table;
  for (const column of [sizeBytes, keyCount, load.cpu, load.readsPerSecond, load.writesPerSecond, load.networkBytesPerSecond]) {
    if (kept.has(column)) continue;
    columnOf(column);
    if (column.length > ROWS_PER_TURN) yield;
  }
  return shardDemandOf(table);
}

/** The quantity of one row, unknown ones filled. */
export function demandAt(column: DemandColumn, shardId: number): number {
  const value = column.values[shardId]!;
  return value >= 0 && value < Infinity ? value : column.fill;
}

/**
 * What a secondary costs in network: the share of the shard's traffic that are writes,
 * since every copy receives those; 0 where the mix is unknown.
 */
export function secondaryNetworkOf(network: number, reads: number, writes: number): number {
  const operations = reads + writes;
  return operations > 0 ? (network * writes) / operations : 0;
}

const kept = new WeakMap<Float32Array | Float64Array, DemandColumn>();

function columnOf(values: Float32Array | Float64Array): DemandColumn {
  const column = kept.get(values) ?? readColumn(values);
  kept.set(values, column);
  return column;
}

function readColumn(values: Float32Array | Float64Array): DemandColumn {
  let sum = 0;
  let knownCount = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row]!;
    if (value >= 0 && value < Infinity) {
      sum += value;
      knownCount += 1;
    }
  }
  const fill = knownCount === 0 ? 0 : sum / knownCount;
  const unknownCount = values.length - knownCount;
  return { values, known: knownCount > 0 || values.length === 0, fill, unknownCount, total: sum + fill * unknownCount };
}
