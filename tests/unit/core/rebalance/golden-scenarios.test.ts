/**
 * Clusters that operators know, each with its explained plan as a file that is read and
 * reviewed like code: golden/<name>.txt. `npm run vitest -- run --project unit -u` writes
 * them anew; what changed in them is part of the review.
 */
import { describe, expect, it } from 'vitest';
import type { Plan } from '@/lib/contract/plan';
import { NO_CONSTRAINTS } from '@/lib/contract/plan-options';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import type { RebalanceRequest } from '@/lib/core/rebalance/check-input';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { validatePlan } from '@/lib/core/rebalance/validate-plan';
import { contextOf, GIB, MIB, nodeOf, NOW_MS, requestOf, stateOf, type ShardSpec } from './cluster-builder';
import { explained } from './explained-plan';
import { violationsOf } from './plan-checker';

const load = (share: number) => ({ cpu: share / 25, reads: share * 900, writes: share * 100, network: share * 1_000_000 });
const node = (id: string, zone: string | null, fields: { cpu?: number; memoryGib?: number; diskGib?: number; diskUsedGib?: number; liveness?: 'alive' | 'dead' } = {}) => nodeOf(id, {
  zone,
  liveness: fields.liveness ?? 'alive',
  capacity: { cpu: fields.cpu ?? 8, memory: (fields.memoryGib ?? 64) * GIB, disk: fields.diskGib === undefined ? null : fields.diskGib * GIB, network: null },
  usage: { cpu: null, memory: null, disk: fields.diskUsedGib === undefined ? null : fields.diskUsedGib * GIB, network: null },
});

interface Scenario {
  readonly name: string;
  readonly state: ClusterState;
  readonly request?: Partial<RebalanceRequest>;
  readonly expected: (plan: Plan) => void;
}

const shards = (count: number, of: (shardId: number) => ShardSpec): ShardSpec[] => Array.from({ length: count }, (_, shardId) => of(shardId));

/**
 * All three disks are as full as they should be. What is busy and what is idle has to change places, but only the third disk
 * takes one shard more, and that node has its share of everything: whatever goes there has to go on.
 */
const fullDisks = stateOf([
  node('busy', null, { diskGib: 100, diskUsedGib: 80 }), node('idle', null, { diskGib: 100, diskUsedGib: 80 }), node('third', null, { diskGib: 200, diskUsedGib: 160, cpu: 16 }),
], shards(32, (shardId) => ({ on: [shardId < 8 ? 'busy' : shardId < 16 ? 'idle' : 'third'], bytes: 10 * GIB, keys: 1_000, ...load(shardId < 8 ? 15 : shardId < 16 ? 2.5 : 8.75) })));
const thirdKeepsItsOwn: Partial<RebalanceRequest> = { constraints: { ...NO_CONSTRAINTS, pinnedShardIds: Array.from({ length: 16 }, (_, index) => 16 + index) } };

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'hot-shard',
    state: stateOf(['n0', 'n1', 'n2'].map((id) => node(id, null)), shards(12, (shardId) => ({ on: [`n${shardId % 3}`], bytes: 512 * MIB, keys: 1_000, ...load(shardId === 3 ? 20 : 5) }))),
    expected: (plan) => { expect(plan.verdict.code).toBe('improves'); },
  },
  {
    name: 'added-node',
    state: stateOf([...['n0', 'n1', 'n2'].map((id) => node(id, null)), node('new', null)], shards(24, (shardId) => ({ on: [`n${shardId % 3}`], bytes: GIB, keys: 1_000, ...load(4) }))),
    expected: (plan) => { expect(plan.steps.every(({ targetNodeId }) => targetNodeId === 'new')).toBe(true); },
  },
  {
    name: 'drained-node',
    state: stateOf(['a', 'b', 'a', 'b', 'a'].map((zone, index) => node(`n${index}`, zone, { memoryGib: 16 })), shards(10, (shardId) => ({
      on: [`n${(shardId * 2) % 4}`, `n${(shardId * 2 + 1) % 4}`], bytes: GIB, keys: 1_000, ...load(3),
    }))),
    request: { scope: { kind: 'evacuate', nodeIds: ['n2'] } },
    expected: (plan) => { expect(plan.verdict.code).toBe('evacuates'); },
  },
  {
    name: 'lost-zone',
    state: stateOf(['a', 'b', 'c', 'a', 'b', 'c'].map((zone, index) => node(`n${index}`, zone, { liveness: zone === 'c' ? 'dead' : 'alive' })), shards(12, (shardId) => ({
      // The secondaries of n1 have taken over what was led in the lost zone.
      on: shardId % 3 === 0 ? ['n0', 'n1', 'n2'] : ['n1', shardId % 2 === 0 ? 'n0' : 'n3', 'n5'], bytes: GIB, keys: 1_000, ...load(6),
    }))),
    expected: (plan) => { expect(plan.steps.length).toBeGreaterThan(0); },
  },
  {
    name: 'full-disks-that-must-exchange',
    // The busy shards fill one disk, the idle ones the other; neither disk has room for one more, a third has a little.
    state: stateOf([
      node('busy', null, { diskGib: 100, diskUsedGib: 80 }), node('idle', null, { diskGib: 100, diskUsedGib: 80 }), node('small', null, { diskGib: 45, diskUsedGib: 10, cpu: 4 }),
    ], shards(9, (shardId) => ({ on: [shardId < 4 ? 'busy' : shardId < 8 ? 'idle' : 'small'], bytes: (shardId === 8 ? 10 : 20) * GIB, keys: 1_000, ...load(shardId < 4 ? 40 : shardId < 8 ? 4 : 10) }))),
    expected: (plan) => { expect(plan.waves.some(({ reclaims }) => reclaims)).toBe(true); },
  },
  {
    name: 'detour-over-a-third-node',
    state: fullDisks,
    request: thirdKeepsItsOwn,
    expected: (plan) => {
      const [detour] = plan.steps.filter(({ reason }) => reason.code === 'makes-room');
      const wayOf = (shardId: number) => plan.steps.filter((step) => step.shardId === shardId).map(({ sourceNodeId, targetNodeId }) => `${sourceNodeId} -> ${targetNodeId}`);
      expect(plan.steps.indexOf(detour!)).toBe(0);
      expect(wayOf(detour!.shardId)).toEqual(['busy -> third', 'third -> idle']);
      expect(plan.after.score).toBeLessThan(0.01);
      // No direct move is possible at the start, so without a third node there is no plan at all.
      for (const step of plan.steps.slice(1, -1)) {
        expect(validatePlan({ ...plan, steps: [step], waves: [] }, fullDisks, contextOf()).map(({ constraint }) => constraint)).toEqual(['capacity']);
      }
      const alone = planRebalance({ ...fullDisks, nodes: new Map([...fullDisks.nodes].map(([id, each]) => [id, { ...each, cordoned: id === 'third' }])) }, requestOf({ strategy: 'optimal', ...thirdKeepsItsOwn }), contextOf());
      expect(alone.steps).toEqual([]);
    },
  },
  {
    name: 'unsatisfiable-spread',
    // Three replicas in two zones: two is all that can be had, and shard 0 has not even that.
    state: stateOf(['a', 'a', 'a', 'b'].map((zone, index) => node(`n${index}`, zone)), shards(4, (shardId) => ({
      on: [['n0', 'n1', 'n2'], ['n1', 'n0', 'n3'], ['n2', 'n0', 'n3'], ['n3', 'n1', 'n2']][shardId]!, bytes: GIB, keys: 1_000, ...load(1),
    }))),
    request: { threshold: 1 },
    expected: (plan) => { expect(plan.steps.map(({ reason }) => reason.code)).toEqual(['repairs-constraint']); },
  },
  {
    name: 'one-giant-shard',
    state: stateOf(['n0', 'n1', 'n2', 'n3'].map((id) => node(id, null, { cpu: 16 })), shards(9, (shardId) => ({ on: [`n${shardId % 4}`], bytes: (shardId === 8 ? 30 : 1) * GIB, keys: 1_000, ...load(shardId === 8 ? 100 : 10) }))),
    expected: (plan) => { expect(plan.proof?.imbalance.some(({ cause, shardId }) => cause === 'indivisible' && shardId === 8)).toBe(true); },
  },
  {
    name: 'all-equal',
    state: stateOf(['n0', 'n1', 'n2'].map((id) => node(id, null)), shards(9, (shardId) => ({ on: [`n${shardId % 3}`], bytes: GIB, keys: 1_000, ...load(3) }))),
    expected: (plan) => { expect(plan).toMatchObject({ steps: [], waves: [], frontier: [] }); },
  },
  {
    name: 'hand-made',
    state: stateOf(['a', 'b', 'c', 'a'].map((zone, index) => node(`n${index}`, zone, { memoryGib: 12 })), shards(12, (shardId) => ({
      on: [`n${shardId % 3}`, `n${(shardId + 1) % 3}`], bytes: GIB, keys: 1_000, ...load(3),
    }))),
    request: { scope: { kind: 'shards', shardIds: [0, 3, 1, 2], targetNodeId: 'n3' } },
    expected: (plan) => { expect(plan.guardRails.length).toBeGreaterThan(0); },
  },
];

describe('golden scenarios', () => {
  it.each(SCENARIOS)('$name', async ({ name, state, request, expected }) => {
    const context = contextOf();
    const plan = planRebalance(state, requestOf({ strategy: 'optimal', ...request }), context);
    expect(violationsOf(state, plan, context.safetyLines, NOW_MS)).toEqual([]);
    expect(validatePlan(plan, state, context)).toEqual([]);
    await expect(explained(plan)).toMatchFileSnapshot(`golden/${name}.txt`);
    expected(plan);
  });
});
