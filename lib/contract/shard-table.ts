/**
 * The shards of a cluster as a struct of typed arrays. A cluster has 1,024 to 1,000,000
 * of them; as objects they would cost a hundred times the memory and every scan would
 * chase pointers. The same columns are used in core, on the wire and in the browser.
 *
 * A table is treated as immutable once it belongs to a ClusterState: whoever changes
 * shards copies the columns that change.
 */
export interface ShardTable {
  /** Number of shards, N. Shard id = row index. */
  readonly shardCount: number;
  /** Width of `replicas`, R. */
  readonly replicaMax: number;
  /** Dictionary of `replicas`: node index -> node id. Append-only while the cluster is connected, so an index (and a colour) means one node for life. */
  readonly nodeIds: readonly string[];
  /** N x R node indexes, row-major; column 0 holds the primary; -1 = no replica. */
  readonly replicas: Int16Array;
  /** N, bytes of one copy; NaN = unknown. */
  readonly sizeBytes: Float64Array;
  /** N, keys of one copy; NaN = unknown. */
  readonly keyCount: Float64Array;
  /** N each, load served by the shard; NaN = unknown. */
  readonly load: ShardLoadColumns;
  /** N, grows with each change of ownership as far as the engine tells. */
  readonly epoch: Float64Array;
  /** How the columns were come by: an estimate is shown as one. */
  readonly quality: ShardQuality;
}

export interface ShardLoadColumns {
  /** Cores. */
  readonly cpu: Float32Array;
  readonly readsPerSecond: Float32Array;
  readonly writesPerSecond: Float32Array;
  readonly networkBytesPerSecond: Float32Array;
}

export interface ShardQuality {
  readonly size: 'measured' | 'sampled' | 'unknown';
  /** Keys sampled for sizes when `size` is "sampled". */
  readonly sizeSampleCount: number;
  readonly load: 'measured' | 'estimated' | 'unknown';
}

export const NO_REPLICA = -1;

/** An empty-valued table of N shards and R replica columns: no replica, all quantities unknown. */
export function createShardTable(options: { shardCount: number; replicaMax: number; nodeIds: readonly string[] }): ShardTable {
  const { shardCount, replicaMax, nodeIds } = options;
  const unknown32 = () => new Float32Array(shardCount).fill(NaN);
  return {
    shardCount,
    replicaMax,
    nodeIds,
    replicas: new Int16Array(shardCount * replicaMax).fill(NO_REPLICA),
    sizeBytes: new Float64Array(shardCount).fill(NaN),
    keyCount: new Float64Array(shardCount).fill(NaN),
    load: { cpu: unknown32(), readsPerSecond: unknown32(), writesPerSecond: unknown32(), networkBytesPerSecond: unknown32() },
    epoch: new Float64Array(shardCount),
    quality: { size: 'unknown', sizeSampleCount: 0, load: 'unknown' },
  };
}

/** Node index of the primary, or -1. */
export function primaryIndexOf(table: ShardTable, shardId: number): number {
  return table.replicas[shardId * table.replicaMax] ?? NO_REPLICA;
}

/** Node id of the primary, or null when the shard has none. */
export function primaryNodeIdOf(table: ShardTable, shardId: number): string | null {
  return table.nodeIds[primaryIndexOf(table, shardId)] ?? null;
}

/** Node ids holding the shard, primary first. */
export function replicaNodeIdsOf(table: ShardTable, shardId: number): string[] {
  const ids: string[] = [];
  for (let column = 0; column < table.replicaMax; column += 1) {
    const nodeId = table.nodeIds[table.replicas[shardId * table.replicaMax + column]!];
    if (nodeId !== undefined) ids.push(nodeId);
  }
  return ids;
}
