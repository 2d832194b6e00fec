import { describe, expect, it } from 'vitest';
import { applyPlacement } from '@/lib/contract/apply-placement';
import type { Node } from '@/lib/contract/node';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { validatePlan, validation, type ValidationContext } from '@/lib/core/rebalance/validate-plan';
import { ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import { contextOf, GIB, MIB, nodeOf, NOW_MS, requestOf, stateOf, type ShardSpec } from './cluster-builder';

const { safetyLines } = contextOf();
const context = (fields: Partial<ValidationContext> = {}): ValidationContext => ({ nowMs: NOW_MS, safetyLines, ...fields });
const shards = Array.from({ length: 40 }, (_, shardId): ShardSpec => ({ on: [`n${shardId % 2}`], bytes: 10 * MIB, keys: 1 }));
const state = stateOf([nodeOf('n0'), nodeOf('n1'), nodeOf('new')], shards);
const plan = planRebalance(state, requestOf(), contextOf());
const withNode = (id: string, fields: Partial<Node>): ClusterState => ({ ...state, nodes: new Map([...state.nodes, [id, { ...state.nodes.get(id)!, ...fields }]]) });
const codes = (at: ClusterState, fields: Partial<ValidationContext> = {}) => validatePlan(plan, at, context(fields)).map(({ constraint }) => constraint);

describe('validatePlan', () => {
  it('a plan holds in the state it was made from, and in later revisions in which all its steps do', () => {
    expect(plan.steps.length).toBeGreaterThan(5);
    expect(codes(state)).toEqual([]);
    expect(codes({ ...state, revision: state.revision + 50 })).toEqual([]);
  });

  it('a shard that is elsewhere meanwhile supersedes it, by name', () => {
    const moved = plan.steps[3]!;
    const other = moved.sourceNodeId === 'n0' ? 'n1' : 'n0';
    const elsewhere = { ...state, shards: applyPlacement(state.shards, [{ ...moved, kind: 'move', role: 'primary', targetNodeId: other }]) };
    const refusals = validatePlan(plan, elsewhere, context());
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toMatchObject({ constraint: 'plan-superseded', shardId: moved.shardId, nodeId: moved.sourceNodeId });
    expect(refusals[0]!.message).toBe(`${moved.sourceNodeId} no longer holds shard ${moved.shardId}`);
  });

  it('of a long plan it can be found out in portions, with the same outcome', () => {
    const many = { ...plan, steps: Array.from({ length: 20 * ITEMS_PER_TURN }, (_, index) => plan.steps[index % plan.steps.length]!) };
    const gone = withNode(plan.steps.at(-1)!.targetNodeId, { liveness: 'dead' });
    const work = validation(many, gone, context());
    let rests = 0;
    let next = work.next();
    for (; next.done !== true; next = work.next()) rests += 1;
    expect(rests).toBeGreaterThanOrEqual(20);
    expect(next.value).toEqual(validatePlan(many, gone, context()));
    expect(next.value).not.toEqual([]);
  });

  it('a step that is true already holds, whoever did it', () => {
    expect(codes({ ...state, shards: applyPlacement(state.shards, plan.steps.slice(0, 4)) })).toEqual([]);
  });

  it('steps that are done are not asked about again', () => {
    const stepsDone = new Set(plan.steps.map((_, index) => index));
    expect(codes(withNode('new', { liveness: 'dead' }), { stepsDone })).toEqual([]);
  });

  it.each<[string, Partial<Node>]>([
    ['cordoned', { cordoned: true }],
    ['liveness', { liveness: 'unreachable' }],
    ['lifecycle', { lifecycle: 'draining' }],
    ['quarantined', { quarantinedUntilMs: NOW_MS + 1 }],
    ['disk-line', { capacity: { cpu: null, memory: null, disk: 100, network: null }, usage: { cpu: null, memory: null, disk: 90, network: null } }],
  ])('[P5] a target that is %s since refuses it, once, with the number of steps', (constraint, fields) => {
    const refusals = validatePlan(plan, withNode('new', fields), context());
    expect(refusals.map((refused) => refused.constraint)).toEqual([constraint]);
    expect(refusals[0]!.count).toBe(plan.steps.length);
  });

  it('[P4] all that is still to arrive must fit, not just the next step', () => {
    const disk = (room: number): Partial<Node> => ({ capacity: { cpu: null, memory: null, disk: GIB, network: null }, usage: { cpu: null, memory: null, disk: 0.85 * GIB - room, network: null } });
    const all = plan.steps.length * 10 * MIB;
    expect(codes(withNode('new', disk(all + MIB)))).toEqual([]);
    expect(codes(withNode('new', disk(all - MIB)))).toEqual(['capacity']);
  });

  it('[P2] a source that cannot be read any more refuses it', () => {
    expect(codes(withNode('n0', { liveness: 'dead' }))).toEqual(['liveness']);
  });

  it('a node that is gone refuses it', () => {
    const nodes = new Map(state.nodes);
    nodes.delete('new');
    expect(codes({ ...state, nodes })).toEqual(['unknown-node']);
  });

  it('expires, unless it was started or the caller vouches for it', () => {
    const late = NOW_MS + 900_001;
    expect(codes(state, { nowMs: late })).toEqual(['plan-expired']);
    expect(codes(state, { nowMs: late, ignoreExpiry: true })).toEqual([]);
    expect(codes(state, { nowMs: late, stepsDone: new Set([0]) })).toEqual([]);
    expect(codes(state, { nowMs: NOW_MS + 900_000 })).toEqual([]);
  });

  it('a move of its own that is in flight holds; somebody else\'s on the same shard does not', () => {
    const step = plan.steps[0]!;
    const move = { shardId: step.shardId, role: 'primary' as const, sourceNodeId: step.sourceNodeId, bytes: null };
    expect(codes({ ...state, inFlight: [{ ...move, targetNodeId: step.targetNodeId }] })).toEqual([]);
    const other = step.sourceNodeId === 'n0' ? 'n1' : 'n0';
    expect(codes({ ...state, inFlight: [{ ...move, targetNodeId: other }] })).toContain('plan-superseded');
  });

  it('of another cluster it is refused', () => {
    expect(codes({ ...state, clusterId: 'cluster_other' })).toEqual(['plan-superseded']);
  });

  it('[P9] a state that makes no sense is refused, not thrown over', () => {
    expect(codes(stateOf([], []))).toEqual(['no-nodes']);
    expect(codes(withNode('n0', { usage: { cpu: NaN, memory: null, disk: null, network: null } }))).toEqual(['invalid-number']);
  });

  it('a transfer holds as long as its ends have the roles it begins from', () => {
    const replicated = stateOf([nodeOf('n0'), nodeOf('n1')], Array.from({ length: 8 }, (): ShardSpec => ({ on: ['n0', 'n1'], bytes: 1, cpu: 1, reads: 1, writes: 1, network: 1 })));
    const roles = planRebalance(replicated, requestOf(), contextOf());
    expect(roles.steps.every(({ kind }) => kind === 'transfer')).toBe(true);
    expect(validatePlan(roles, replicated, context())).toEqual([]);
    const [first] = roles.steps;
    const failedOver = { ...replicated, shards: applyPlacement(replicated.shards, [first!]) };
    expect(validatePlan(roles, failedOver, context())).toEqual([]);
    const without = stateOf([nodeOf('n0'), nodeOf('n1')], Array.from({ length: 8 }, (): ShardSpec => ({ on: ['n0'], bytes: 1, cpu: 1, reads: 1, writes: 1, network: 1 })));
    expect(validatePlan(roles, without, context())[0]).toMatchObject({ constraint: 'plan-superseded', count: roles.steps.length });
  });
});
