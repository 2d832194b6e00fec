import type { WireNodeMetrics, WireShardDelta, WireShardRows, WireShardTable } from '@/lib/contract/live';
import type { Node } from '@/lib/contract/node';
import type { ShardTable } from '@/lib/contract/shard-table';

/**
 * Binary columns of the live protocol, back to typed arrays. The msgpack decoder hands
 * out ArrayBuffers in a browser and views into a bigger, unaligned buffer in Node; a
 * typed array needs an aligned start, so a view that is not aligned is copied.
 *
 * Tables and nodes are never changed in place: whoever still holds the previous one (a
 * delta map, a memo) keeps a true picture of that moment.
 */
export type WireBytes = ArrayBuffer | ArrayBufferView;

/** A column that cannot be what the protocol says it is: the sender is broken, and the view asks for a snapshot. */
export class MalformedColumn extends Error {
  override readonly name = 'MalformedColumn';
  readonly code = 'malformed-column';
}

type Column = Int16Array | Uint16Array | Uint32Array | Float32Array | Float64Array;
interface ColumnType<T extends Column> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/**
 * Reads `length` elements. A view of the received bytes where alignment allows it.
 * @throws MalformedColumn when the number of bytes is not length x element size.
 */
export function decodeColumn<T extends Column>(bytes: WireBytes, type: ColumnType<T>, length: number): T {
  if (bytes.byteLength !== length * type.BYTES_PER_ELEMENT) {
    throw new MalformedColumn(`${type.name} of ${length} elements has ${bytes.byteLength} bytes`);
  }
  if (bytes instanceof ArrayBuffer) return new type(bytes, 0, length);
  if (bytes.byteOffset % type.BYTES_PER_ELEMENT === 0) return new type(bytes.buffer, bytes.byteOffset, length);
  return new type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), 0, length);
}

interface DecodedRows {
  readonly replicas: Int16Array;
  readonly sizeBytes: Float64Array;
  readonly keyCount: Float64Array;
  readonly load: ShardTable['load'];
}

function decodeRows(rows: WireShardRows, rowCount: number, replicaMax: number): DecodedRows {
  return {
    replicas: decodeColumn(rows.replicas, Int16Array, rowCount * replicaMax),
    sizeBytes: decodeColumn(rows.sizeBytes, Float64Array, rowCount),
    keyCount: decodeColumn(rows.keyCount, Float64Array, rowCount),
    load: {
      cpu: decodeColumn(rows.cpu, Float32Array, rowCount),
      readsPerSecond: decodeColumn(rows.readsPerSecond, Float32Array, rowCount),
      writesPerSecond: decodeColumn(rows.writesPerSecond, Float32Array, rowCount),
      networkBytesPerSecond: decodeColumn(rows.networkBytesPerSecond, Float32Array, rowCount),
    },
  };
}

/** A snapshot's table. `epoch` is not on the wire and stays 0. @throws MalformedColumn */
export function decodeShardTable(wire: WireShardTable): ShardTable {
  return {
    shardCount: wire.shardCount,
    replicaMax: wire.replicaMax,
    nodeIds: wire.nodeIds,
    ...decodeRows(wire, wire.shardCount, wire.replicaMax),
    epoch: new Float64Array(wire.shardCount),
    quality: wire.quality,
  };
}

/**
 * The next table. Columns in which no value changed are the same arrays as before, so
 * that an owner map is not drawn again because a load moved. @throws MalformedColumn
 */
export function applyShardDelta(table: ShardTable, delta: WireShardDelta): ShardTable {
  const rowCount = delta.indexes.byteLength / Uint32Array.BYTES_PER_ELEMENT;
  const indexes = decodeColumn(delta.indexes, Uint32Array, rowCount);
  if (indexes.some((index) => index >= table.shardCount)) throw new MalformedColumn(`A row outside the ${table.shardCount} shards`);
  const rows = decodeRows(delta, rowCount, table.replicaMax);
  return {
    ...table,
    nodeIds: delta.nodeIds ?? table.nodeIds,
    replicas: withRows(table.replicas, rows.replicas, indexes, table.replicaMax),
    sizeBytes: withRows(table.sizeBytes, rows.sizeBytes, indexes, 1),
    keyCount: withRows(table.keyCount, rows.keyCount, indexes, 1),
    load: {
      cpu: withRows(table.load.cpu, rows.load.cpu, indexes, 1),
      readsPerSecond: withRows(table.load.readsPerSecond, rows.load.readsPerSecond, indexes, 1),
      writesPerSecond: withRows(table.load.writesPerSecond, rows.load.writesPerSecond, indexes, 1),
      networkBytesPerSecond: withRows(table.load.networkBytesPerSecond, rows.load.networkBytesPerSecond, indexes, 1),
    },
  };
}

function withRows<T extends Int16Array | Float32Array | Float64Array>(column: T, values: T, indexes: Uint32Array, width: number): T {
  let copy: T | null = null;
  for (let row = 0; row < indexes.length; row += 1) {
    for (let offset = 0; offset < width; offset += 1) {
      const at = indexes[row]! * width + offset;
      const value = values[row * width + offset]!;
      if (Object.is(column[at], value)) continue;
      copy ??= column.slice() as T;
      copy[at] = value;
    }
  }
  return copy ?? column;
}

/**
 * The nodes with new numbers; nodes without news are the same objects. Columns as in
 * NODE_METRIC_COLUMNS: four usages, seven stats, observedAtMs; NaN becomes `null`.
 * @throws MalformedColumn
 */
export function applyNodeMetrics(nodes: readonly Node[], metrics: WireNodeMetrics): readonly Node[] {
  const rowCount = metrics.nodeIndexes.byteLength / Uint16Array.BYTES_PER_ELEMENT;
  const nodeIndexes = decodeColumn(metrics.nodeIndexes, Uint16Array, rowCount);
  const values = decodeColumn(metrics.values, Float64Array, rowCount * 12);
  const next = [...nodes];
  for (let row = 0; row < rowCount; row += 1) {
    const node = next[nodeIndexes[row]!];
    if (node === undefined) throw new MalformedColumn(`Node ${nodeIndexes[row] ?? '?'} of ${nodes.length}`);
    const read = (column: number): number | null => {
      const value = values[row * 12 + column]!;
      return Number.isNaN(value) ? null : value;
    };
    next[nodeIndexes[row]!] = {
      ...node,
      usage: { cpu: read(0), memory: read(1), disk: read(2), network: read(3) },
      stats: {
        readsPerSecond: read(4), writesPerSecond: read(5), operationsPerSecond: read(6), connections: read(7),
        latencyP99Ms: read(8), keyCount: read(9), replicationLagBytes: read(10),
      },
      observedAtMs: read(11),
    };
  }
  return next;
}
