import { marksOfRanges } from '@/components/charts/shard-ranges';
import { SHARD_METRIC_FACTS } from '@/components/charts/shard-metrics';
import type { ExportRow } from '@/lib/client/export-file';
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

export const SHARD_EXPORT_COLUMNS = [
  'shardId', 'primaryNodeId', 'replicaNodeIds', 'sizeBytes', 'sizeQuality', 'keyCount',
  'cpuCores', 'readsPerSecond', 'writesPerSecond', 'networkBytesPerSecond', 'loadQuality',
] as const;

/** Rows of the export; what is unknown is null. */
export function shardExportRows(table: ShardTable, shardIds: Iterable<number>): ExportRow[] {
  const known = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? null : value);
  const { load, quality } = table;
  return Array.from(shardIds, (shardId): Record<(typeof SHARD_EXPORT_COLUMNS)[number], ExportRow[string]> => ({
    shardId,
    primaryNodeId: primaryNodeIdOf(table, shardId),
    replicaNodeIds: replicaNodeIdsOf(table, shardId).join(' '),
    sizeBytes: known(table.sizeBytes[shardId]),
    sizeQuality: quality.size,
    keyCount: known(table.keyCount[shardId]),
    cpuCores: known(load.cpu[shardId]),
    readsPerSecond: known(load.readsPerSecond[shardId]),
    writesPerSecond: known(load.writesPerSecond[shardId]),
    networkBytesPerSecond: known(load.networkBytesPerSecond[shardId]),
    loadQuality: quality.load,
  }));
}
