import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalanceDimension } from '@/lib/contract/imbalance';
import { PlanSchema, STRATEGIES, type Plan, type PlanScope } from '@/lib/contract/plan';
import { createShardTable } from '@/lib/contract/shard-table';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { validatePlan } from '@/lib/core/rebalance/validate-plan';
import { clusterArbitrary, runsOf } from './cluster-arbitrary';
import { bytesMoved, contextOf, executed, MIB, nodeOf, NOW_MS, requestOf, stateOf, tableOf, type ShardSpec } from './cluster-builder';
import { replicasOf, scoresOf, violationsOf } from './plan-checker';

const strategy = fc.constantFrom(...STRATEGIES);
const threshold = fc.constantFrom(0, 0.05, 0.1, 0.3);
const request = fc.record({ strategy, threshold, seed: fc.nat({ max: 1_000 }) });
const transferPrimary = fc.boolean();

const scopeOf = (state: ClusterState, kind: PlanScope['kind'], pick: number): PlanScope => {
  const ids = [...state.nodes.keys()];
  if (kind === 'evacuate') return { kind, nodeIds: [ids[pick % ids.length]!] };
  if (kind === 'shards' && state.shards.shardCount > 0) {
    return { kind, shardIds: [...new Set([pick % state.shards.shardCount, 0, state.shards.shardCount - 1])], targetNodeId: pick % 3 === 0 ? null : ids[pick % ids.length]! };
  }
  return { kind: 'cluster' };
};

/** What the strategies are documented to even, restated. */
const relevantOf = (plan: Plan, transfers: boolean): BalanceDimension[] => {
  if (plan.strategy === 'round-robin') return ['shards', 'primaries'];
  const known = (['cpu', 'operations', 'network', 'data'] as const).filter((dimension) => plan.before.imbalance[dimension] !== null);
  if (known.some((dimension) => dimension !== 'data')) return known;
  return [known.length === 0 ? 'shards' : 'data', ...(transfers ? ['primaries' as const] : [])];
};

// Generous, since properties run many plans and machines of test runs are shared.
const TIMEOUT_MS = 120_000;

describe('planRebalance, over generated clusters', { timeout: TIMEOUT_MS }, () => {
  it('[P1][P2][P3][P4][P5] every prefix of every plan leaves a sound cluster', () => {
    fc.assert(fc.property(
      clusterArbitrary({ withInFlight: true }), request, fc.constantFrom('cluster', 'evacuate', 'shards'), fc.nat(), transferPrimary,
      (state, asked, kind, pick, transfers) => {
        const context = contextOf({ capabilities: { transferPrimary: transfers } });
        const plan = planRebalance(state, { ...asked, scope: scopeOf(state, kind, pick) }, context);
        expect(violationsOf(state, plan, context.safetyLines, NOW_MS)).toEqual([]);
        if (!transfers) expect(plan.steps.every((step) => step.kind === 'move')).toBe(true);
      },
    ), runsOf(400));
  });

  it('[P2] no prefix has a higher score than the start, as imbalance measured from the shard table alone', () => {
    fc.assert(fc.property(
      clusterArbitrary({ nodeCountMin: 2 }), fc.record({ strategy: fc.constantFrom('load-based', 'round-robin'), threshold, seed: fc.nat({ max: 99 }) }), transferPrimary,
      (state, asked, transfers) => {
        const plan = planRebalance(state, { ...asked, scope: { kind: 'cluster' } }, contextOf({ capabilities: { transferPrimary: transfers } }));
        const scores = scoresOf(state, plan.steps, relevantOf(plan, transfers && state.shards.replicaMax > 1), NOW_MS);
        for (const score of scores) expect(score).toBeLessThanOrEqual(scores[0]! + 1e-6);
        if (plan.steps.length > 0) expect(plan.after.score).toBeLessThanOrEqual(plan.before.score + 1e-9);
      },
    ), runsOf(250));
  });

  it('[P13] the steps of a wave may land in any order: every target has the room, and none rises above the worst node as the wave began by more than half the threshold', () => {
    let reordered = 0;
    fc.assert(fc.property(
      clusterArbitrary({ nodeCountMin: 2 }), fc.record({ strategy: fc.constantFrom('optimal', 'load-based', 'round-robin'), threshold: fc.constantFrom(0, 0.05, 0.3), seed: fc.nat({ max: 99 }) }), fc.infiniteStream(fc.nat()), transferPrimary,
      (state, asked, dice, transfers) => {
        const context = contextOf({ capabilities: { transferPrimary: transfers } });
        const plan = planRebalance(state, { ...asked, scope: { kind: 'cluster' } }, context);
        const waves = plan.waves.map(({ fromStep, stepCount }) => plan.steps.slice(fromStep, fromStep + stepCount));
        expect(waves.flat()).toEqual(plan.steps);
        const shuffled = waves.map((steps) => steps.map((step) => ({ step, at: Number(dice.next().value) })).sort((a, b) => a.at - b.at).map(({ step }) => step));
        expect(violationsOf(state, { ...plan, steps: shuffled.flat() }, context.safetyLines, NOW_MS).filter((text) => !text.startsWith('[P3]'))).toEqual([]);
        const dimensions = relevantOf(plan, transfers && state.shards.replicaMax > 1);
        if (plan.strategy === 'optimal') return;
        const inOrder = scoresOf(state, plan.steps, dimensions, NOW_MS);
        const anyOrder = scoresOf(state, shuffled.flat(), dimensions, NOW_MS);
        for (const { fromStep, stepCount } of plan.waves) {
          if (stepCount > 1) reordered += 1;
          // A first step is taken whatever it does, and the end is as it is.
          const worst = Math.max(inOrder[fromStep]!, Math.min(inOrder[0]!, inOrder[fromStep]! + plan.threshold / 2), inOrder[fromStep + 1]!, inOrder.at(-1)!);
          for (let at = fromStep; at < fromStep + stepCount; at += 1) expect(anyOrder[at]).toBeLessThanOrEqual(worst + 1e-6);
        }
      },
    ), runsOf(300));
    expect(reordered).toBeGreaterThan(100);
  });

  it('[P2] the score of every plan of every scope is no higher after it than before', () => {
    fc.assert(fc.property(clusterArbitrary({ withInFlight: true }), request, fc.constantFrom('cluster', 'evacuate', 'shards'), fc.nat(), (state, asked, kind, pick) => {
      const plan = planRebalance(state, { ...asked, scope: scopeOf(state, kind, pick) }, contextOf());
      expect(plan.after.score).toBeLessThanOrEqual(plan.before.score + 1e-9);
    }), runsOf(300));
  });

  it('[P6] the same state, request and seed give a byte-identical plan, in whatever order nodes are listed', () => {
    fc.assert(fc.property(clusterArbitrary({ withInFlight: true }), request, (state, asked) => {
      const listedBackwards: ClusterState = { ...state, nodes: new Map([...state.nodes].reverse()) };
      const plan = JSON.stringify(planRebalance(state, { ...asked, scope: { kind: 'cluster' } }, contextOf()));
      expect(JSON.stringify(planRebalance(listedBackwards, { ...asked, scope: { kind: 'cluster' } }, contextOf()))).toBe(plan);
    }), runsOf(200));
  });

  it('[P7] after a plan is carried out, planning again is empty where room is no matter', () => {
    fc.assert(fc.property(clusterArbitrary({ roomy: true }), request, fc.constantFrom('cluster', 'evacuate', 'shards'), fc.nat(), transferPrimary, (state, asked, kind, pick, transfers) => {
      const context = contextOf({ capabilities: { transferPrimary: transfers } });
      const full = { ...asked, scope: scopeOf(state, kind, pick) };
      const plan = planRebalance(state, full, context);
      const again = planRebalance(executed(state, plan.steps), full, context);
      expect(again.steps).toEqual([]);
    }), runsOf(400));
  });

  it('[P7] with tight capacities too, planning comes to rest, and no replica goes back where it came from', () => {
    fc.assert(fc.property(clusterArbitrary(), request, (first, asked) => {
      const full = { ...asked, scope: { kind: 'cluster' } as const };
      let state = first;
      for (let round = 0; round < 12; round += 1) {
        const plan = planRebalance(state, full, contextOf());
        if (plan.steps.length === 0) return;
        state = executed(state, plan.steps);
      }
      expect.fail('still moving after 12 plans');
    }), runsOf(300));
  });

  it('[P7] no replica leaves a node and returns to it within one plan', () => {
    fc.assert(fc.property(clusterArbitrary({ nodeCountMin: 3 }), request, (state, asked) => {
      const plan = planRebalance(state, { ...asked, scope: { kind: 'cluster' } }, contextOf());
      const left = new Set<string>();
      for (const step of plan.steps) {
        if (step.kind === 'transfer') continue;
        expect(left.has(`${step.shardId}@${step.targetNodeId}`)).toBe(false);
        left.add(`${step.shardId}@${step.sourceNodeId}`);
      }
    }), runsOf(300));
  });

  it('an evacuation empties the nodes, or says which shards stay and why', () => {
    fc.assert(fc.property(clusterArbitrary({ withInFlight: true }), request, fc.nat(), transferPrimary, (state, asked, pick, transfers) => {
      const ids = [...state.nodes.keys()];
      const nodeId = ids[pick % ids.length]!;
      const plan = planRebalance(state, { ...asked, scope: { kind: 'evacuate', nodeIds: [nodeId] } }, contextOf({ capabilities: { transferPrimary: transfers } }));
      const after = executed(state, plan.steps);
      const landing = new Set(state.inFlight.filter(({ sourceNodeId }) => sourceNodeId === nodeId).map(({ shardId }) => shardId));
      const left = replicasOf(after).flatMap((on, shardId) => (on.includes(nodeId) && !landing.has(shardId) ? [shardId] : []));
      expect(['evacuates', 'cannot-evacuate']).toContain(plan.verdict.code);
      if (plan.verdict.code === 'evacuates') expect(left).toEqual([]);
      const named = new Set(plan.refusals.map(({ shardId }) => shardId));
      for (const shardId of left) expect(named.has(shardId)).toBe(true);
    }), runsOf(300));
  });

  it('every plan is one by the contract, and still valid in the state it was made from', () => {
    fc.assert(fc.property(clusterArbitrary({ withInFlight: true, withFollowers: true }), request, fc.constantFrom('cluster', 'evacuate', 'shards'), fc.nat(), (state, asked, kind, pick) => {
      const plan = planRebalance(state, { ...asked, scope: scopeOf(state, kind, pick) }, contextOf());
      expect(PlanSchema.parse(plan)).toEqual(plan);
      if (plan.verdict.code !== 'invalid') expect(validatePlan(plan, state, contextOf())).toEqual([]);
    }), runsOf(200));
  });

  it('round robin leaves counts within one of each other where nothing is in the way', () => {
    fc.assert(fc.property(clusterArbitrary({ roomy: true, healthy: true, nodeCountMin: 2 }), fc.nat({ max: 99 }), (drawn, seed) => {
      const nodes = [...drawn.nodes.values()].map((node) => nodeOf(node.id));
      const plan = planRebalance({ ...drawn, nodes: new Map(nodes.map((node) => [node.id, node])) }, requestOf({ strategy: 'round-robin', threshold: 0, seed }), contextOf());
      const counts = plan.after.holdings.map(({ shards }) => shards);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }), runsOf(200));
  });
});

describe('[P8] one node more', { timeout: TIMEOUT_MS }, () => {
  const joined = (nodeCount: number, sizes: readonly number[], replicationFactor: number) => {
    // Every node holds shards of the same sizes, so all are equal before the new one comes.
    const shards: ShardSpec[] = [];
    for (let node = 0; node < nodeCount; node += 1) {
      for (const bytes of sizes) {
        shards.push({ on: Array.from({ length: replicationFactor }, (_, replica) => `n${(node + replica) % nodeCount}`), bytes, keys: 1 });
      }
    }
    const nodes = Array.from({ length: nodeCount + 1 }, (_, index) => nodeOf(index === nodeCount ? 'new' : `n${index}`));
    return stateOf(nodes, tableOf(shards));
  };
  const sizes = fc.array(fc.integer({ min: 1, max: 8 }).map((mib) => mib * MIB), { minLength: 30, maxLength: 60 });

  it.each(['load-based', 'round-robin'] as const)('%s moves at most its even share of the data plus one shard', (name) => {
    fc.assert(fc.property(fc.integer({ min: 3, max: 8 }), sizes, fc.integer({ min: 1, max: 3 }), fc.nat({ max: 99 }), (nodeCount, drawn, replicationFactor, seed) => {
      const list = name === 'round-robin' ? drawn.map(() => 8 * MIB) : drawn;
      const state = joined(nodeCount, list, replicationFactor);
      const plan = planRebalance(state, requestOf({ strategy: name, threshold: 0.02, seed }), contextOf());
      const total = list.reduce((sum, bytes) => sum + bytes, 0) * nodeCount * replicationFactor;
      expect(bytesMoved(plan)).toBeLessThanOrEqual(total / (nodeCount + 1) + Math.max(...list));
      expect(plan.steps.length).toBeGreaterThan(0);
    }), runsOf(150));
  });

  it('consistent hashing moves little more than the share of the new node', () => {
    fc.assert(fc.property(fc.integer({ min: 3, max: 10 }), fc.integer({ min: 1, max: 3 }), (nodeCount, replicationFactor) => {
      const asked = requestOf({ strategy: 'consistent-hashing', threshold: 0.05 });
      const nodes = Array.from({ length: nodeCount }, (_, index) => nodeOf(`n${index}`));
      const first = nodes.slice(0, replicationFactor).map(({ id }) => id);
      const crowded = stateOf(nodes, tableOf(Array.from({ length: 600 }, () => ({ on: first, bytes: MIB, keys: 1 }))));
      const settled = executed(crowded, planRebalance(crowded, asked, contextOf()).steps);
      const grown: ClusterState = { ...settled, nodes: new Map([...settled.nodes, ['new', nodeOf('new')]]) };
      const plan = planRebalance(grown, asked, contextOf());
      // Its share by the ring, and what the load bound passes on between the others.
      expect(bytesMoved(plan)).toBeLessThanOrEqual((2 * 600 * replicationFactor * MIB) / (nodeCount + 1));
      expect(plan.steps.length).toBeGreaterThan(0);
    }), runsOf(12));
  });
});

describe('[P9] bad input', { timeout: TIMEOUT_MS }, () => {
  const good = stateOf([nodeOf('n0'), nodeOf('n1')], [{ on: ['n0'], bytes: MIB }, { on: ['n0'], bytes: MIB }]);
  const bad = fc.constantFrom(NaN, -1, Infinity, -Infinity, 2 ** 60, 0.5);

  it('whatever the numbers, the answer is a plan or a typed refusal, never a throw', () => {
    fc.assert(fc.property(clusterArbitrary(), bad, bad, bad, bad, fc.integer({ min: 0, max: 12 }), (state, a, b, c, d, where) => {
      const table = createShardTable({ shardCount: state.shards.shardCount, replicaMax: state.shards.replicaMax, nodeIds: state.shards.nodeIds });
      table.replicas.set(state.shards.replicas);
      if (table.shardCount > 0) {
        table.sizeBytes[0] = a;
        table.load.cpu[table.shardCount - 1] = b;
        if (where === 3) table.replicas[0] = 99;
        if (where === 4) table.replicas[0] = -7;
      }
      const nodes = new Map([...state.nodes].map(([id, node], index) => [id, index === where ? { ...node, capacity: { ...node.capacity, disk: c }, usage: { ...node.usage, memory: d } } : node]));
      const plan = planRebalance({ ...state, nodes, shards: table }, requestOf({ threshold: where === 5 ? c : 0.1, seed: where === 6 ? d : 1 }), contextOf(where === 7 ? { nowMs: a, expiresAfterMs: b } : {}));
      if (plan.verdict.code === 'invalid') expect(plan.refusals.length).toBeGreaterThan(0);
      expect(plan.steps.every((step) => step.sourceNodeId !== step.targetNodeId)).toBe(true);
      expect(PlanSchema.safeParse(plan).success).toBe(true);
    }), runsOf(400));
  });

  it.each([
    ['a threshold that is no number', () => planRebalance(good, requestOf({ threshold: NaN }), contextOf()), 'invalid-number'],
    ['a threshold above 1', () => planRebalance(good, requestOf({ threshold: 1.5 }), contextOf()), 'invalid-number'],
    ['a negative seed', () => planRebalance(good, requestOf({ seed: -1 }), contextOf()), 'invalid-number'],
    ['no nodes', () => planRebalance(stateOf([], []), requestOf(), contextOf()), 'no-nodes'],
    ['only followers', () => planRebalance(stateOf([nodeOf('f', { followerOf: 'x' })], []), requestOf(), contextOf()), 'no-nodes'],
    ['zero capacity', () => planRebalance(stateOf([nodeOf('n0', { capacity: { cpu: 0, memory: null, disk: null, network: null } })], []), requestOf(), contextOf()), 'invalid-number'],
    ['a negative size', () => planRebalance(stateOf([nodeOf('n0')], [{ on: ['n0'], bytes: -1 }]), requestOf(), contextOf()), 'invalid-number'],
    ['two replicas on one node', () => planRebalance(stateOf([nodeOf('n0')], [{ on: ['n0', 'n0'] }]), requestOf(), contextOf()), 'duplicate-replica'],
    ['an unknown node to empty', () => planRebalance(good, requestOf({ scope: { kind: 'evacuate', nodeIds: ['n9'] } }), contextOf()), 'unknown-node'],
    ['a follower to empty', () => planRebalance(stateOf([nodeOf('n0'), nodeOf('f', { followerOf: 'n0' })], []), requestOf({ scope: { kind: 'evacuate', nodeIds: ['f'] } }), contextOf()), 'follower'],
    ['an unknown shard', () => planRebalance(good, requestOf({ scope: { kind: 'shards', shardIds: [7], targetNodeId: null } }), contextOf()), 'unknown-shard'],
  ])('%s is refused by name', (_, plan, code) => {
    const made = plan();
    expect(made.verdict.code).toBe('invalid');
    expect(made.steps).toEqual([]);
    expect(made.refusals.map(({ constraint }) => constraint)).toContain(code);
  });
});
