import { marksOfRanges } from '@/components/charts/shard-ranges';
import { SHARD_METRIC_FACTS } from '@/components/charts/shard-metrics';
import type { ExportColumn } from '@/components/charts/table-export';
import { primaryNodeIdOf, replicaNodeIdsOf, type ShardTable } from '@/lib/contract/shard-table';
import type { SortKey } from './shard-url';

export interface RowFilter {
  /** Dictionary index of a node that must hold a replica; `null` = any; -1 = a node that holds nothing. */
  readonly nodeIndex: number | null;
  /** "0-99,120"; empty = all. */
  readonly ids: string;
  readonly only: 'all' | 'selected' | 'no-primary';
  readonly selected: Uint8Array;
}

/** Shard ids that pass the filter, sorted. Unknown values come last whichever way the sort goes. */
export function orderedShards(table: ShardTable, filter: RowFilter, sort: SortKey, order: 'asc' | 'desc'): Int32Array {
  const ids = filter.ids.trim() === '' ? null : marksOfRanges(filter.ids, table.shardCount);
  const passed: number[] = [];
  for (let shardId = 0; shardId < table.shardCount; shardId += 1) {
    if (ids !== null && ids[shardId] === 0) continue;
    if (filter.only === 'selected' && filter.selected[shardId] === 0) continue;
    if (filter.only === 'no-primary' && table.replicas[shardId * table.replicaMax]! >= 0) continue;
    if (filter.nodeIndex !== null && !holds(table, shardId, filter.nodeIndex)) continue;
    passed.push(shardId);
  }
  const rows = Int32Array.from(passed);
  const direction = order === 'asc' ? 1 : -1;
  if (sort === 'id') return direction === 1 ? rows : rows.reverse();
  const valueOf = sort === 'owner' ? (shardId: number) => table.replicas[shardId * table.replicaMax]! : columnReader(table, sort);
  return rows.sort((a, b) => {
    const left = valueOf(a);
    const right = valueOf(b);
    if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right)) || a - b;
    return (left - right) * direction || a - b;
  });
}

function holds(table: ShardTable, shardId: number, nodeIndex: number): boolean {
  const start = shardId * table.replicaMax;
  return nodeIndex >= 0 && table.replicas.subarray(start, start + table.replicaMax).includes(nodeIndex);
}

function columnReader(table: ShardTable, sort: Exclude<SortKey, 'id' | 'owner'>): (shardId: number) => number {
  const column = SHARD_METRIC_FACTS[sort].column(table);
  return (shardId) => column[shardId]!;
}

/** Columns of the export, units in their names. */
export function shardExportColumns(table: ShardTable): readonly ExportColumn<number>[] {
  return [
    { name: 'shardId', value: (shardId) => shardId },
    { name: 'primaryNodeId', value: (shardId) => primaryNodeIdOf(table, shardId) },
    { name: 'replicaNodeIds', value: (shardId) => replicaNodeIdsOf(table, shardId).join(' ') },
    { name: 'sizeBytes', value: (shardId) => table.sizeBytes[shardId]! },
    { name: 'sizeQuality', value: () => table.quality.size },
    { name: 'keyCount', value: (shardId) => table.keyCount[shardId]! },
    { name: 'cpuCores', value: (shardId) => table.load.cpu[shardId]! },
    { name: 'readsPerSecond', value: (shardId) => table.load.readsPerSecond[shardId]! },
    { name: 'writesPerSecond', value: (shardId) => table.load.writesPerSecond[shardId]! },
    { name: 'networkBytesPerSecond', value: (shardId) => table.load.networkBytesPerSecond[shardId]! },
    { name: 'loadQuality', value: () => table.quality.load },
  ];
}
