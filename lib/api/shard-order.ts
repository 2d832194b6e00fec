import type { ShardTable } from '@/lib/contract/shard-table';

/**
 * One page of a table of up to a million shards, in order. Sorting objects or indexes by a
 * comparator costs a second there; sorting the bare numbers costs a tenth. So the numbers
 * are sorted to learn between which two values the page lies, and only the shards between
 * them are put in order.
 */
export interface ShardOrder {
  /** Only shards with a replica on this node. */
  readonly nodeId: string | null;
  /** `shardId` ascending, everything else the largest first and unknown last. `operations` is reads and writes together. */
  readonly orderBy: 'shardId' | 'sizeBytes' | 'keyCount' | 'cpu' | 'operations';
  readonly offset: number;
  readonly limit: number;
}

export interface ShardPage {
  readonly shardIds: readonly number[];
  /** Shards of all pages together. */
  readonly total: number;
}

export function orderShards(table: ShardTable, order: ShardOrder): ShardPage {
  const chosen = chooseShards(table, order.nodeId);
  const { offset, limit } = order;
  if (order.orderBy === 'shardId' || offset >= chosen.length) {
    return { shardIds: [...chosen.subarray(offset, offset + limit)], total: chosen.length };
  }
  const keyOf = keyReader(table, order.orderBy);
  const keys = Float64Array.from(chosen, keyOf);
  const ascending = keys.slice().sort();
  const last = Math.min(offset + limit, keys.length) - 1;
  const highest = ascending[keys.length - 1 - offset]!;
  const lowest = ascending[keys.length - 1 - last]!;
  const between: number[] = [];
  let above = 0;
  keys.forEach((key, row) => {
    if (key > highest) above += 1;
    else if (key >= lowest) between.push(row);
  });
  between.sort((a, b) => keys[b]! - keys[a]! || a - b);
  return { shardIds: between.slice(offset - above, offset - above + limit).map((row) => chosen[row]!), total: chosen.length };
}

function chooseShards(table: ShardTable, nodeId: string | null): Uint32Array {
  if (nodeId === null) return Uint32Array.from({ length: table.shardCount }, (_, shardId) => shardId);
  const nodeIndex = table.nodeIds.indexOf(nodeId);
  const chosen: number[] = [];
  if (nodeIndex < 0) return new Uint32Array();
  for (let shardId = 0; shardId < table.shardCount; shardId += 1) {
    const start = shardId * table.replicaMax;
    if (table.replicas.subarray(start, start + table.replicaMax).includes(nodeIndex)) chosen.push(shardId);
  }
  return Uint32Array.from(chosen);
}

/** Quantities are never negative, so -1 puts what is unknown behind everything. */
function keyReader(table: ShardTable, orderBy: Exclude<ShardOrder['orderBy'], 'shardId'>): (shardId: number) => number {
  const orUnknown = (value: number) => (Number.isNaN(value) ? -1 : value);
  switch (orderBy) {
    case 'sizeBytes': return (shardId) => orUnknown(table.sizeBytes[shardId]!);
    case 'keyCount': return (shardId) => orUnknown(table.keyCount[shardId]!);
    case 'cpu': return (shardId) => orUnknown(table.load.cpu[shardId]!);
    case 'operations': return (shardId) => orUnknown(table.load.readsPerSecond[shardId]! + table.load.writesPerSecond[shardId]!);
  }
}
