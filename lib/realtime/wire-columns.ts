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

/** The numbers of a node in the order of NODE_METRIC_COLUMNS; NaN = unknown. */
export function nodeMetricsOf(node: Node): number[] {
  const { usage, stats } = node;
  return [
    usage.cpu, usage.memory, usage.disk, usage.network,
    stats.readsPerSecond, stats.writesPerSecond, stats.operationsPerSecond, stats.connections,
    stats.latencyP99Ms, stats.keyCount, stats.replicationLagBytes, node.observedAtMs,
  ].map((value) => value ?? NaN);
}

/** `positions` are indexes into the sorted node list. */
export function encodeNodeMetrics(nodes: readonly Node[], positions: readonly number[]): WireNodeMetrics {
  const values = new Float64Array(positions.length * NODE_METRIC_COLUMNS.length);
  positions.forEach((position, row) => {
    values.set(nodeMetricsOf(nodes[position]!), row * NODE_METRIC_COLUMNS.length);
  });
  return { nodeIndexes: bytesOf(Uint16Array.from(positions)), values: bytesOf(values) };
}
