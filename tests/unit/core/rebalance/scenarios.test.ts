import { describe, expect, it } from 'vitest';
import { STRATEGIES, type Plan, type PlanScope } from '@/lib/contract/plan';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import type { Change } from '@/lib/core/rebalance/change';
import { inRanges } from '@/lib/core/rebalance/contiguous';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { problemFromState } from '@/lib/core/rebalance/state-problem';
import { bytesMoved, contextOf, executed, GIB, MIB, nodeOf, NOW_MS, requestOf, stateOf, type ShardSpec } from './cluster-builder';
import { replicasOf, violationsOf } from './plan-checker';

const nodesOf = (count: number, zones = 0) => Array.from({ length: count }, (_, index) => nodeOf(`n${index}`, { zone: zones === 0 ? null : `z${index % zones}` }));
/** `perNode` equal shards on each of the nodes. */
const equalShards = (nodeCount: number, perNode: number, replicas = 1): ShardSpec[] =>
  Array.from({ length: nodeCount * perNode }, (_, shardId) => ({
    on: Array.from({ length: replicas }, (_unused, replica) => `n${(shardId + replica) % nodeCount}`), bytes: 10 * MIB, keys: 100, cpu: 0.1, reads: 50, writes: 5, network: 1_000,
  }));
const plan = (state: ClusterState, fields: Parameters<typeof requestOf>[0] = {}, context = contextOf()): Plan => {
  const made = planRebalance(state, requestOf(fields), context);
  expect(violationsOf(state, made, context.safetyLines, NOW_MS)).toEqual([]);
  return made;
};
const heldAfter = (state: ClusterState, made: Plan, nodeId: string) => replicasOf(executed(state, made.steps)).filter((on) => on.includes(nodeId)).length;

describe('all equal', () => {
  it.each(STRATEGIES)('[P7] %s moves nothing and says so with numbers', (strategy) => {
    const made = plan(stateOf(nodesOf(4), equalShards(4, 8)), { strategy });
    expect(made.steps).toEqual([]);
    expect(['already-balanced', 'below-threshold']).toContain(made.verdict.code);
    expect(made.after).toEqual(made.before);
  });

  it('[P7] below the threshold the verdict names dimension, value and threshold', () => {
    const shards = [...equalShards(4, 25), { on: ['n0'], bytes: 20 * MIB, keys: 1, cpu: 0.1, reads: 1, writes: 1, network: 1 }];
    const { verdict, steps } = plan(stateOf(nodesOf(4), shards));
    expect(steps).toEqual([]);
    expect(verdict.code).toBe('below-threshold');
    expect(verdict.message).toMatch(/^Imbalance of data is 0\.06, under the threshold 0\.10: nothing is worth moving/);
  });

  it('an empty node that is too small a part to matter is pointed out', () => {
    const { verdict } = plan(stateOf([...nodesOf(20), nodeOf('new')], equalShards(20, 10)));
    expect(verdict.code).toBe('below-threshold');
    expect(verdict.message).toContain('new holds nothing');
  });
});

describe('one node only, or none', () => {
  it('one node: nothing to even, by name', () => {
    const { steps, verdict } = plan(stateOf([nodeOf('n0')], equalShards(1, 8)));
    expect(steps).toEqual([]);
    expect(verdict).toMatchObject({ code: 'already-balanced', numbers: { eligibleNodes: 1 } });
  });

  it('one node cannot be emptied: the shards are named', () => {
    const made = plan(stateOf([nodeOf('n0')], equalShards(1, 3)), { scope: { kind: 'evacuate', nodeIds: ['n0'] } });
    expect(made.verdict.code).toBe('cannot-evacuate');
    expect(made.refusals.map(({ constraint, shardId }) => [constraint, shardId])).toEqual([['no-eligible-target', 0], ['no-eligible-target', 1], ['no-eligible-target', 2]]);
  });

  it('[P9] no node is a typed refusal', () => {
    expect(plan(stateOf([], [])).verdict.code).toBe('invalid');
  });

  it('[P5] no eligible node: nothing is planned, and each node says why it is out', () => {
    const made = plan(stateOf([nodeOf('n0', { cordoned: true }), nodeOf('n1', { liveness: 'dead' })], equalShards(2, 4)));
    expect(made.steps).toEqual([]);
    expect(made.verdict.code).toBe('nothing-feasible');
    expect(made.refusals.map(({ constraint, nodeId }) => [constraint, nodeId])).toEqual([['cordoned', 'n0'], ['liveness', 'n1']]);
  });
});

describe('a node is added', () => {
  it.each(['load-based', 'round-robin'] as const)('%s fills it, and only it', (strategy) => {
    const state = stateOf([...nodesOf(4), nodeOf('new')], equalShards(4, 40));
    const made = plan(state, { strategy, threshold: 0.05 });
    expect(made.verdict.code).toBe('improves');
    expect(made.steps.every((step) => step.targetNodeId === 'new')).toBe(true);
    expect(heldAfter(state, made, 'new')).toBeGreaterThanOrEqual(30);
    expect(made.after.score).toBeLessThanOrEqual(0.05);
  });

  it('consistent hashing: what moves goes to the new node, up to what the load bound passes on', () => {
    const asked = { strategy: 'consistent-hashing', threshold: 0.1 } as const;
    const start = stateOf(nodesOf(4), equalShards(1, 1_000));
    const settled = executed(start, plan(start, asked).steps);
    const grown = { ...settled, nodes: new Map([...settled.nodes, ['new', nodeOf('new')]]) };
    const made = plan(grown, asked);
    const toNew = made.steps.filter(({ targetNodeId }) => targetNodeId === 'new').length;
    expect(toNew).toBeGreaterThan(150);
    expect(toNew / made.steps.length).toBeGreaterThan(0.6);
  });

  it('every step says what it is for, with numbers that follow from each other', () => {
    const { steps } = plan(stateOf([...nodesOf(3), nodeOf('new')], equalShards(3, 20)));
    expect(steps.length).toBeGreaterThan(5);
    for (const step of steps) {
      const { code, sourceBefore, sourceAfter, targetBefore, targetAfter } = step.reason;
      expect(code).toBe('evens-load');
      expect(sourceAfter!).toBeLessThan(sourceBefore!);
      expect(targetAfter!).toBeGreaterThan(targetBefore!);
      expect(targetAfter!).toBeLessThanOrEqual(sourceBefore!);
    }
  });

  it('a node of twice the capacity gets twice the load', () => {
    const capacity = (factor: number) => ({ cpu: 16 * factor, memory: null, disk: 100 * GIB * factor, network: null });
    const usage = { cpu: 1, memory: null, disk: GIB, network: null };
    const nodes = [...['n0', 'n1', 'n2'].map((id) => nodeOf(id, { capacity: capacity(1), usage })), nodeOf('big', { capacity: capacity(2), usage: { ...usage, disk: 0 } })];
    const state = stateOf(nodes, equalShards(3, 50));
    const made = plan(state, { threshold: 0.02 });
    expect(heldAfter(state, made, 'big')).toBeGreaterThanOrEqual(58);
    expect(heldAfter(state, made, 'big')).toBeLessThanOrEqual(61);
  });
});

describe('a node is drained', () => {
  const drain: PlanScope = { kind: 'evacuate', nodeIds: ['n0'] };

  it('roles leave first without data, then every copy', () => {
    const state = stateOf(nodesOf(5), equalShards(5, 12, 2));
    const made = plan(state, { scope: drain });
    expect(made.verdict.code).toBe('evacuates');
    expect(heldAfter(state, made, 'n0')).toBe(0);
    const kinds = made.steps.map(({ kind }) => kind);
    expect(kinds.lastIndexOf('transfer')).toBeLessThan(kinds.indexOf('move'));
    expect(kinds.filter((kind) => kind === 'transfer')).toHaveLength(12);
    expect(made.steps.filter((step) => step.kind === 'move').every((step) => step.role === 'secondary')).toBe(true);
    expect(made.after.score).toBe(0);
  });

  it('an engine that cannot hand roles over moves the primaries themselves', () => {
    const state = stateOf(nodesOf(5), equalShards(5, 12, 2));
    const made = plan(state, { scope: drain }, contextOf({ capabilities: { transferPrimary: false } }));
    expect(made.verdict.code).toBe('evacuates');
    expect(made.steps.every(({ kind }) => kind === 'move')).toBe(true);
  });

  /** Of 1,200 on four nodes, neighbours on one node, no two next to each other of one size. */
  const unequalShards = (bytesOf: (shardId: number) => number): ShardSpec[] => Array.from({ length: 1_200 }, (_, shardId) => ({ on: [`n${Math.floor(shardId / 300)}`], bytes: bytesOf(shardId), keys: 100, cpu: 0.01, reads: 50, writes: 5, network: 1_000 }));
  const rangesTo = (made: Plan, nodeId: string) => made.steps.filter(({ targetNodeId }) => targetNodeId === nodeId).map(({ shardId }) => shardId).sort((a, b) => a - b)
    .filter((shardId, index, all) => all[index - 1] !== shardId - 1).length;

  it.each(['round-robin', 'load-based', 'optimal'] as const)('%s leaves each target one range of neighbours, of about the same weight', (strategy) => {
    const state = stateOf(nodesOf(4), unequalShards((shardId) => (5 + (shardId * 7) % 11) * MIB));
    const made = plan(state, { strategy, scope: drain });
    expect(heldAfter(state, made, 'n0')).toBe(0);
    expect(['n1', 'n2', 'n3'].map((id) => rangesTo(made, id))).toEqual([1, 1, 1]);
    const bytes = ['n1', 'n2', 'n3'].map((id) => made.after.holdings.find(({ nodeId }) => nodeId === id)!.dataBytes!);
    expect(Math.max(...bytes)).toBeLessThan(1.02 * Math.min(...bytes));
  });

  it('of a node that keeps some go just those that were chosen, though others weigh nearly the same', () => {
    const problem = problemFromState(stateOf(nodesOf(4), unequalShards((shardId) => (10_000 + shardId) * MIB)), { nowMs: NOW_MS, safetyLines: contextOf().safetyLines, evacuate: new Set(['n0']) });
    const chosen: Change = { kind: 'shift', group: 310, from: 1, to: 2, code: 'evacuates', dimension: 'data' };
    expect(inRanges(problem, [chosen], [])).toEqual([chosen]);
  });

  it('where a few shards are most of the weight they go where they fit, and not by their number', () => {
    const state = stateOf(nodesOf(4), unequalShards((shardId) => (shardId < 3 ? 1_000 : 1) * MIB));
    const made = plan(state, { strategy: 'load-based', scope: drain });
    expect(new Set(made.steps.filter(({ shardId }) => shardId < 3).map(({ targetNodeId }) => targetNodeId)).size).toBe(3);
  });

  it('[P7] once empty, it says so', () => {
    const state = stateOf(nodesOf(3), equalShards(3, 4));
    const after = executed(state, plan(state, { scope: drain }).steps);
    expect(plan(after, { scope: drain })).toMatchObject({ steps: [], verdict: { code: 'evacuates' } });
  });

  it('what does not fit stays, named with the line in its way; the rest still leaves', () => {
    const nodes = ['n0', 'n1', 'n2'].map((id) => nodeOf(id, { capacity: { cpu: null, memory: GIB, disk: null, network: null }, usage: { cpu: null, memory: 720 * MIB, disk: null, network: null } }));
    const shards: ShardSpec[] = [{ on: ['n0'], bytes: 500 * MIB, keys: 1 }, { on: ['n0'], bytes: 50 * MIB, keys: 1 }, { on: ['n1'], bytes: MIB, keys: 1 }];
    const made = plan(stateOf(nodes, shards), { scope: drain });
    expect(made.verdict.code).toBe('cannot-evacuate');
    expect(made.steps.map(({ shardId }) => shardId)).toEqual([1]);
    expect(made.refusals).toHaveLength(1);
    expect(made.refusals[0]).toMatchObject({ constraint: 'capacity', shardId: 0, numbers: { arriving: 500 * MIB } });
    expect(made.refusals[0]!.message).toMatch(/Shard 0 cannot leave n0: none of 2 nodes can take it\. n\d would pass its memory line/);
  });

  it('[P2] what cannot be read cannot be drained: a dead node\'s shards are refused by liveness', () => {
    const state = stateOf([nodeOf('n0', { liveness: 'dead' }), nodeOf('n1')], [{ on: ['n0'], bytes: 1 }]);
    const made = plan(state, { scope: drain });
    expect(made.verdict.code).toBe('cannot-evacuate');
    expect(made.refusals[0]).toMatchObject({ constraint: 'liveness', shardId: 0, nodeId: 'n0' });
  });

  it('[P3] zones stay apart while there is room, and the plan warns of every shard for which there is none', () => {
    const nodes = [nodeOf('n0', { zone: 'z0' }), nodeOf('n1', { zone: 'z1' }), nodeOf('n2', { zone: 'z1' }), nodeOf('n3', { zone: 'z1' })];
    const crowded = plan(stateOf(nodes, [{ on: ['n0', 'n1'], bytes: 1 }]), { scope: drain });
    expect(crowded.verdict.code).toBe('evacuates');
    expect(crowded.risks).toContainEqual(expect.objectContaining({ code: 'zone-spread', shardId: 0 }));
    const spread = plan(stateOf([...nodes, nodeOf('n4', { zone: 'z0' })], [{ on: ['n0', 'n1'], bytes: 1 }]), { scope: drain });
    expect(spread.steps.at(-1)!.targetNodeId).toBe('n4');
    expect(spread.risks.filter(({ code }) => code === 'zone-spread')).toEqual([]);
  });
});

describe('chosen shards', () => {
  const state = stateOf(nodesOf(3), equalShards(3, 4, 2));

  it('go to the node that was named, by role where it holds a copy already', () => {
    const made = plan(state, { scope: { kind: 'shards', shardIds: [0, 1], targetNodeId: 'n2' } });
    expect(made.steps.map((step) => [step.kind, step.shardId, step.targetNodeId])).toEqual([['move', 0, 'n2'], ['transfer', 1, 'n2']]);
    expect(made.steps.every(({ reason }) => reason.code === 'selected-by-operator')).toBe(true);
  });

  it('[P7] where they are already, nothing is done and that is said', () => {
    const made = plan(state, { scope: { kind: 'shards', shardIds: [2], targetNodeId: 'n2' } });
    expect(made).toMatchObject({ steps: [], verdict: { code: 'already-balanced' } });
    expect(made.refusals[0]).toMatchObject({ constraint: 'already-so', shardId: 2 });
  });

  it.each([
    ['cordoned', nodeOf('n2', { cordoned: true })],
    ['quarantined', nodeOf('n2', { quarantinedUntilMs: NOW_MS + 1 })],
    ['cordoned', nodeOf('n2', { maintenanceUntilMs: NOW_MS + 1 })],
    ['lifecycle', nodeOf('n2', { lifecycle: 'joining' })],
    ['liveness', nodeOf('n2', { liveness: 'suspect' })],
    ['disk-line', nodeOf('n2', { capacity: { cpu: null, memory: null, disk: 100, network: null }, usage: { cpu: null, memory: null, disk: 85, network: null } })],
    ['capacity', nodeOf('n2', { capacity: { cpu: null, memory: null, disk: 12 * MIB, network: null }, usage: { cpu: null, memory: null, disk: MIB, network: null } })],
  ] as const)('[P4][P5] are refused by "%s", with a message that an operator can read', (constraint, target) => {
    const made = plan(stateOf([nodeOf('n0'), nodeOf('n1'), target], equalShards(2, 4)), { scope: { kind: 'shards', shardIds: [0], targetNodeId: 'n2' } });
    expect(made.steps).toEqual([]);
    expect(made.verdict.code).toBe('nothing-feasible');
    expect(made.refusals.map((refused) => refused.constraint)).toEqual([constraint]);
    expect(made.refusals[0]!.message).toContain('n2');
  });

  it('[P3] are not sent into the zone of another replica', () => {
    const nodes = [nodeOf('n0', { zone: 'z0' }), nodeOf('n1', { zone: 'z1' }), nodeOf('n2', { zone: 'z1' })];
    const made = plan(stateOf(nodes, [{ on: ['n0', 'n1'], bytes: 1 }]), { scope: { kind: 'shards', shardIds: [0], targetNodeId: 'n2' } });
    expect(made.refusals[0]).toMatchObject({ constraint: 'zone-spread', numbers: { zonesBefore: 2, zonesAfter: 1 } });
  });

  it('without a target they go where they even best, and stay when they are there', () => {
    const uneven = stateOf(nodesOf(3), [...equalShards(1, 9), { on: ['n1'], bytes: MIB, keys: 1, cpu: 0.01, reads: 1, writes: 1, network: 1 }]);
    const scope: PlanScope = { kind: 'shards', shardIds: [0, 9], targetNodeId: null };
    const made = plan(uneven, { scope });
    expect(made.steps.map(({ shardId, targetNodeId }) => [shardId, targetNodeId])).toEqual([[0, 'n2']]);
    expect(plan(executed(uneven, made.steps), { scope }).steps).toEqual([]);
  });
});

describe('a hot shard', () => {
  it('is left alone with its node: the others\' shards move away from it', () => {
    const shards: ShardSpec[] = [
      { on: ['n0'], bytes: MIB, keys: 1, cpu: 4, reads: 4_000, writes: 1, network: 4_000 },
      ...Array.from({ length: 30 }, (_, index): ShardSpec => ({ on: [`n${index % 3}`], bytes: MIB, keys: 1, cpu: 0.2, reads: 200, writes: 1, network: 200 })),
    ];
    const state = stateOf(nodesOf(3), shards);
    const made = plan(state, { threshold: 0.1 });
    expect(made.verdict.code).toBe('improves');
    expect(made.steps.some(({ shardId }) => shardId === 0)).toBe(false);
    expect(made.after.score).toBeLessThan(made.before.score);
  });

  it('that alone is more than a node\'s share is named as the limit', () => {
    const shards: ShardSpec[] = [
      { on: ['n0'], bytes: MIB, keys: 1, cpu: 8, reads: 1, writes: 1, network: 1 },
      { on: ['n1'], bytes: MIB, keys: 1, cpu: 1, reads: 1, writes: 1, network: 1 },
      { on: ['n2'], bytes: MIB, keys: 1, cpu: 1, reads: 1, writes: 1, network: 1 },
    ];
    const { steps, verdict } = plan(stateOf(nodesOf(3), shards));
    expect(steps).toEqual([]);
    expect(verdict.code).toBe('nothing-feasible');
    expect(verdict.message).toContain('Shard 0 alone carries 80 % of the cpu: no placement gets its node below 2.4x the mean');
  });

  it('whose load is the primary\'s alone is evened by handing roles over, without moving data', () => {
    const shards = Array.from({ length: 12 }, (): ShardSpec => ({ on: ['n0', 'n1', 'n2'], bytes: GIB, keys: 1, cpu: 1, reads: 100, writes: 0, network: 100 }));
    const made = plan(stateOf(nodesOf(3), shards));
    expect(made.steps.every(({ kind }) => kind === 'transfer')).toBe(true);
    expect(made.after.holdings.map(({ primaries }) => primaries)).toEqual([4, 4, 4]);
    expect(bytesMoved(made)).toBe(0);
  });
});

describe('zones', () => {
  it('[P3] three replicas in three zones stay in three zones', () => {
    const nodes = Array.from({ length: 9 }, (_, index) => nodeOf(`n${index}`, { zone: `z${index % 3}` }));
    const shards = Array.from({ length: 120 }, (_, shardId): ShardSpec => ({ on: [`n${(shardId % 2) * 3}`, `n${(shardId % 2) * 3 + 1}`, `n${(shardId % 2) * 3 + 2}`], bytes: MIB, keys: 1 }));
    const state = stateOf(nodes, shards);
    for (const strategy of STRATEGIES) {
      const made = plan(state, { strategy, threshold: 0.05 });
      expect(made.verdict.code).toBe('improves');
      for (const on of replicasOf(executed(state, made.steps))) expect(new Set(on.map((id) => state.nodes.get(id)!.domain.zone)).size).toBe(3);
    }
  });

  it('[P2][P3] with a zone lost, what lives is evened among what lives; nothing is read from the dead', () => {
    const nodes = Array.from({ length: 6 }, (_, index) => nodeOf(`n${index}`, { zone: `z${index % 3}`, liveness: index % 3 === 2 ? 'dead' : 'alive' }));
    const shards = Array.from({ length: 60 }, (): ShardSpec => ({ on: ['n0', 'n1', 'n2'], bytes: MIB, keys: 1 }));
    const made = plan(stateOf(nodes, shards), { threshold: 0.05 });
    expect(made.verdict.code).toBe('improves');
    expect(made.steps.some(({ sourceNodeId, targetNodeId }) => ['n2', 'n5'].includes(sourceNodeId) || ['n2', 'n5'].includes(targetNodeId))).toBe(false);
    expect(made.after.holdings.map(({ shards: count }) => count)).toEqual([30, 30, 60, 30, 30, 0]);
  });
});

describe('full disks', () => {
  it('[P4][P5] nothing moves into them, and the refusals carry the numbers', () => {
    const disk = (used: number) => ({ capacity: { cpu: null, memory: null, disk: 100 * GIB, network: null }, usage: { cpu: null, memory: null, disk: used * GIB, network: null } });
    const nodes = [nodeOf('n0', disk(84)), nodeOf('n1', disk(86)), nodeOf('n2', disk(84.9))];
    const shards: ShardSpec[] = [...Array.from({ length: 10 }, (): ShardSpec => ({ on: ['n0'], bytes: 8 * GIB, keys: 1 })), { on: ['n1'], bytes: GIB, keys: 1 }, { on: ['n2'], bytes: GIB, keys: 1 }];
    const made = plan(stateOf(nodes, shards));
    expect(made.steps).toEqual([]);
    expect(made.verdict.code).toBe('nothing-feasible');
    expect(made.refusals.map(({ constraint, nodeId }) => [constraint, nodeId])).toEqual([['disk-line', 'n1'], ['capacity', 'n2']]);
    expect(made.refusals[0]!.numbers).toMatchObject({ usedBytes: 86 * GIB, line: 0.85 });
    expect(made.refusals[1]!.count).toBe(10);
  });
});

describe('moves in flight', () => {
  it('[P4] count as landed for balance and in full for room, and their shards are left alone', () => {
    const shards = equalShards(1, 10);
    const inFlight = [0, 1, 2, 3, 4].map((shardId) => ({ shardId, role: 'primary' as const, sourceNodeId: 'n0', targetNodeId: 'n1', bytes: 10 * MIB }));
    const state = stateOf(nodesOf(2), shards, { inFlight });
    const made = plan(state);
    expect(made.steps).toEqual([]);
    expect(made.before.holdings.map(({ shards: count }) => count)).toEqual([5, 5]);
    const drained = plan(state, { scope: { kind: 'evacuate', nodeIds: ['n1'] } });
    expect(drained.verdict.code).toBe('cannot-evacuate');
    expect(drained.refusals.every(({ constraint }) => constraint === 'in-flight')).toBe(true);
  });
});

describe('unknown quantities', () => {
  it('loads unknown: bytes are evened; sizes unknown too: counts are', () => {
    const nodes = nodesOf(2);
    const bySize = plan(stateOf(nodes, [{ on: ['n0'], bytes: 300 }, { on: ['n0'], bytes: 100 }, { on: ['n0'], bytes: 200 }]), { threshold: 0 });
    expect(bySize.after.holdings.map(({ dataBytes }) => dataBytes)).toEqual([300, 300]);
    const byCount = plan(stateOf(nodes, [{ on: ['n0'] }, { on: ['n0'] }, { on: ['n0'] }, { on: ['n0'] }]));
    expect(byCount.after.holdings.map(({ shards }) => shards)).toEqual([2, 2]);
    expect(byCount.risks.map(({ code }) => code)).toContain('unknown-size');
    expect(byCount.before.imbalance).toMatchObject({ cpu: null, data: null });
  });

  it('unknown sizes count as the mean of the known ones in the plan\'s bytes', () => {
    const made = plan(stateOf(nodesOf(2), [{ on: ['n0'], bytes: 100 }, { on: ['n0'] }, { on: ['n0'], bytes: 300 }, { on: ['n0'] }]), { threshold: 0 });
    expect(made.bytes).toBe(400);
    expect(made.estimatedSeconds).toEqual({ low: 400 / (100 * MIB), high: 400 / (10 * MIB) });
  });
});
