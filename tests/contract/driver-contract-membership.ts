import { describe, expect, it } from 'vitest';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { itWhere, sharedHarness, type DriverHarness, type DriverTraits } from './driver-harness';
import { contextOf, failureOf, observeFull, valueOf } from './driver-steps';

const JOIN_MS_MAX = 60_000;

export function describeMembership(makeHarness: () => Promise<DriverHarness>, traits: DriverTraits): void {
  describe('membership', () => {
    const harness = sharedHarness(makeHarness);

    const ownerWithShards = async () => {
      const { shards } = await observeFull(harness(), traits);
      const nodeId = primaryNodeIdOf(shards, 0);
      if (nodeId === null) throw new Error('Shard 0 has no primary');
      return nodeId;
    };

    it('[S4] a node that holds data is not verified empty, and does not leave: not-empty', async () => {
      const nodeId = await ownerWithShards();
      const { driver } = harness();
      expect(failureOf(await harness().complete(driver.execute({ kind: 'verify-empty', nodeId }, contextOf()), 10_000)).code).toBe('not-empty');
      if (traits.capabilities.removeNode) {
        expect(failureOf(await harness().complete(driver.execute({ kind: 'remove-node', nodeId }, contextOf()), 10_000)).code).toBe('not-empty');
      }
      const { nodes } = await observeFull(harness(), traits);
      expect(nodes.find((node) => node.id === nodeId)).toMatchObject({ member: true });
    });

    it('an unknown node is neither verified nor removed', async () => {
      const { driver } = harness();
      failureOf(await harness().complete(driver.execute({ kind: 'verify-empty', nodeId: 'nobody-of-that-name' }, contextOf()), 10_000));
    });

    itWhere(traits.capabilities.addNode)('[S7] add-node makes one member that owns nothing, however often the same step is tried', async () => {
      const before = await observeFull(harness(), traits);
      const address = await harness().freshAddress();
      const step = { kind: 'add-node', address, zone: null, followerOf: null } as const;
      const context = contextOf();
      const { nodeId } = valueOf(await harness().complete(harness().driver.execute(step, context), JOIN_MS_MAX));
      const again = valueOf(await harness().complete(harness().driver.execute(step, context), JOIN_MS_MAX));
      expect(again.nodeId).toBe(nodeId);
      const after = await observeFull(harness(), traits);
      const added = after.nodes.filter((node) => !before.nodes.some((known) => known.id === node.id));
      expect(added.map((node) => [node.id, node.member, node.answered])).toEqual([[nodeId, true, true]]);
      for (let shardId = 0; shardId < after.shards.shardCount; shardId += 1) {
        if (replicaNodeIdsOf(after.shards, shardId).includes(nodeId!)) throw new Error(`The new node holds shard ${shardId}`);
      }
    });

    itWhere(traits.capabilities.removeNode)('[S4] an empty node is verified empty, leaves, and has left when tried again', async () => {
      const nodeId = harness().emptyNodeId;
      const { driver } = harness();
      valueOf(await harness().complete(driver.execute({ kind: 'verify-empty', nodeId }, contextOf()), 10_000));
      const leave = { kind: 'remove-node', nodeId } as const;
      const context = contextOf();
      valueOf(await harness().complete(driver.execute(leave, context), JOIN_MS_MAX));
      const { nodes } = await observeFull(harness(), traits);
      expect(nodes.some((node) => node.id === nodeId && node.member)).toBe(false);
      valueOf(await harness().complete(driver.execute(leave, context), JOIN_MS_MAX));
    });
  });
}
