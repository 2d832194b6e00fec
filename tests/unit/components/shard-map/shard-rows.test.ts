import { describe, expect, it } from 'vitest';
import { suitableLayout } from '@/components/charts/shard-layout';
import { marksOfRanges } from '@/components/charts/shard-ranges';
import { fittedLayout } from '@/components/shard-map/fitted-layout';
import { factsOf, readOutOf, sumsOf } from '@/components/shard-map/shard-facts';
import { orderedShards, SHARD_EXPORT_COLUMNS, shardExportRows } from '@/components/shard-map/shard-rows';
import { createShardTable, type ShardTable } from '@/lib/contract/shard-table';

function sample(): ShardTable {
  const table = createShardTable({ shardCount: 6, replicaMax: 2, nodeIds: ['a', 'b', 'c'] });
  table.replicas.set([0, 1, 1, 0, 2, 0, -1, -1, 1, 2, 0, -1]);
  table.sizeBytes.set([50, NaN, 20, 0, 90, 20]);
  return { ...table, quality: { size: 'sampled', sizeSampleCount: 16, load: 'estimated' } };
}

const none = new Uint8Array(6);
const all = { nodeIndex: null, ids: '', only: 'all', selected: none } as const;
const ordered = (filter: Partial<Parameters<typeof orderedShards>[1]>, sort: Parameters<typeof orderedShards>[2] = 'id', order: 'asc' | 'desc' = 'asc') =>
  [...orderedShards(sample(), { ...all, ...filter }, sort, order)];

describe('rows of the shards table', () => {
  it('unknown values come last whichever way they are sorted, equal ones by id', () => {
    expect(ordered({}, 'size', 'asc')).toEqual([3, 2, 5, 0, 4, 1]);
    expect(ordered({}, 'size', 'desc')).toEqual([4, 0, 2, 5, 3, 1]);
  });

  it('a node filter finds primaries and secondaries; a node that holds nothing finds nothing', () => {
    expect(ordered({ nodeIndex: 0 })).toEqual([0, 1, 2, 5]);
    expect(ordered({ nodeIndex: -1 })).toEqual([]);
  });

  it('filters join: ids, selection and missing primaries', () => {
    expect(ordered({ ids: '2-4' })).toEqual([2, 3, 4]);
    expect(ordered({ only: 'no-primary' })).toEqual([3]);
    expect(ordered({ ids: '2-4', only: 'selected', selected: marksOfRanges('4-5', 6) })).toEqual([4]);
    expect(ordered({}, 'id', 'desc')).toEqual([5, 4, 3, 2, 1, 0]);
  });

  it('the export names units and leaves unknowns empty', () => {
    const [first, second] = shardExportRows(sample(), [0, 1]);
    expect(Object.keys(first!)).toEqual([...SHARD_EXPORT_COLUMNS]);
    expect([first!['sizeBytes'], second!['sizeBytes'], second!['cpuCores']]).toEqual([50, null, null]);
  });
});

describe('facts of a shard', () => {
  it('say how a number was come by, and say unknown instead of zero', () => {
    const facts = factsOf(sample(), 0, null);
    expect(facts.metrics.find(({ metric }) => metric === 'size')).toMatchObject({ text: '50 B', quality: 'sampled from 16 keys' });
    expect(facts.metrics.find(({ metric }) => metric === 'cpu')).toMatchObject({ text: 'unknown', quality: '' });
    expect(factsOf(sample(), 3, null).metrics.find(({ metric }) => metric === 'size')!.text).toBe('0 B');
  });

  it('a shard that nobody serves is called so', () => {
    expect(readOutOf(factsOf(sample(), 3, null), (nodeId) => nodeId)).toContain('no primary');
  });

  it('the sum of a selection leaves unknown sizes out and counts them', () => {
    expect(sumsOf(sample(), marksOfRanges('0-2', 6))).toEqual({ count: 3, bytes: 70, unknownCount: 1 });
    expect(sumsOf(sample(), marksOfRanges('1', 6)).bytes).toBeNull();
  });
});

describe('the layout that suits', () => {
  it('long ranges per node are shown by id, scattered shards by owner', () => {
    const ranges = createShardTable({ shardCount: 300, replicaMax: 1, nodeIds: ['a', 'b', 'c'] });
    const scattered = createShardTable({ shardCount: 300, replicaMax: 1, nodeIds: ['a', 'b', 'c'] });
    for (let shardId = 0; shardId < 300; shardId += 1) {
      ranges.replicas[shardId] = Math.floor(shardId / 100);
      scattered.replicas[shardId] = shardId % 3;
    }
    expect([suitableLayout(ranges), suitableLayout(scattered)]).toEqual(['id', 'owner']);
  });

  it('blocks too small for a name get no room for one', () => {
    const table = createShardTable({ shardCount: 4_000, replicaMax: 1, nodeIds: Array.from({ length: 1_000 }, (_, index) => `n${index}`) });
    for (let shardId = 0; shardId < 4_000; shardId += 1) table.replicas[shardId] = shardId % 1_000;
    const nodeIndexes = Array.from({ length: 1_000 }, (_, index) => index);
    expect(fittedLayout(table, { kind: 'owner', widthPx: 400, heightPx: 400, nodeIndexes }).blocks[0]!.row).toBe(0);
    expect(fittedLayout(table, { kind: 'owner', widthPx: 400, heightPx: 400, nodeIndexes: [] }).blocks.length).toBe(1_000);
  });
});
