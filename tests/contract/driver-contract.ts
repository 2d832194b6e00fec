import { describe, expect, it } from 'vitest';
import { replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { itWhere, sharedHarness, type DriverHarness, type DriverTraits } from './driver-harness';
import { describeMoves } from './driver-contract-moves';
import { describeMembership } from './driver-contract-membership';
import { expectOnePrimaryEach, failureOf, never, observeFull, valueOf } from './driver-steps';

/**
 * The rules that every driver keeps, whatever it drives. A driver's test file calls this
 * once per kind of cluster. Each group below starts one cluster and shares it, because a
 * cluster of real processes takes seconds to form; tests that take something away from
 * the cluster have one of their own.
 */
export function describeDriverContract(name: string, makeHarness: () => Promise<DriverHarness>, traits: DriverTraits): void {
  describe(`driver contract: ${name}`, () => {
    describeReadings(makeHarness, traits);
    describeMoves(makeHarness, traits);
    describeMembership(makeHarness, traits);
    if (traits.canSilence || traits.canKill) describeLostNodes(makeHarness, traits);
  });
}

function describeReadings(makeHarness: () => Promise<DriverHarness>, traits: DriverTraits): void {
  describe('readings', () => {
    const harness = sharedHarness(makeHarness);

    it('says what it is and what it can do', () => {
      expect(harness().driver.kind).toBe(traits.kind);
      expect(harness().driver.capabilities).toEqual(traits.capabilities);
    });

    it('a full reading keeps the schema, lists every node as a member that answered, and has the shards', async () => {
      const observation = await observeFull(harness(), traits);
      expect(observation.nodes.length).toBeGreaterThanOrEqual(3);
      for (const node of observation.nodes) {
        expect(node).toMatchObject({ answered: true, member: true, reportedFailed: false });
        expect(node.answerMs).toBeGreaterThanOrEqual(0);
      }
      expect(new Set(observation.nodes.map((node) => node.id)).size).toBe(observation.nodes.length);
      expect(observation.engine.serving).not.toBe(false);
    });

    it('[P1] every shard has exactly one primary, on a node of the same reading', async () => {
      const { shards, nodes } = await observeFull(harness(), traits);
      expectOnePrimaryEach(shards);
      const known = new Set(nodes.map((node) => node.id));
      for (let shardId = 0; shardId < shards.shardCount; shardId += 1) {
        for (const holder of replicaNodeIdsOf(shards, shardId)) if (!known.has(holder)) throw new Error(`${holder} holds shard ${shardId} and is no node`);
      }
    });

    it('a member without shards is in the reading and holds nothing', async () => {
      const { shards, nodes } = await observeFull(harness(), traits);
      expect(nodes.map((node) => node.id)).toContain(harness().emptyNodeId);
      for (let shardId = 0; shardId < shards.shardCount; shardId += 1) {
        expect(replicaNodeIdsOf(shards, shardId)).not.toContain(harness().emptyNodeId);
      }
    });

    it('a reading of the nodes alone keeps the schema and has the same nodes', async () => {
      const full = await observeFull(harness(), traits);
      const { driver } = harness();
      const nodesOnly = valueOf(await harness().complete(driver.observe({ detail: 'nodes', signal: never() }), traits.readingMsMax));
      expect(nodesOnly.nodes.map((node) => node.id).sort()).toEqual(full.nodes.map((node) => node.id).sort());
    });

    it('[S6] what is not known is null, never NaN; a known capacity is above 0', async () => {
      const { nodes } = await observeFull(harness(), traits);
      for (const node of nodes) {
        for (const value of [...Object.values(node.usage), ...Object.values(node.stats)]) expect(value === null || Number.isFinite(value)).toBe(true);
        for (const value of Object.values(node.capacity)) expect(value === null || value > 0).toBe(true);
      }
    });

    it('[N3] the sequence of a node strictly increases within its incarnation', async () => {
      const readings: Map<string, { incarnation: number; sequence: number }>[] = [];
      for (let reading = 0; reading < 4; reading += 1) {
        const { nodes } = await observeFull(harness(), traits);
        readings.push(new Map(nodes.map((node) => [node.id, node])));
        await harness().pass(50);
      }
      for (const [index, reading] of readings.slice(1).entries()) {
        for (const [nodeId, now] of reading) {
          const before = readings[index]!.get(nodeId)!;
          expect(now.incarnation).toBe(before.incarnation);
          expect(now.sequence).toBeGreaterThan(before.sequence);
        }
      }
    });

    it('node indexes of the shard table keep their meaning from reading to reading', async () => {
      const before = await observeFull(harness(), traits);
      const after = await observeFull(harness(), traits);
      expect(after.shards.nodeIds.slice(0, before.shards.nodeIds.length)).toEqual(before.shards.nodeIds);
    });

    it('an aborted reading ends at once with a typed failure', async () => {
      const abort = AbortSignal.abort(new Error('no longer wanted'));
      const result = await harness().complete(harness().driver.observe({ detail: 'full', signal: abort }), 1_000);
      expect(failureOf(result).code).toBe('interrupted');
    });

    it('a probe of a node that answers tells how long it took; of an unknown node it fails', async () => {
      const { driver, emptyNodeId } = harness();
      const answer = valueOf(await harness().complete(driver.probe(emptyNodeId, never()), traits.readingMsMax));
      expect(answer.answerMs).toBeGreaterThanOrEqual(0);
      failureOf(await harness().complete(driver.probe('nobody-of-that-name', never()), traits.readingMsMax));
    });
  });
}

function describeLostNodes(makeHarness: () => Promise<DriverHarness>, traits: DriverTraits): void {
  describe('lost nodes', () => {
    const harness = sharedHarness(makeHarness);

    /** A leader with shards that is not the empty node. */
    const victim = async () => {
      const { nodes } = await observeFull(harness(), traits);
      const node = nodes.find((candidate) => candidate.id !== harness().emptyNodeId && candidate.followerOf === null);
      if (node === undefined) throw new Error('No leader with shards');
      return node.id;
    };

    const expectMarkedAndUnknown = async (nodeId: string) => {
      const startedAtMs = harness().nowMs();
      const { nodes, shards } = await observeFull(harness(), traits);
      expect(harness().nowMs() - startedAtMs).toBeLessThanOrEqual(traits.readingMsMax);
      for (const node of nodes) expect([node.id, node.answered]).toEqual([node.id, node.id !== nodeId]);
      const lost = nodes.find((node) => node.id === nodeId)!;
      expect(lost.answerMs).toBeNull();
      for (const [metric, value] of [...Object.entries(lost.usage), ...Object.entries(lost.stats)]) expect([metric, value]).toEqual([metric, null]);
      expectOnePrimaryEach(shards);
    };

    itWhere(traits.canSilence)('[S6] a node that does not answer is marked, its metrics are unknown, and the others are not held up', async () => {
      const nodeId = await victim();
      const answerAgain = await harness().silence!(nodeId);
      await expectMarkedAndUnknown(nodeId);
      const startedAtMs = harness().nowMs();
      const probe = await harness().complete(harness().driver.probe(nodeId, never()), traits.readingMsMax + 1_000);
      expect(['timeout', 'connection-lost', 'node-down']).toContain(failureOf(probe).code);
      expect(harness().nowMs() - startedAtMs).toBeLessThanOrEqual(traits.readingMsMax);
      await answerAgain();
      await harness().pass(500);
      const { nodes } = await observeFull(harness(), traits);
      expect(nodes.find((node) => node.id === nodeId)).toMatchObject({ answered: true });
    });

    itWhere(traits.canKill)('[P1] a killed node is marked, and every shard still has exactly one primary', async () => {
      const nodeId = await victim();
      await harness().kill!(nodeId);
      await expectMarkedAndUnknown(nodeId);
    });
  });
}
