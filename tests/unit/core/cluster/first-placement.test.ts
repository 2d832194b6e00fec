import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstPlacement } from '@/lib/core/cluster/first-placement';

const nodesOf = (zones: readonly (string | null)[]) => zones.map((zone, index) => ({ id: `n${index}`, zone }));

describe('the first placement of shards', () => {
  it('[P3] no shard is twice on a node, nor in one zone while there are others', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 64 }), (zones, replicationFactor, shardCount) => {
      const nodes = nodesOf(zones);
      const zoneOf = new Map(nodes.map((node) => [node.id, node.zone]));
      for (const holders of firstPlacement({ shardCount, replicationFactor, nodes })) {
        expect(holders).toHaveLength(Math.min(replicationFactor, nodes.length));
        expect(new Set(holders).size).toBe(holders.length);
        expect(new Set(holders.map((id) => zoneOf.get(id))).size).toBe(Math.min(holders.length, new Set(zones).size));
      }
    }));
  });

  it('primaries are even to one, copies nearly so where zones are', () => {
    const nodes = nodesOf(['a', 'b', 'c', 'a', 'b', 'c']);
    const placement = firstPlacement({ shardCount: 96, replicationFactor: 2, nodes });
    const count = (position: number) => nodes.map(({ id }) => placement.filter((holders) => holders[position] === id).length);
    expect(count(0)).toEqual([16, 16, 16, 16, 16, 16]);
    expect(Math.max(...count(1)) - Math.min(...count(1))).toBeLessThanOrEqual(8);
  });

  it('[P9] without nodes every shard is nobody\'s', () => {
    expect(firstPlacement({ shardCount: 2, replicationFactor: 2, nodes: [] })).toEqual([[], []]);
  });
});
