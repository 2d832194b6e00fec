import type { ShardRow } from '@/lib/contract/api';
import { primaryNodeIdOf, replicaNodeIdsOf, type ShardTable } from '@/lib/contract/shard-table';
import { contract, managerOf } from '../context';
import { nextOffset, offsetOf } from '../page';
import { orderShards } from '../shard-order';

export const shards = {
  list: contract.shards.list.handler(({ input, context }) => {
    const table = managerOf(context, input.clusterId).view().shards;
    const offset = offsetOf(input.cursor);
    const { shardIds, total } = orderShards(table, { nodeId: input.nodeId ?? null, orderBy: input.orderBy, offset, limit: input.limit });
    return { shards: shardIds.map((shardId) => rowOf(table, shardId)), total, nextCursor: nextOffset(offset, shardIds.length, total) };
  }),
};

function rowOf(table: ShardTable, shardId: number): ShardRow {
  const primaryNodeId = primaryNodeIdOf(table, shardId);
  return {
    shardId,
    primaryNodeId,
    secondaryNodeIds: replicaNodeIdsOf(table, shardId).filter((nodeId) => nodeId !== primaryNodeId),
    sizeBytes: known(table.sizeBytes[shardId]),
    keyCount: known(table.keyCount[shardId]),
    cpu: known(table.load.cpu[shardId]),
    readsPerSecond: known(table.load.readsPerSecond[shardId]),
    writesPerSecond: known(table.load.writesPerSecond[shardId]),
    networkBytesPerSecond: known(table.load.networkBytesPerSecond[shardId]),
  };
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
