import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderShards, type ShardOrder } from '@/lib/api/shard-order';
import { createShardTable, type ShardTable } from '@/lib/contract/shard-table';
import { tableOf } from '@/tests/support/cluster-states';

const ALL: ShardOrder = { nodeId: null, orderBy: 'shardId', offset: 0, limit: 1_000 };

function tableWithSizes(sizes: readonly number[]): ShardTable {
  const table = createShardTable({ shardCount: sizes.length, replicaMax: 1, nodeIds: ['a'] });
  table.sizeBytes.set(sizes);
  return table;
}

describe('the order of shards', () => {
  it('is by id unless asked otherwise, page by page', () => {
    const table = tableWithSizes([1, 2, 3, 4, 5]);
    expect(orderShards(table, { ...ALL, offset: 1, limit: 2 })).toEqual({ shardIds: [1, 2], total: 5 });
    expect(orderShards(table, { ...ALL, offset: 5 })).toEqual({ shardIds: [], total: 5 });
  });

  it('is of any page what sorting everything gives: largest first, unknown last, ties by id', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(NaN));
    fc.assert(fc.property(fc.array(size, { minLength: 1, maxLength: 60 }), fc.nat(70), fc.integer({ min: 1, max: 20 }), (sizes, offset, limit) => {
      const key = (id: number) => (Number.isNaN(sizes[id]!) ? -1 : sizes[id]!);
      const expected = sizes.map((_, id) => id).sort((a, b) => key(b) - key(a) || a - b).slice(offset, offset + limit);
      expect(orderShards(tableWithSizes(sizes), { ...ALL, orderBy: 'sizeBytes', offset, limit }).shardIds).toEqual(expected);
    }));
  });

  it('of one node holds the shards with any replica there', () => {
    const table = tableOf(['a', 'b', 'c'], [['a', 'b'], ['b', 'c'], ['c', 'a'], ['c', 'b']]);
    expect(orderShards(table, { ...ALL, nodeId: 'a' })).toEqual({ shardIds: [0, 2], total: 2 });
    expect(orderShards(table, { ...ALL, nodeId: 'nobody', orderBy: 'cpu' })).toEqual({ shardIds: [], total: 0 });
  });
});
