import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import type { ProvisionRecord } from '@/lib/contract/provisioner';
import type { Store, StoredScalingPolicy, StoreWrite } from '@/lib/contract/storage';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { ALL_EVENTS, appendEvent, bucket, clusterRecord, event, insertCluster, insertOperation, move, moves, operation, plan, provision, saveMove } from './store-fixtures';

/** The store's clock in these tests: a moment that is a multiple of every roll-up's step. */
export const NOW_MS = 1_800_000_000_000;

/** The rules that every Store keeps; `open` gives an empty one. */
export function describeStore(name: string, open: (clock: VirtualClock) => Promise<Store>): void {
  describe(name, () => {
    let store: Store;
    beforeEach(async () => { store = await open(new VirtualClock({ wallStartMs: NOW_MS })); });
    afterEach(async () => { await store.close(); });

    /** Commits and expects it to be taken. */
    const take = async (...writes: StoreWrite[]) => { expect(await store.commit(writes)).toEqual({ ok: true, value: undefined }); };
    /** Commits and expects it to be refused at that write, with that code. */
    const refuse = async (code: string, writeIndex: number, ...writes: StoreWrite[]) => {
      expect(await store.commit(writes)).toMatchObject({ ok: false, error: { code, writeIndex, message: expect.any(String) as string } });
    };

    describe('commit', () => {
      it('takes all writes or none, and names the one that was refused', async () => {
        await refuse('not-found', 2, insertCluster(), appendEvent(1), { kind: 'set-freeze', clusterId: 'nobody', freeze: null });
        expect(await store.clusters()).toEqual([]);
        expect(await store.settings('cluster-1')).toBeNull();
        expect(await store.lastEventSequence('cluster-1')).toBe(0);
      });

      it('lets each write see the ones before it', async () => {
        await take(
          insertCluster(), insertOperation(), saveMove(move(0, { status: 'copying' }), 'pending'), saveMove(move(0, { status: 'done' }), 'copying'),
          { kind: 'save-operation', operation: operation({ version: 1, status: 'paused' }), epoch: 1 }, appendEvent(1), appendEvent(2),
        );
        expect((await store.moves('operation-1')).moves[0]?.status).toBe('done');
        expect(await store.operation('operation-1')).toEqual(operation({ version: 1, status: 'paused' }));
        expect(await store.lastEventSequence('cluster-1')).toBe(2);
      });

      it('takes an empty list', async () => { await take(); });

      it('answers unavailable once it is closed, and does not throw', async () => {
        await store.close();
        await refuse('unavailable', -1, insertCluster());
      });

      it('runs commits that come at once one after the other: of two with the same version one is taken', async () => {
        await take(insertCluster(), insertOperation());
        const save: StoreWrite = { kind: 'save-operation', operation: operation({ version: 1 }), epoch: 1 };
        const results = await Promise.all([store.commit([save]), store.commit([save]), store.commit([save])]);
        expect(results.filter((result) => result.ok)).toHaveLength(1);
        expect(results.filter((result) => !result.ok && result.error.code === 'conflict')).toHaveLength(2);
      });
    });

    describe('clusters', () => {
      it('keeps what was connected, with its secrets, in the order of connecting', async () => {
        const second = clusterRecord({ id: 'a-second', freeze: { cause: 'operator', reason: 'upgrade', sinceMs: 5, by: 'ada' }, epoch: 7 });
        await take(insertCluster());
        await take({ kind: 'insert-cluster', cluster: second, settings: { generation: 4, settings: DEFAULT_SETTINGS } });
        expect(await store.clusters()).toEqual([clusterRecord(), second]);
        expect(await store.settings('a-second')).toEqual({ generation: 4, settings: DEFAULT_SETTINGS });
      });

      it('refuses an id that is there', async () => {
        await take(insertCluster());
        await refuse('already-exists', 0, insertCluster({ name: 'Other' }));
        expect(await store.clusters()).toEqual([clusterRecord()]);
      });

      it('forgets a cluster with all that hangs on it, except its events', async () => {
        await take(insertCluster(), insertOperation(), { kind: 'insert-plan', plan: plan() }, appendEvent(1),
          { kind: 'save-node-intent', intent: { clusterId: 'cluster-1', nodeId: 'node-1', lifecycle: 'active', cordoned: true, maintenanceUntilMs: null } });
        await store.addMetrics([bucket({ atMs: NOW_MS - 10_000 })]);
        await take({ kind: 'delete-cluster', clusterId: 'cluster-1' }, appendEvent(2, { type: 'cluster.disconnected' }));
        expect(await store.clusters()).toEqual([]);
        expect(await store.settings('cluster-1')).toBeNull();
        expect(await store.nodeIntents('cluster-1')).toEqual([]);
        expect(await store.plan('plan-1')).toBeNull();
        expect(await store.operation('operation-1')).toBeNull();
        expect(await store.moves('operation-1')).toEqual({ moves: [], total: 0 });
        expect((await store.events('cluster-1', ALL_EVENTS)).items.map((item) => item.type)).toEqual(['cluster.disconnected', 'operation.started']);
        await take(insertCluster());
        const [series] = await store.metrics({ clusterId: 'cluster-1', nodeId: null, metrics: ['cpu'], fromMs: NOW_MS - 20_000, toMs: NOW_MS, pointsMax: 10 });
        expect(series?.points.every((point) => point.sampleCount === 0)).toBe(true);
        await refuse('not-found', 0, { kind: 'delete-cluster', clusterId: 'nobody' });
      });

      it('freezes and unfreezes', async () => {
        await take(insertCluster());
        const freeze = { cause: 'mass-failure' as const, reason: 'four nodes at once', sinceMs: 9, by: 'manager' };
        await take({ kind: 'set-freeze', clusterId: 'cluster-1', freeze });
        expect((await store.clusters())[0]?.freeze).toEqual(freeze);
        await take({ kind: 'set-freeze', clusterId: 'cluster-1', freeze: null });
        expect((await store.clusters())[0]?.freeze).toBeNull();
      });

      it('gives the epoch to one of two managers that take over at once', async () => {
        await take(insertCluster());
        const takeOver: StoreWrite = { kind: 'take-over', clusterId: 'cluster-1', expectedEpoch: 1, epoch: 2 };
        await take(takeOver);
        await refuse('conflict', 0, takeOver);
        await refuse('conflict', 0, { kind: 'take-over', clusterId: 'cluster-1', expectedEpoch: 2, epoch: 2 });
        await refuse('not-found', 0, { ...takeOver, clusterId: 'nobody' });
        expect((await store.clusters())[0]?.epoch).toBe(2);
      });
    });

    describe('settings and intents', () => {
      it('[R4] takes only the generation that follows the stored one', async () => {
        await take(insertCluster());
        const save = (generation: number): StoreWrite => ({ kind: 'save-settings', clusterId: 'cluster-1', versioned: { generation, settings: { ...DEFAULT_SETTINGS, observationIntervalMs: 1_000 + generation } } });
        await take(save(2));
        await refuse('conflict', 0, save(2));
        await refuse('conflict', 0, save(4));
        await refuse('not-found', 0, { ...save(2), clusterId: 'nobody' } as StoreWrite);
        await take(save(3));
        expect(await store.settings('cluster-1')).toEqual({ generation: 3, settings: { ...DEFAULT_SETTINGS, observationIntervalMs: 1_003 } });
      });

      it('keeps one intent per node, by node id', async () => {
        await take(insertCluster());
        const intent = (nodeId: string, cordoned: boolean) => ({ clusterId: 'cluster-1', nodeId, lifecycle: 'draining' as const, cordoned, maintenanceUntilMs: 1_234 });
        await take({ kind: 'save-node-intent', intent: intent('b', false) }, { kind: 'save-node-intent', intent: intent('a', false) });
        await take({ kind: 'save-node-intent', intent: intent('b', true) });
        expect(await store.nodeIntents('cluster-1')).toEqual([intent('a', false), intent('b', true)]);
        await take({ kind: 'delete-node-intent', clusterId: 'cluster-1', nodeId: 'b' }, { kind: 'delete-node-intent', clusterId: 'cluster-1', nodeId: 'never-there' });
        expect(await store.nodeIntents('cluster-1')).toEqual([intent('a', false)]);
        await refuse('not-found', 0, { kind: 'save-node-intent', intent: { ...intent('a', true), clusterId: 'nobody' } });
      });
    });

    describe('nodes that were asked for', () => {
      it('[M10] keeps one record per intent, by intent, and takes none from a manager that was fenced', async () => {
        await take(insertCluster({ epoch: 3 }));
        const save = (intentId: string, status: ProvisionRecord['status'], epoch = 3): StoreWrite => ({ kind: 'save-provision', provision: provision({ clusterId: 'cluster-1', intentId, status }), epoch });
        await take(save('b', 'asked'), save('a', 'asked'), save('b', 'joined'));
        await refuse('conflict', 0, save('b', 'returning', 2));
        await refuse('not-found', 0, { kind: 'save-provision', provision: provision({ clusterId: 'nobody' }), epoch: 3 });
        expect((await store.provisions('cluster-1')).map(({ intentId, status }) => [intentId, status])).toEqual([['a', 'asked'], ['b', 'joined']]);
        await take({ kind: 'delete-provision', clusterId: 'cluster-1', intentId: 'b' }, { kind: 'delete-provision', clusterId: 'cluster-1', intentId: 'never-there' });
        expect(await store.provisions('cluster-1')).toEqual([provision({ clusterId: 'cluster-1', intentId: 'a', status: 'asked' })]);
        await take({ kind: 'delete-cluster', clusterId: 'cluster-1' });
        expect(await store.provisions('cluster-1')).toEqual([]);
      });
    });

    describe('scaling policies', () => {
      const policy = (generation: number, change: Partial<StoredScalingPolicy> = {}): StoreWrite => (
        { kind: 'save-scaling-policy', clusterId: 'cluster-1', policy: { pool: 'default', role: 'active', generation, document: { name: `Generation ${generation}` }, ...change } });

      it('[R4] takes only the generation that follows, of each policy on its own, and gives the newest first', async () => {
        await take(insertCluster());
        await refuse('conflict', 0, policy(2));
        await take(policy(1), policy(2), policy(1, { role: 'bolder' }), policy(1, { pool: 'fast' }));
        await refuse('conflict', 0, policy(2));
        await refuse('not-found', 0, { ...policy(3), clusterId: 'nobody' } as StoreWrite);
        const stored = (await store.scalingPolicies('cluster-1')).map(({ pool, role, generation }) => `${pool}/${role}/${generation}`);
        expect(stored).toEqual(['default/active/2', 'default/active/1', 'default/bolder/1', 'fast/active/1']);
      });

      it('keeps the document as it is, whatever it is, and forgets a policy with all its generations', async () => {
        await take(insertCluster(), policy(1, { document: { deep: [1, { x: null }] } }), policy(1, { role: 'bolder', document: 'not a policy' }));
        expect((await store.scalingPolicies('cluster-1')).map(({ document }) => document)).toEqual([{ deep: [1, { x: null }] }, 'not a policy']);
        await take({ kind: 'delete-scaling-policy', clusterId: 'cluster-1', pool: 'default', role: 'bolder' });
        expect(await store.scalingPolicies('cluster-1')).toHaveLength(1);
        await take(policy(1, { role: 'bolder' }));
      });

      it('keeps one state per pool, and all of it goes with the cluster', async () => {
        await take(insertCluster(), policy(1));
        const state = (pool: string, nodes: number): StoreWrite => ({ kind: 'save-scaling-state', clusterId: 'cluster-1', state: { pool, document: { nodes } } });
        await take(state('fast', 1), state('default', 2), state('fast', 3));
        expect(await store.scalingStates('cluster-1')).toEqual([{ pool: 'default', document: { nodes: 2 } }, { pool: 'fast', document: { nodes: 3 } }]);
        await refuse('not-found', 0, { ...state('fast', 1), clusterId: 'nobody' } as StoreWrite);
        await take({ kind: 'delete-cluster', clusterId: 'cluster-1' });
        expect(await store.scalingStates('cluster-1')).toEqual([]);
        expect(await store.scalingPolicies('cluster-1')).toEqual([]);
      });
    });

    describe('plans', () => {
      it('keeps a plan whole and lists it without its steps, with the status it has now', async () => {
        await take(insertCluster(), { kind: 'insert-plan', plan: plan() });
        await take({ kind: 'set-plan-status', planId: 'plan-1', expected: 'proposed', status: 'approved' });
        expect(await store.plan('plan-1')).toEqual(plan({ status: 'approved' }));
        expect((await store.plans('cluster-1', { limit: 10, cursor: null })).items).toMatchObject([{ id: 'plan-1', status: 'approved', stepCount: 2, scoreBefore: 0.4, scoreAfter: 0.1 }]);
        expect(await store.plan('nothing')).toBeNull();
        expect(await store.clusterOfPlan('plan-1')).toBe('cluster-1');
        expect(await store.clusterOfPlan('nothing')).toBeNull();
      });

      it('changes a status only from the one expected', async () => {
        await take(insertCluster(), { kind: 'insert-plan', plan: plan() });
        await take({ kind: 'set-plan-status', planId: 'plan-1', expected: 'proposed', status: 'approved' });
        await refuse('conflict', 0, { kind: 'set-plan-status', planId: 'plan-1', expected: 'proposed', status: 'superseded' });
        await refuse('not-found', 0, { kind: 'set-plan-status', planId: 'nothing', expected: 'proposed', status: 'superseded' });
        await refuse('already-exists', 0, { kind: 'insert-plan', plan: plan() });
        await refuse('not-found', 0, { kind: 'insert-plan', plan: plan({ id: 'plan-2', clusterId: 'nobody' }) });
      });

      it('pages newest first, without repeating or leaving out any', async () => {
        await take(insertCluster());
        for (let n = 0; n < 7; n += 1) await take({ kind: 'insert-plan', plan: plan({ id: `plan-${n}` }) });
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page = await store.plans('cluster-1', { limit: 3, cursor });
          seen.push(...page.items.map((item) => item.id));
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(seen).toEqual(['plan-6', 'plan-5', 'plan-4', 'plan-3', 'plan-2', 'plan-1', 'plan-0']);
        expect(await store.plans('cluster-1', { limit: 3, cursor: 'not one of ours' })).toEqual({ items: [], nextCursor: null });
      });
    });

    describe('operations', () => {
      it('keeps an operation with its moves, in plan order', async () => {
        await take(insertCluster(), insertOperation({}, [move(2), move(0), move(1)]));
        expect(await store.operation('operation-1')).toEqual(operation());
        expect(await store.moves('operation-1')).toEqual({ moves: moves(3), total: 3 });
        expect(await store.moves('operation-1', { fromIndex: 1, limit: 1 })).toEqual({ moves: [move(1)], total: 3 });
        expect(await store.moves('nothing')).toEqual({ moves: [], total: 0 });
      });

      it('takes only the version that follows the stored one', async () => {
        await take(insertCluster(), insertOperation());
        const save = (version: number, id = 'operation-1'): StoreWrite => ({ kind: 'save-operation', operation: operation({ id, version }), epoch: 1 });
        await take(save(1));
        await refuse('conflict', 0, save(1));
        await refuse('conflict', 0, save(3));
        await refuse('not-found', 0, save(2, 'nothing'));
        await refuse('not-found', 0, { kind: 'save-operation', operation: operation({ version: 2, clusterId: 'nobody' }), epoch: 1 });
      });

      it('refuses an id or a move index that is there twice', async () => {
        await take(insertCluster(), insertOperation());
        await refuse('already-exists', 0, insertOperation());
        await refuse('already-exists', 0, insertOperation({ id: 'operation-2' }, [move(1), move(1)]));
        expect(await store.operation('operation-2')).toBeNull();
      });

      it('takes the journal of an operation that began without one, once', async () => {
        const journal = (change: Partial<Extract<StoreWrite, { kind: 'insert-moves' }>> = {}): StoreWrite => ({ kind: 'insert-moves', clusterId: 'cluster-1', operationId: 'operation-1', moves: moves(3), epoch: 1, ...change });
        await take(insertCluster(), insertOperation({ planId: null }, []));
        await refuse('not-found', 0, journal({ operationId: 'nothing' }));
        await refuse('not-found', 0, journal({ clusterId: 'nobody' }));
        await refuse('already-exists', 0, journal({ moves: [move(1), move(1)] }));
        await take(journal(), { kind: 'save-operation', operation: operation({ version: 1, planId: 'plan-1' }), epoch: 1 });
        expect(await store.moves('operation-1')).toEqual({ moves: moves(3), total: 3 });
        await refuse('already-exists', 0, journal());
        await take({ kind: 'take-over', clusterId: 'cluster-1', expectedEpoch: 1, epoch: 2 });
        await refuse('conflict', 0, journal());
      });

      it('[M2] changes a move only from the status expected', async () => {
        await take(insertCluster(), insertOperation());
        const copying = move(1, { status: 'copying', attempt: 1, startedAtMs: 50 });
        await take(saveMove(copying, 'pending'));
        await refuse('conflict', 0, saveMove(move(1, { status: 'done' }), 'pending'));
        await refuse('not-found', 0, saveMove(move(9), 'pending'));
        await refuse('not-found', 0, saveMove(move(0), 'pending', { operationId: 'nothing' }));
        expect((await store.moves('operation-1')).moves).toEqual([move(0), copying, move(2)]);
      });

      it('names the first move refused within a long run, and takes none of the run', async () => {
        await take(insertCluster(), insertOperation({}, moves(300)));
        const run = moves(300).map((record) => saveMove({ ...record, status: 'copying' }, record.index === 211 ? 'verifying' : 'pending'));
        await refuse('conflict', 211, ...run);
        expect((await store.moves('operation-1')).moves.every((record) => record.status === 'pending')).toBe(true);
      });

      it('fences a manager whose epoch is outdated, out of all its writes', async () => {
        await take(insertCluster(), insertOperation(), { kind: 'take-over', clusterId: 'cluster-1', expectedEpoch: 1, epoch: 5 });
        await refuse('conflict', 0, insertOperation({ id: 'operation-2' }));
        await refuse('conflict', 0, { kind: 'save-operation', operation: operation({ version: 1 }), epoch: 4 });
        await refuse('conflict', 0, saveMove(move(0, { status: 'copying' }), 'pending', { epoch: 4 }));
        await take(saveMove(move(0, { status: 'copying' }), 'pending', { epoch: 5 }), { kind: 'save-operation', operation: operation({ version: 1 }), epoch: 5 });
      });

      it('reaches no operation through another cluster', async () => {
        await take(insertCluster(), insertOperation(), insertCluster({ id: 'cluster-2' }));
        await refuse('not-found', 0, saveMove(move(0), 'pending', { clusterId: 'cluster-2' }));
        await refuse('not-found', 0, { kind: 'save-operation', operation: operation({ clusterId: 'cluster-2', version: 1 }), epoch: 1 });
      });

      it('finds the open ones oldest first, and lists all newest first', async () => {
        await take(insertCluster(), insertCluster({ id: 'cluster-2' }), insertOperation({ id: 'o-3' }), insertOperation({ id: 'o-1', status: 'succeeded' }),
          insertOperation({ id: 'o-2', status: 'paused' }), insertOperation({ id: 'other', clusterId: 'cluster-2' }));
        expect((await store.openOperations('cluster-1')).map((item) => item.id)).toEqual(['o-3', 'o-2']);
        expect((await store.operations('cluster-1', { limit: 2, cursor: null })).items.map((item) => item.id)).toEqual(['o-2', 'o-1']);
      });
    });

    describe('events', () => {
      it('[D2] takes only the sequence that follows the last, from 1', async () => {
        await take(insertCluster());
        await refuse('conflict', 0, appendEvent(2));
        await take(appendEvent(1), appendEvent(2));
        await refuse('conflict', 0, appendEvent(2));
        await refuse('conflict', 1, appendEvent(3), appendEvent(5));
        await take(appendEvent(1, { clusterId: 'cluster-2' }), appendEvent(3));
        expect(await store.lastEventSequence('cluster-1')).toBe(3);
        expect(await store.lastEventSequence('cluster-2')).toBe(1);
        expect(await store.lastEventSequence('nobody')).toBe(0);
      });

      it('gives them back as they were, newest first, through filters and pages', async () => {
        await take(
          appendEvent(1, { severity: 'notice', nodeId: 'node-1', type: 'node.added' }), appendEvent(2, { severity: 'critical', operationId: 'operation-1', type: 'operation.failed' }),
          appendEvent(3, { severity: 'warning', nodeId: 'node-1', type: 'node.removed', data: { b: null, a: 'x', nested: true } }), appendEvent(4),
        );
        const sequences = async (change: Partial<typeof ALL_EVENTS>) => (await store.events('cluster-1', { ...ALL_EVENTS, ...change })).items.map((item) => item.sequence);
        expect(await sequences({})).toEqual([4, 3, 2, 1]);
        expect(await sequences({ severityMin: 'notice' })).toEqual([3, 2, 1]);
        expect(await sequences({ severityMin: 'critical' })).toEqual([2]);
        expect(await sequences({ nodeId: 'node-1' })).toEqual([3, 1]);
        expect(await sequences({ operationId: 'operation-1' })).toEqual([2]);
        expect(await sequences({ types: ['node.added', 'operation.failed'] })).toEqual([2, 1]);
        expect(await sequences({ types: [] })).toEqual([]);
        const first = await store.events('cluster-1', { ...ALL_EVENTS, limit: 3 });
        expect(await sequences({ limit: 3, cursor: first.nextCursor })).toEqual([1]);
        expect(first.items[1]).toEqual(event(3, { severity: 'warning', nodeId: 'node-1', type: 'node.removed', data: { b: null, a: 'x', nested: true } }));
      });

      it('[D2] verifies the chain, also while it is empty', async () => {
        expect(await store.verifyEventChain('cluster-1')).toEqual({ ok: true, value: { eventCount: 0, lastHash: '0'.repeat(64) } });
        await take(...Array.from({ length: 40 }, (_, index) => appendEvent(index + 1)));
        expect(await store.verifyEventChain('cluster-1')).toMatchObject({ ok: true, value: { eventCount: 40 } });
      });
    });

    describe('answers', () => {
      it('[R3] remembers one answer per key', async () => {
        const answer = { key: 'key-12345678', requestDigest: 'abc', status: 202, body: '{"operation":{}}', atMs: 77 };
        expect(await store.answer(answer.key)).toBeNull();
        await take({ kind: 'remember-answer', answer });
        await refuse('already-exists', 1, insertCluster(), { kind: 'remember-answer', answer: { ...answer, status: 500 } });
        expect(await store.answer(answer.key)).toEqual(answer);
        expect(await store.clusters()).toEqual([]);
      });
    });
  });
}
