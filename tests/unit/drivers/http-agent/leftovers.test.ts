import { describe, expect, it } from 'vitest';
import { HeldShardSchema, type HeldShard } from '@/lib/contract/agent-protocol';
import { leftoversOf } from '@/lib/drivers/http-agent/leftovers';
import { ShardView } from '@/lib/drivers/http-agent/shard-view';

const NODES = ['a', 'b', 'c'];
const held = (change: Partial<HeldShard> & Pick<HeldShard, 'role'>): HeldShard => HeldShardSchema.parse({ shardId: 0, epoch: 6, ...change });

/** What a node's copy counts for, when shard 0 is served by a with b as its secondary, under epoch 6. */
function leftovers(nodeId: string, ...shards: HeldShard[]) {
  const view = new ShardView({ shardCount: 2, replicationFactor: 2 });
  view.update([{ nodeId: 'a', held: [held({ role: 'primary', secondaries: ['b'] })] }, { nodeId, held: shards }], NODES);
  return leftoversOf(nodeId, shards, (shardId) => view.known(shardId));
}

describe('[A7] copies that their primary does not count on', () => {
  it('a secondary, an import or one that was leaving, from before the primary became what it is', () => {
    expect(leftovers('c', held({ role: 'secondary', epoch: 5, peerNodeId: 'a' }))).toEqual([{ shardId: 0, role: 'secondary', ownerEpoch: 6 }]);
    expect(leftovers('c', held({ role: 'importing', epoch: 5 }))).toEqual([{ shardId: 0, role: 'importing', ownerEpoch: 6 }]);
    expect(leftovers('c', held({ role: 'leaving', epoch: 6, peerNodeId: 'a' }))).toEqual([{ shardId: 0, role: 'leaving', ownerEpoch: 6 }]);
  });

  it('not a secondary that the primary names, however far behind, nor one that it named just now', () => {
    expect(leftovers('b', held({ role: 'secondary', epoch: 4, peerNodeId: 'c' }))).toEqual([]);
    expect(leftovers('c', held({ role: 'secondary', epoch: 7, peerNodeId: 'a' }))).toEqual([]);
  });

  it('not an import that is being filled under the epoch of today', () => {
    expect(leftovers('c', held({ role: 'importing', epoch: 6 }))).toEqual([]);
  });

  it('not what a primary claims, nor anything while the primary has not spoken for itself', () => {
    expect(leftovers('c', held({ role: 'primary', epoch: 5 }))).toEqual([]);
    expect(leftovers('c', held({ role: 'secondary', epoch: 5, shardId: 1, peerNodeId: 'b' }))).toEqual([]);
  });
});
