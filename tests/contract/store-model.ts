import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXECUTION_STATUSES, MOVE_STATUSES } from '@/lib/contract/operation';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import type { Store, StoreWrite } from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { NOW_MS } from './store-contract';
import { agentRecord, ALL_EVENTS, bucket, clusterRecord, enrolmentToken, event, move, operation, plan, provision } from './store-fixtures';

type Action =
  | { readonly kind: 'commit'; readonly writes: readonly StoreWrite[] }
  | { readonly kind: 'metrics'; readonly clusterId: string; readonly ageSteps: number; readonly sum: number }
  | { readonly kind: 'prune'; readonly daysLater: number };

// Few names and small numbers, so that writes meet each other and conflict often.
const clusterId = fc.constantFrom('c-1', 'c-2');
const operationId = fc.constantFrom('o-1', 'o-2', 'o-3');
const planId = fc.constantFrom('p-1', 'p-2');
const nodeId = fc.constantFrom('n-1', 'n-2');
const intentId = fc.constantFrom('i-1', 'i-2');
const tokenHash = fc.constantFrom('t-1', 't-2');
const policyRole = fc.constantFrom('active', 'bolder');
const epoch = fc.integer({ min: 1, max: 3 });
const small = fc.integer({ min: 0, max: 3 });
const planStatus = fc.constantFrom('proposed' as const, 'approved' as const, 'superseded' as const);
const moveStatus = fc.constantFrom(...MOVE_STATUSES.slice(0, 3));
const endedAtMs = fc.constantFrom(NOW_MS, NOW_MS - 100 * 86_400_000, NOW_MS - 500 * 86_400_000);

const write: fc.Arbitrary<StoreWrite> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ id: clusterId, epoch, generation: fc.integer({ min: 1, max: 2 }) }).map((v): StoreWrite => (
    { kind: 'insert-cluster', cluster: clusterRecord({ id: v.id, epoch: v.epoch }), settings: { generation: v.generation, settings: DEFAULT_SETTINGS } })) },
  { weight: 1, arbitrary: clusterId.map((id): StoreWrite => ({ kind: 'delete-cluster', clusterId: id })) },
  { weight: 1, arbitrary: fc.record({ id: clusterId, frozen: fc.boolean() }).map((v): StoreWrite => (
    { kind: 'set-freeze', clusterId: v.id, freeze: v.frozen ? { cause: 'operator', reason: 'x', sinceMs: 1, by: 'ada' } : null })) },
  { weight: 1, arbitrary: fc.record({ id: clusterId, expectedEpoch: epoch, epoch }).map((v): StoreWrite => ({ kind: 'take-over', clusterId: v.id, expectedEpoch: v.expectedEpoch, epoch: v.epoch })) },
  { weight: 2, arbitrary: fc.record({ id: clusterId, generation: fc.integer({ min: 1, max: 4 }) }).map((v): StoreWrite => (
    { kind: 'save-settings', clusterId: v.id, versioned: { generation: v.generation, settings: DEFAULT_SETTINGS } })) },
  { weight: 2, arbitrary: fc.record({ id: clusterId, role: policyRole, generation: fc.integer({ min: 1, max: 3 }) }).map((v): StoreWrite => (
    { kind: 'save-scaling-policy', clusterId: v.id, policy: { pool: 'default', role: v.role, generation: v.generation, document: { name: `${v.role} ${v.generation}` } } })) },
  { weight: 1, arbitrary: fc.record({ id: clusterId, role: policyRole }).map((v): StoreWrite => ({ kind: 'delete-scaling-policy', clusterId: v.id, pool: 'default', role: v.role })) },
  { weight: 1, arbitrary: fc.record({ id: clusterId, pool: fc.constantFrom('default', 'fast'), nodes: small }).map((v): StoreWrite => (
    { kind: 'save-scaling-state', clusterId: v.id, state: { pool: v.pool, document: { nodes: v.nodes } } })) },
  { weight: 1, arbitrary: fc.record({ id: clusterId, nodeId, cordoned: fc.boolean() }).map((v): StoreWrite => (
    { kind: 'save-node-intent', intent: { clusterId: v.id, nodeId: v.nodeId, lifecycle: 'active', cordoned: v.cordoned, maintenanceUntilMs: null } })) },
  { weight: 1, arbitrary: fc.record({ id: clusterId, nodeId }).map((v): StoreWrite => ({ kind: 'delete-node-intent', clusterId: v.id, nodeId: v.nodeId })) },
  { weight: 1, arbitrary: fc.record({ clusterId, intentId, epoch, status: fc.constantFrom('asked' as const, 'joined' as const) }).map(({ epoch, ...record }): StoreWrite => (
    { kind: 'save-provision', provision: provision(record), epoch })) },
  { weight: 1, arbitrary: fc.record({ clusterId, intentId }).map((v): StoreWrite => ({ kind: 'delete-provision', ...v })) },
  { weight: 2, arbitrary: fc.record({ id: planId, clusterId, createdAtMs: endedAtMs }).map((v): StoreWrite => ({ kind: 'insert-plan', plan: plan(v) })) },
  { weight: 1, arbitrary: fc.record({ planId, expected: planStatus, status: planStatus }).map((v): StoreWrite => ({ kind: 'set-plan-status', ...v })) },
  { weight: 3, arbitrary: fc.record({ id: operationId, clusterId, planId, epoch, count: small, status: fc.constantFrom(...EXECUTION_STATUSES), finishedAtMs: endedAtMs }).map((v): StoreWrite => (
    { kind: 'insert-operation', epoch: v.epoch, moves: Array.from({ length: v.count }, (_, index) => move(index)),
      operation: operation({ id: v.id, clusterId: v.clusterId, planId: v.planId, status: v.status, finishedAtMs: v.finishedAtMs }) })) },
  { weight: 2, arbitrary: fc.record({ id: operationId, clusterId, version: small, epoch, status: fc.constantFrom(...EXECUTION_STATUSES) }).map((v): StoreWrite => (
    { kind: 'save-operation', epoch: v.epoch, operation: operation({ id: v.id, clusterId: v.clusterId, version: v.version, status: v.status }) })) },
  { weight: 2, arbitrary: fc.record({ id: operationId, clusterId, epoch, count: small }).map((v): StoreWrite => (
    { kind: 'insert-moves', clusterId: v.clusterId, operationId: v.id, epoch: v.epoch, moves: Array.from({ length: v.count }, (_, index) => move(index)) })) },
  { weight: 4, arbitrary: fc.record({ clusterId, operationId, index: small, expected: moveStatus, status: moveStatus, epoch }).map((v): StoreWrite => (
    { kind: 'save-move', clusterId: v.clusterId, operationId: v.operationId, expected: v.expected, move: move(v.index, { status: v.status }), epoch: v.epoch })) },
  { weight: 4, arbitrary: fc.record({ clusterId, sequence: fc.integer({ min: 1, max: 5 }), atMs: endedAtMs, nodeId: fc.option(nodeId) }).map((v): StoreWrite => (
    { kind: 'append-event', event: event(v.sequence, { clusterId: v.clusterId, atMs: v.atMs, nodeId: v.nodeId }) })) },
  { weight: 2, arbitrary: fc.record({ clusterId, tokenHash, expiresAtMs: fc.constantFrom(1_500, 5_000) }).map((v): StoreWrite => ({ kind: 'insert-enrolment-token', token: enrolmentToken(v) })) },
  { weight: 3, arbitrary: fc.record({ clusterId, tokenHash, nodeId }).map((v): StoreWrite => (
    { kind: 'enrol-agent', tokenHash: v.tokenHash, agent: agentRecord({ clusterId: v.clusterId, nodeId: v.nodeId }) })) },
  { weight: 1, arbitrary: fc.record({ clusterId, nodeId, acceptedAtMs: fc.integer({ min: 1, max: 9 }) }).map((v): StoreWrite => ({ kind: 'save-agent', agent: agentRecord(v) })) },
  { weight: 1, arbitrary: fc.record({ key: fc.constantFrom('k-1', 'k-2'), atMs: endedAtMs }).map((v): StoreWrite => (
    { kind: 'remember-answer', answer: { key: v.key, requestDigest: 'd', status: 200, body: '{}', atMs: v.atMs } })) },
);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.array(write, { minLength: 1, maxLength: 3 }).map((writes): Action => ({ kind: 'commit', writes })) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('metrics' as const), clusterId, ageSteps: fc.integer({ min: 1, max: 5 }), sum: fc.integer({ min: -5, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('prune' as const), daysLater: fc.constantFrom(0, 10, 1_000) }) },
);

/** Half of the histories begin with something to change; from nothing, most short ones never get that far. */
const beginning: fc.Arbitrary<readonly Action[]> = fc.constantFrom([], [{
  kind: 'commit',
  writes: [
    { kind: 'insert-cluster', cluster: clusterRecord({ id: 'c-1', epoch: 2 }), settings: { generation: 1, settings: DEFAULT_SETTINGS } },
    { kind: 'insert-plan', plan: plan({ id: 'p-1', clusterId: 'c-1' }) },
    { kind: 'insert-operation', operation: operation({ id: 'o-1', clusterId: 'c-1', planId: 'p-1' }), moves: [move(0), move(1), move(2)], epoch: 2 },
    { kind: 'append-event', event: event(1, { clusterId: 'c-1' }) },
  ],
}]);
const history: fc.Arbitrary<readonly Action[]> = fc.tuple(beginning, fc.array(action, { minLength: 1, maxLength: 30 })).map(([first, rest]) => [...first, ...rest]);

/** Everything that can be asked of a store about the names above. Cursors are its own business. */
async function pictureOf(store: Store) {
  const perCluster = ['c-1', 'c-2'].map(async (id) => ({
    settings: await store.settings(id),
    intents: await store.nodeIntents(id),
    provisions: await store.provisions(id),
    agents: await store.agents(id),
    policies: await store.scalingPolicies(id),
    scaling: await store.scalingStates(id),
    plans: (await store.plans(id, { limit: 10, cursor: null })).items,
    operations: (await store.operations(id, { limit: 10, cursor: null })).items,
    open: await store.openOperations(id),
    lastSequence: await store.lastEventSequence(id),
    events: (await store.events(id, ALL_EVENTS)).items,
    eventsOfNode: (await store.events(id, { ...ALL_EVENTS, nodeId: 'n-1', limit: 2 })).items,
    chain: await store.verifyEventChain(id),
    metrics: await store.metrics({ clusterId: id, nodeId: null, metrics: ['cpu'], fromMs: NOW_MS - 60_000, toMs: NOW_MS, pointsMax: 20 }),
  }));
  return {
    clusters: await store.clusters(),
    perCluster: await Promise.all(perCluster),
    plans: await Promise.all(['p-1', 'p-2'].map((id) => store.plan(id))),
    moves: await Promise.all(['o-1', 'o-2', 'o-3'].map((id) => store.moves(id))),
    tokens: await Promise.all(['t-1', 't-2'].map((hash) => store.enrolmentToken(hash))),
    answers: await Promise.all(['k-1', 'k-2'].map((key) => store.answer(key))),
  };
}

async function perform(store: Store, step: Action): Promise<unknown> {
  switch (step.kind) {
    case 'commit': {
      const result = await store.commit(step.writes);
      return result.ok ? 'taken' : { code: result.error.code, writeIndex: result.error.writeIndex, message: result.error.message };
    }
    case 'metrics': return store.addMetrics([bucket({ clusterId: step.clusterId, atMs: NOW_MS - step.ageSteps * 10_000, sum: step.sum, max: step.sum })]);
    case 'prune': return store.prune(NOW_MS + step.daysLater * 86_400_000);
  }
}

/** Two stores written apart from each other, given the same history, answer the same. */
export function describeStoreModel(open: { readonly openMemory: (clock: Clock) => Promise<Store>; readonly openFile: (clock: Clock) => Promise<Store> }): void {
  describe('PrismaStore and MemoryStore', () => {
    it('give the same answers to every history of commits, metrics and pruning', async () => {
      await fc.assert(fc.asyncProperty(history, async (steps) => {
        const clock = new VirtualClock({ wallStartMs: NOW_MS });
        const [memory, file] = [await open.openMemory(clock), await open.openFile(clock)];
        try {
          for (const step of steps) expect(await perform(file, step)).toEqual(await perform(memory, step));
          expect(await pictureOf(file)).toEqual(await pictureOf(memory));
        } finally {
          await file.close();
        }
      }), { numRuns: 60 });
    }, 120_000);
  });
}
