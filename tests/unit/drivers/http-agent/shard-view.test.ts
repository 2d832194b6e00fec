import { describe, expect, it } from 'vitest';
import { HeldShardSchema, type HeldShard } from '@/lib/contract/agent-protocol';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { ShardView } from '@/lib/drivers/http-agent/shard-view';

const NODES = ['a', 'b', 'c'];
const held = (change: Partial<HeldShard> & Pick<HeldShard, 'role'>): HeldShard => HeldShardSchema.parse({ shardId: 0, epoch: 1, ...change });
const report = (nodeId: string, ...shards: HeldShard[]) => ({ nodeId, held: shards });
const view = () => new ShardView({ shardCount: 2, replicationFactor: 2 });

describe('placement from what nodes say', () => {
  it('is what primaries claim, with the secondaries that they name', () => {
    const placed = view();
    placed.update([report('a', held({ role: 'primary', secondaries: ['b', 'nobody'] })), report('b', held({ role: 'secondary', peerNodeId: 'a' }))], NODES);
    expect(replicaNodeIdsOf(placed.table(), 0)).toEqual(['a', 'b']);
    expect(primaryNodeIdOf(placed.table(), 1)).toBeNull();
  });

  it('[P1] of two that claim a shard the higher epoch has it, whichever is read first', () => {
    for (const order of [0, 1]) {
      const placed = view();
      const claims = [report('a', held({ role: 'primary', sealed: true })), report('b', held({ role: 'primary', epoch: 2 }))];
      placed.update(order === 0 ? claims : claims.reverse(), NODES);
      expect(primaryNodeIdOf(placed.table(), 0)).toBe('b');
    }
  });

  it('[P1] between "gone from here" and the first claim of the new primary, the old one\'s word stands', () => {
    const placed = view();
    placed.update([report('a', held({ role: 'primary', secondaries: ['c'] })), report('b')], NODES);
    placed.update([report('a', held({ role: 'leaving', epoch: 2, peerNodeId: 'b' })), report('b', held({ role: 'importing' }))], NODES);
    expect(replicaNodeIdsOf(placed.table(), 0)).toEqual(['b', 'c']);
  });

  it('[C4] an older claim takes nothing back', () => {
    const placed = view();
    placed.update([report('b', held({ role: 'primary', epoch: 2 }))], NODES);
    placed.update([report('a', held({ role: 'primary', epoch: 1 }))], NODES);
    expect(primaryNodeIdOf(placed.table(), 0)).toBe('b');
  });

  it('a silent primary keeps its shards; one that has been read three times without them has lost them', () => {
    const placed = view();
    placed.update([report('a', held({ role: 'primary' }))], NODES);
    for (let reading = 0; reading < 10; reading += 1) placed.update([report('b')], NODES);
    expect(primaryNodeIdOf(placed.table(), 0)).toBe('a');
    for (let reading = 0; reading < 2; reading += 1) placed.update([report('a')], NODES);
    expect(primaryNodeIdOf(placed.table(), 0)).toBe('a');
    placed.update([report('a')], NODES);
    expect(primaryNodeIdOf(placed.table(), 0)).toBeNull();
  });

  it('a shard beyond the number of shards is nobody\'s', () => {
    const placed = view();
    placed.update([report('a', held({ role: 'primary', shardId: 7 }))], NODES);
    expect(placed.shardsPlaced).toBe(0);
  });
});
