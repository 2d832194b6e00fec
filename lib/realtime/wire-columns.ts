import { NODE_METRIC_COLUMNS, type WireNodeMetrics, type WireShardRows } from '@/lib/contract/live';
import type { Node } from '@/lib/contract/node';
import type { ShardTable } from '@/lib/contract/shard-table';

/**
 * Columns as the bytes of their typed arrays. They are Buffers and not plain Uint8Arrays
 * because the msgpack encoder writes the whole ArrayBuffer behind a Uint8Array. A Buffer
 * made here looks into the array's own memory: encode it before the array changes.
 */
type Column = Int16Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

export function bytesOf(column: Column): Buffer {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}

/** The columns of a shard table that travel; `replicas` has `replicaMax` entries a row. */
export type ShardColumns = Pick<ShardTable, 'replicaMax' | 'replicas' | 'sizeBytes' | 'keyCount' | 'load'>;

export function encodeShardColumns(columns: ShardColumns): WireShardRows {
  return {
    replicas: bytesOf(columns.replicas),
    sizeBytes: bytesOf(columns.sizeBytes),
    keyCount: bytesOf(columns.keyCount),
    cpu: bytesOf(columns.load.cpu),
    readsPerSecond: bytesOf(columns.load.readsPerSecond),
    writesPerSecond: bytesOf(columns.load.writesPerSecond),
    networkBytesPerSecond: bytesOf(columns.load.networkBytesPerSecond),
  };
}

/** Only the rows of `indexes`, in that order. */
export function pickShardRows(columns: ShardColumns, indexes: Uint32Array): ShardColumns {
  const { replicaMax, load } = columns;
  const replicas = new Int16Array(indexes.length * replicaMax);
  for (let row = 0, to = 0; row < indexes.length; row += 1) {
    const start = indexes[row]! * replicaMax;
    for (let at = start; at < start + replicaMax; at += 1, to += 1) replicas[to] = columns.replicas[at]!;
  }
  return {
    replicaMax,
    replicas,
    sizeBytes: picked(columns.sizeBytes, indexes, new Float64Array(indexes.length)),
    keyCount: picked(columns.keyCount, indexes, new Float64Array(indexes.length)),
    load: {
      cpu: picked(load.cpu, indexes, new Float32Array(indexes.length)),
      readsPerSecond: picked(load.readsPerSecond, indexes, new Float32Array(indexes.length)),
      writesPerSecond: picked(load.writesPerSecond, indexes, new Float32Array(indexes.length)),
      networkBytesPerSecond: picked(load.networkBytesPerSecond, indexes, new Float32Array(indexes.length)),
    },
  };
}

function picked<T extends Float32Array | Float64Array>(column: T, indexes: Uint32Array, into: T): T {
  for (let row = 0; row < indexes.length; row += 1) into[row] = column[indexes[row]!]!;
  return into;
}

/** Rows of WireNodeMetrics as they are written, one node after the other; for at most `nodesMax` of them. */
export class NodeMetricRows {
  readonly #positions: Uint16Array;
  readonly #values: Float64Array;
  #count = 0;

  constructor(nodesMax: number) {
    this.#positions = new Uint16Array(nodesMax);
    this.#values = new Float64Array(nodesMax * NODE_METRIC_COLUMNS.length);
  }

  /** `position` is an index into the sorted node list. */
  add(position: number, { usage, stats, observedAtMs }: Node): void {
    const values = this.#values;
    const at = this.#count * NODE_METRIC_COLUMNS.length;
    this.#positions[this.#count] = position;
    this.#count += 1;
    values[at] = usage.cpu ?? NaN;
    values[at + 1] = usage.memory ?? NaN;
    values[at + 2] = usage.disk ?? NaN;
    values[at + 3] = usage.network ?? NaN;
    values[at + 4] = stats.readsPerSecond ?? NaN;
    values[at + 5] = stats.writesPerSecond ?? NaN;
    values[at + 6] = stats.operationsPerSecond ?? NaN;
    values[at + 7] = stats.connections ?? NaN;
    values[at + 8] = stats.latencyP99Ms ?? NaN;
    values[at + 9] = stats.keyCount ?? NaN;
    values[at + 10] = stats.replicationLagBytes ?? NaN;
    values[at + 11] = observedAtMs ?? NaN;
  }

  /** `null` when there is none. */
  encoded(): WireNodeMetrics | null {
    if (this.#count === 0) return null;
    return {
      nodeIndexes: bytesOf(this.#positions.subarray(0, this.#count)),
      values: bytesOf(this.#values.subarray(0, this.#count * NODE_METRIC_COLUMNS.length)),
    };
  }
}
