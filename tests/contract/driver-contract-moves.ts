import { describe, expect, it } from 'vitest';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import type { DriverStep } from '@/lib/drivers/driver';
import { itWhere, sharedHarness, type DriverHarness, type DriverTraits } from './driver-harness';
import { contextOf, expectOnePrimaryEach, failureOf, inspect, interruptMove, largePrimaries, never, observeFull, paced, valueOf } from './driver-steps';

type Move = Extract<DriverStep, { kind: 'move' }>;

export function describeMoves(makeHarness: () => Promise<DriverHarness>, traits: DriverTraits): void {
  describe('moves', () => {
    const harness = sharedHarness(makeHarness);

    /** A move of one of the largest primaries to the node that began empty. */
    const nextMove = async (): Promise<{ step: Move; bytes: number }> => {
      const { shards } = await observeFull(harness(), traits);
      const targetNodeId = harness().emptyNodeId;
      const largest = largePrimaries(shards, [targetNodeId]).find(({ shardId }) => !replicaNodeIdsOf(shards, shardId).includes(targetNodeId));
      if (largest === undefined) throw new Error('The harness has no shard with data left to move');
      const { shardId, sourceNodeId, bytes } = largest;
      return { step: { kind: 'move', shardId, role: 'primary', sourceNodeId, targetNodeId }, bytes };
    };

    const expectOwner = async (shardId: number, nodeId: string) => {
      const { shards } = await observeFull(harness(), traits);
      expectOnePrimaryEach(shards);
      expect(primaryNodeIdOf(shards, shardId)).toBe(nodeId);
    };

    it('before a move nothing of it is true', async () => {
      const { step } = await nextMove();
      expect(await inspect(harness(), step)).toMatchObject({ state: 'untouched' });
    });

    it('[M4] a move ends done: ownership changed exactly once, source to target, with one primary at every reading', async () => {
      const { step, bytes } = await nextMove();
      const owners: (string | null)[] = [];
      // One reading per report of progress, one after the other.
      let readings = Promise.resolve();
      const work = harness().driver.execute(step, contextOf({
        bytesPerSecondMax: paced(bytes, 2),
        onProgress: () => {
          readings = readings.then(async () => {
            const { shards } = valueOf(await harness().driver.observe({ detail: 'full', signal: never() }));
            expectOnePrimaryEach(shards!);
            owners.push(primaryNodeIdOf(shards!, step.shardId));
          });
        },
      }));
      const result = await harness().complete(work, 60_000);
      await harness().complete(readings, 60_000);
      const outcome = valueOf(result);
      expect(outcome.bytes).toBeGreaterThan(0);
      expect(outcome.nodeId).toBeNull();
      await expectOwner(step.shardId, step.targetNodeId);
      const changes = [step.sourceNodeId, ...owners, step.targetNodeId].filter((owner, index, all) => index > 0 && owner !== all[index - 1]);
      expect(changes).toEqual([step.targetNodeId]);
      expect(owners.length).toBeGreaterThan(1);
      expect(await inspect(harness(), step)).toMatchObject({ state: 'done', revertible: false });
    });

    // PhantomDB keeps no keys and has no clients that could notice anything.
    itWhere(traits.kind !== 'simulator')('[M4] clients notice nothing of a move: no acknowledged write lost or doubled, no error', async () => {
      const checker = await harness().startChecker!();
      const { step, bytes } = await nextMove();
      valueOf(await harness().complete(harness().driver.execute(step, contextOf({ bytesPerSecondMax: paced(bytes, 2) })), 60_000));
      const findings = await checker.stop();
      expect(findings.acknowledgedWrites).toBeGreaterThan(0);
      expect(findings).toMatchObject({ lostWrites: 0, duplicatedWrites: 0, clientErrors: 0 });
    });

    it('[M3] the same step again finds it done, changes nothing and succeeds', async () => {
      const { step } = await nextMove();
      const context = contextOf();
      valueOf(await harness().complete(harness().driver.execute(step, context), traits.moveMsMax));
      const before = await observeFull(harness(), traits);
      valueOf(await harness().complete(harness().driver.execute(step, context), traits.moveMsMax));
      const after = await observeFull(harness(), traits);
      expect(after.shards.replicas).toEqual(before.shards.replicas);
      expect(after.shards.epoch).toEqual(before.shards.epoch);
    });

    it('an abort before the step began changes nothing', async () => {
      const { step } = await nextMove();
      const aborted = contextOf({ signal: AbortSignal.abort(new Error('stopped')) });
      expect(failureOf(await harness().complete(harness().driver.execute(step, aborted), 2_000)).code).toBe('interrupted');
      expect(await inspect(harness(), step)).toMatchObject({ state: 'untouched' });
    });

    it.each([0.01, 0.6])('[M13] an abort after %d of the bytes stops within 1 s with one primary, and executing again completes', async (share) => {
      const { step, bytes } = await nextMove();
      const interrupted = await interruptMove(harness(), step, { bytes, when: (progress) => progress.bytesDone >= bytes * share });
      expect(failureOf(interrupted.result)).toMatchObject({ code: 'interrupted', retryable: true });
      expect(interrupted.msFromAbortToAnswer).toBeLessThanOrEqual(1_000);
      await expectOwner(step.shardId, step.sourceNodeId);
      expect(await inspect(harness(), step)).toMatchObject({ state: 'moving' });
      valueOf(await harness().complete(harness().driver.execute(step, contextOf()), traits.moveMsMax));
      await expectOwner(step.shardId, step.targetNodeId);
      expect(await inspect(harness(), step)).toMatchObject({ state: 'done' });
    });

    it('progress counts totals that never go back', async () => {
      const { step, bytes } = await nextMove();
      const { progress } = await interruptMove(harness(), step, { bytes, when: (now) => now.bytesDone >= bytes * 0.5 });
      for (const [index, now] of progress.entries()) {
        expect(now.bytesDone).toBeGreaterThanOrEqual(progress[index - 1]?.bytesDone ?? 0);
        expect(now.keysDone).toBeGreaterThanOrEqual(progress[index - 1]?.keysDone ?? 0);
      }
      valueOf(await harness().complete(harness().driver.execute(step, contextOf()), traits.moveMsMax));
    });

    it('[M8] an interrupted move that is revertible comes back to its source whole', async () => {
      const { step, bytes } = await nextMove();
      const keysBefore = (await inspect(harness(), step)).keysOnSource;
      await interruptMove(harness(), step, { bytes, when: (progress) => progress.bytesDone >= bytes * 0.3 });
      expect(await inspect(harness(), step)).toMatchObject({ state: 'moving', revertible: true });
      const revert: DriverStep = { ...step, kind: 'revert-move' };
      valueOf(await harness().complete(harness().driver.execute(revert, contextOf()), traits.moveMsMax));
      await expectOwner(step.shardId, step.sourceNodeId);
      const truth = await inspect(harness(), step);
      expect(truth.state).toBe('untouched');
      expect(truth.keysOnSource).toBe(keysBefore);
      expect(truth.keysOnTarget ?? 0).toBe(0);
      // Reverting again finds nothing to do.
      valueOf(await harness().complete(harness().driver.execute(revert, contextOf()), traits.moveMsMax));
    });

    it('[M12] a move keeps to its bytes per second', async () => {
      const { step, bytes } = await nextMove();
      const startedAtMs = harness().nowMs();
      valueOf(await harness().complete(harness().driver.execute(step, contextOf({ bytesPerSecondMax: paced(bytes, 3) })), 60_000));
      // A driver works in batches and may send the last one early, and sizes may be estimates.
      expect(harness().nowMs() - startedAtMs).toBeGreaterThanOrEqual(1_500);
    });

    it('[M9] a driver opened anew finds an interrupted move from the nodes themselves and completes it', async () => {
      const { step, bytes } = await nextMove();
      await interruptMove(harness(), step, { bytes, when: (progress) => progress.bytesDone >= bytes * 0.3 });
      const other = await harness().reopen();
      try {
        const truth = valueOf(await harness().complete(other.inspectMove(step, never()), 10_000));
        expect(truth.state).toBe('moving');
        valueOf(await harness().complete(other.execute(step, contextOf()), traits.moveMsMax));
      } finally {
        await harness().complete(other.close(), 5_000);
      }
      await expectOwner(step.shardId, step.targetNodeId);
    });

    const expectRefused = async (step: DriverStep, codes: readonly string[]) => {
      const before = await observeFull(harness(), traits);
      const failure = failureOf(await harness().complete(harness().driver.execute(step, contextOf()), 10_000));
      expect(codes).toContain(failure.code);
      const after = await observeFull(harness(), traits);
      expect(after.shards.replicas).toEqual(before.shards.replicas);
    };

    it('a move whose source does not own the shard is refused: not-owner', async () => {
      const { shards, nodes } = await observeFull(harness(), traits);
      const { shardId, sourceNodeId } = largePrimaries(shards, [harness().emptyNodeId])[0]!;
      const holders = new Set(replicaNodeIdsOf(shards, shardId));
      const [stranger, otherStranger] = nodes.filter((node) => node.followerOf === null && node.id !== sourceNodeId && !holders.has(node.id));
      if (stranger === undefined || otherStranger === undefined) throw new Error('The harness promises two leaders without the shard');
      const move: Move = { kind: 'move', shardId, role: 'primary', sourceNodeId: stranger.id, targetNodeId: otherStranger.id };
      expect((await inspect(harness(), move)).state).toBe('elsewhere');
      await expectRefused(move, ['not-owner']);
    });

    it('an unknown node or shard is a typed failure and changes nothing', async () => {
      const { step } = await nextMove();
      await expectRefused({ ...step, targetNodeId: 'nobody-of-that-name' }, ['topology-changed', 'node-down', 'refused-by-engine']);
      await expectRefused({ ...step, sourceNodeId: 'nobody-of-that-name' }, ['topology-changed', 'node-down', 'refused-by-engine', 'not-owner']);
      await expectRefused({ ...step, shardId: 1_048_575 }, ['topology-changed', 'refused-by-engine', 'not-owner']);
    });

    itWhere(traits.capabilities.transferPrimary && traits.capabilities.replication === 'per-shard')('a transfer changes the primary and moves no data', async () => {
      const { shards } = await observeFull(harness(), traits);
      const shardId = largePrimaries(shards, []).map((primary) => primary.shardId).find((id) => replicaNodeIdsOf(shards, id).length > 1)!;
      const [sourceNodeId, targetNodeId] = replicaNodeIdsOf(shards, shardId) as [string, string];
      const step: DriverStep = { kind: 'transfer', shardId, sourceNodeId, targetNodeId };
      valueOf(await harness().complete(harness().driver.execute(step, contextOf()), traits.moveMsMax));
      await expectOwner(shardId, targetNodeId);
      const after = await observeFull(harness(), traits);
      expect(replicaNodeIdsOf(after.shards, shardId).sort()).toEqual(replicaNodeIdsOf(shards, shardId).sort());
      valueOf(await harness().complete(harness().driver.execute(step, contextOf()), traits.moveMsMax));
      await expectOwner(shardId, targetNodeId);
    });

    itWhere(traits.fences)('a step of an outdated epoch is refused: stale-epoch', async () => {
      const { step } = await nextMove();
      valueOf(await harness().complete(harness().driver.execute(step, contextOf({ epoch: 2_000 })), traits.moveMsMax));
      const { step: next } = await nextMove();
      const result = await harness().complete(harness().driver.execute(next, contextOf({ epoch: 1_999 })), traits.moveMsMax);
      expect(failureOf(result)).toMatchObject({ code: 'stale-epoch', retryable: false });
      expect(await inspect(harness(), next)).toMatchObject({ state: 'untouched' });
    });
  });

  describe('closing', () => {
    const harness = sharedHarness(makeHarness);

    it('[M13] close ends a running move at its safe point within 1 s, is idempotent, and the move can be completed later', async () => {
      const { shards } = await observeFull(harness(), traits);
      const { shardId, sourceNodeId, bytes } = largePrimaries(shards, [harness().emptyNodeId])[0]!;
      const step: Move = { kind: 'move', shardId, role: 'primary', sourceNodeId, targetNodeId: harness().emptyNodeId };
      let began = () => { /* replaced below, before it can be called */ };
      const hasBegun = new Promise<void>((resolve) => { began = resolve; });
      const work = harness().driver.execute(step, contextOf({ bytesPerSecondMax: paced(bytes, 20), onProgress: () => { began(); } }));
      await harness().complete(hasBegun, 20_000);
      const closedAtMs = harness().nowMs();
      const [result] = await harness().complete(Promise.all([work, harness().driver.close()]), 5_000);
      expect(failureOf(result).code).toBe('interrupted');
      expect(harness().nowMs() - closedAtMs).toBeLessThanOrEqual(1_000);
      await harness().complete(harness().driver.close(), 1_000);
      const refused = await harness().complete(harness().driver.execute(step, contextOf()), 1_000);
      failureOf(refused);
      const other = await harness().reopen();
      try {
        valueOf(await harness().complete(other.execute(step, contextOf()), traits.moveMsMax));
        const reading = valueOf(await harness().complete(other.observe({ detail: 'full', signal: never() }), traits.readingMsMax));
        expect(primaryNodeIdOf(reading.shards!, shardId)).toBe(step.targetNodeId);
      } finally {
        await harness().complete(other.close(), 5_000);
      }
    });
  });
}
