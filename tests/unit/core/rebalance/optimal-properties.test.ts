/** What the strategy `optimal` promises besides P1 to P9: sound bounds, a sound frontier, sound waves, limits that hold. PS_SIM_LONG=1 tries many more. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPlacement } from '@/lib/contract/apply-placement';
import type { Plan } from '@/lib/contract/plan';
import { NO_CONSTRAINTS } from '@/lib/contract/plan-options';
import { PRESETS } from '@/lib/contract/vocabulary';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { costBoundOf } from '@/lib/core/rebalance/bounds/cost-bound';
import { movablesOf } from '@/lib/core/rebalance/bounds/free-shares';
import { crowdedGroups, missingZones } from '@/lib/core/rebalance/objectives/spread';
import { CHAIN_MAX } from '@/lib/core/rebalance/ordering/joint-changes';
import { PlacementCost } from '@/lib/core/rebalance/objectives/placement-cost';
import { Placement } from '@/lib/core/rebalance/placement';
import { beginPlanning } from '@/lib/core/rebalance/planning';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { problemFromState } from '@/lib/core/rebalance/state-problem';
import { mayPlace } from '@/lib/core/rebalance/constraints/registry';
import { SCENARIOS } from '@/tests/bench/planner/generated-clusters';
import { clusterArbitrary, runsOf } from './cluster-arbitrary';
import { bytesMoved, contextOf, GIB, MIB, nodeOf, NOW_MS, requestOf, stateOf, type ShardSpec } from './cluster-builder';
import { violationsOf } from './plan-checker';

const TIMEOUT_MS = process.env.PS_SIM_LONG === '1' ? 1_800_000 : 120_000;
const runs = (usual: number) => runsOf(process.env.PS_SIM_LONG === '1' ? 20 * usual : usual);

const preset = fc.constantFrom(...PRESETS);
const threshold = fc.constantFrom(0, 0.05, 0.1, 0.3);
const planOf = (state: ClusterState, fields: Parameters<typeof requestOf>[0] = {}): Plan => planRebalance(state, requestOf({ strategy: 'optimal', ...fields }), contextOf());

describe('the strategy optimal, over generated clusters', { timeout: TIMEOUT_MS }, () => {
  it('[P1][P2][P3][P4][P5] every prefix is sound, with every preset, waves that rest on space given back included', () => {
    fc.assert(fc.property(clusterArbitrary({ nodeCountMin: 2, withInFlight: true }), preset, threshold, (state, name, at) => {
      const plan = planOf(state, { preset: name, threshold: at });
      expect(violationsOf(state, plan, contextOf().safetyLines, NOW_MS)).toEqual([]);
    }), runs(150));
  });

  it('the bound is below the cost of the start, of the plan, and of what any strategy and any random walk reaches', () => {
    fc.assert(fc.property(clusterArbitrary({ nodeCountMin: 2, shardCountMax: 40 }), threshold, fc.boolean(), fc.infiniteStream(fc.nat({ max: 0xffff })), (state, at, transferPrimary, entropy) => {
      const context = contextOf({ capabilities: { transferPrimary } });
      const request = requestOf({ strategy: 'optimal', threshold: at });
      const problem = problemFromState(state, { nowMs: NOW_MS, safetyLines: context.safetyLines, evacuate: new Set() });
      const search = { workMax: 0, interruptedBy: () => null, onProgress: () => undefined };
      const { costs } = beginPlanning(problem, request, { transferPrimary, search });
      const start = new Placement(problem);
      const bound = costBoundOf(start, costs, movablesOf(start, transferPrimary)).total;
      const below = (placement: Placement, copies: number) => {
        const cost = new PlacementCost(placement, costs).total() + costs.perByte * placement.bytesMoved + costs.perCopy * copies;
        expect(bound).toBeLessThanOrEqual(cost * (1 + 1e-9) + 1e-9);
      };
      below(start, 0);
      const next = (limit: number) => entropy.next().value! % limit;
      const walk = new Placement(problem);
      for (let step = 0; step < 60 && problem.itemBin.length > 0; step += 1) {
        const item = next(problem.itemBin.length);
        const to = next(problem.binIds.length);
        if (movablesOf(start, transferPrimary).movable[item] === 0 || problem.open[to] === 0 || !mayPlace(walk, item, to)) continue;
        walk.shift(item, to);
        // A copy that went twice is one that went straight: bytes are counted from the start.
        const away = problem.itemBin.reduce<number>((count, bin, index) => (bin === walk.itemBin[index] ? count : count + 1), 0);
        const straight = new Placement(problem);
        walk.itemBin.forEach((bin, index) => { if (bin !== straight.itemBin[index]) straight.shift(index, bin); });
        below(straight, away);
      }
      const plan = planRebalance(state, request, context);
      const { proof } = plan;
      if (proof === null) return;
      expect(proof.lowerBound).toBeLessThanOrEqual(proof.costAfter);
      expect(proof.costAfter).toBeLessThanOrEqual(proof.costBefore * (1 + 1e-9));
      expect(proof.bytesMin).toBeLessThanOrEqual(plan.bytes);
      for (const term of proof.terms) expect(term.lowerBound).toBeLessThanOrEqual(term.after + 1e-12);
      for (const each of proof.imbalance) expect(each.lowerBound).toBeLessThanOrEqual(each.after);
    }), runs(80));
  });

  it('frontier, waves and alternatives belong to the steps they describe', () => {
    fc.assert(fc.property(clusterArbitrary({ nodeCountMin: 2 }), preset, threshold, (state, name, at) => {
      const plan = planOf(state, { preset: name, threshold: at });
      const { steps, waves, frontier } = plan;
      if (steps.length === 0) {
        expect([waves, frontier, plan.alternatives]).toEqual([[], [], []]);
        return;
      }
      expect(frontier[0]).toMatchObject({ stepCount: 0, gainShare: 0, bytes: 0 });
      expect(frontier.at(-1)).toMatchObject({ stepCount: steps.length, gainShare: 1, bytes: plan.bytes, score: plan.after.score });
      for (const [index, point] of frontier.entries()) if (index > 0) expect(point.bytes).toBeGreaterThanOrEqual(frontier[index - 1]!.bytes);
      for (const point of frontier) expect(point.score).toBeLessThanOrEqual(plan.before.score + 1e-6);
      expect(waves.reduce((sum, wave) => sum + wave.stepCount, 0)).toBe(steps.length);
      for (const wave of waves) {
        const shards = steps.slice(wave.fromStep, wave.fromStep + wave.stepCount).map(({ shardId }) => shardId);
        expect(new Set(shards).size).toBe(shards.length);
      }
      for (const { stepIndex, candidates } of plan.alternatives) for (const { nodeId } of candidates) expect(nodeId).not.toBe(steps[stepIndex]!.targetNodeId);
    }), runs(100));
  });

  it('keeps the limits of the request: nodes left out, shards pinned, arrivals, departures, bytes', () => {
    fc.assert(fc.property(
      clusterArbitrary({ nodeCountMin: 3, roomy: true, healthy: true }), fc.constantFrom('optimal', 'load-based', 'round-robin', 'consistent-hashing'), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.nat({ max: 512 }),
      (state, strategy, arrivalsPerNodeMax, departuresPerNodeMax, mib) => {
        const [excluded] = [...state.nodes.keys()];
        const bytesMax = mib * MIB;
        const plan = planRebalance(state, requestOf({
          strategy, threshold: 0.05, constraints: { ...NO_CONSTRAINTS, excludedNodeIds: [excluded!], pinnedShardIds: state.shards.shardCount > 0 ? [0] : [], arrivalsPerNodeMax, departuresPerNodeMax, bytesMax },
        }), contextOf());
        const count = (side: 'sourceNodeId' | 'targetNodeId') => {
          const counts = new Map<string, number>();
          for (const step of plan.steps) if (step.kind === 'move') counts.set(step[side], (counts.get(step[side]) ?? 0) + 1);
          return Math.max(0, ...counts.values());
        };
        expect(plan.steps.filter((step) => step.sourceNodeId === excluded || step.targetNodeId === excluded || step.shardId === 0)).toEqual([]);
        expect(count('targetNodeId')).toBeLessThanOrEqual(arrivalsPerNodeMax);
        expect(count('sourceNodeId')).toBeLessThanOrEqual(departuresPerNodeMax);
        expect(plan.bytes).toBeLessThanOrEqual(bytesMax);
        expect(bytesMoved(plan)).toBeLessThanOrEqual(bytesMax);
      },
    ), runs(120));
  });
});

describe('the order of an optimal plan', { timeout: TIMEOUT_MS }, () => {
  it('[P12] the gain never falls from one place to stop to the next, with every preset and scope', () => {
    fc.assert(fc.property(clusterArbitrary({ nodeCountMin: 2, withInFlight: true }), preset, threshold, fc.boolean(), (state, name, at, drains) => {
      const [first] = [...state.nodes.keys()];
      const plan = planOf(state, { preset: name, threshold: at, ...(drains && { scope: { kind: 'evacuate', nodeIds: [first!] } }) });
      expectRising(plan);
    }), runs(200));
  });

  it('[P12] each step takes something off the cost, or the few it needs for that come right after it', () => {
    fc.assert(fc.property(clusterArbitrary({ nodeCountMin: 2, shardCountMax: 80 }), preset, threshold, (state, name, at) => {
      const plan = planOf(state, { preset: name, threshold: at });
      // Waves that rest on space given back make detours.
      if (plan.waves.some(({ reclaims }) => reclaims)) return;
      const costs = costsAlong(state, plan);
      let least = costs[0]!;
      let since = 0;
      for (const cost of costs.slice(1)) {
        since = cost < least ? 0 : since + 1;
        // As many as one shard has copies and a role, or a chain through several bins.
        expect(since).toBeLessThan(Math.max(state.shards.replicaMax + 1, CHAIN_MAX));
        least = Math.min(least, cost);
      }
      expect(since).toBe(0);
    }), runs(150));
  });

  it('[P12] thorough on 100 nodes and 16,384 shards: the gain only rises, and the last tenth of the steps is worth its bytes', () => {
    const scenario = SCENARIOS.find(({ name }) => name === '100 x 16,384, Zipf')!;
    const plan = planOf(scenario.state(), { preset: 'thorough', threshold: scenario.threshold, seed: 1 });
    expectRising(plan);
    const nine = plan.frontier.find(({ stepCount }) => stepCount >= 0.9 * plan.steps.length)!;
    const perByte = (gain: number, bytes: number) => gain / bytes;
    expect(perByte(1 - nine.gainShare, plan.bytes - nine.bytes)).toBeGreaterThan(0.01 * perByte(nine.gainShare, nine.bytes));
    // What is tried while a weight is dragged says about the same.
    const quick = planRebalance(scenario.state(), requestOf({ strategy: 'optimal', preset: 'thorough', threshold: scenario.threshold, seed: 1 }), { ...contextOf(), search: { workMax: 100_000 } });
    expectRising(quick);
    expect(quick.steps.length / plan.steps.length).toBeGreaterThan(0.7);
    expect(quick.steps.length / plan.steps.length).toBeLessThan(1.4);
  });
});

function expectRising({ frontier }: Plan): void {
  for (const [index, point] of frontier.entries()) if (index > 0) expect(point.gainShare).toBeGreaterThanOrEqual(frontier[index - 1]!.gainShare);
}

/** At the start and after each step, in the plan's own terms, what was moved by then included. */
function costsAlong(state: ClusterState, { steps, options, threshold: at }: Plan): number[] {
  const problem = problemFromState(state, { nowMs: NOW_MS, safetyLines: contextOf().safetyLines, evacuate: new Set() });
  const request = requestOf({ strategy: 'optimal', threshold: at, ...(options.preset !== null && { preset: options.preset }) });
  const { costs } = beginPlanning(problem, request, { transferPrimary: true, search: { workMax: 0, interruptedBy: () => null, onProgress: () => undefined } });
  const start = new Placement(problem);
  const placement = new Placement(problem);
  const crowded = crowdedGroups(start);
  let copies = 0;
  const costNow = () => new PlacementCost(placement, costs).total() + missingZones(start, placement, crowded) * costs.perCrowded + costs.perByte * placement.bytesMoved + costs.perCopy * copies;
  const along = [costNow()];
  for (const { kind, shardId, sourceNodeId, targetNodeId } of steps) {
    if (kind === 'move') copies += 1;
    placement.apply({ kind: kind === 'move' ? 'shift' : 'transfer', group: shardId, from: problem.binOfId.get(sourceNodeId)!, to: problem.binOfId.get(targetNodeId)!, code: 'evens-load', dimension: 'cpu' });
    along.push(costNow());
  }
  return along;
}

describe('small instances', { timeout: TIMEOUT_MS }, () => {
  it('no placement at all, out of every one there is, costs less than what optimal finds', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 4, maxLength: 6 }), fc.integer({ min: 2, max: 3 }), fc.nat({ max: 99 }), (weights, nodeCount, seed) => {
      const nodes = Array.from({ length: nodeCount }, (_, index) => nodeOf(`n${index}`, { capacity: { cpu: 100, memory: GIB, disk: null, network: null } }));
      const shards = weights.map((weight): ShardSpec => ({ on: ['n0'], bytes: MIB, keys: 1, cpu: weight / 10, reads: 1, writes: 0, network: 1 }));
      const state = stateOf(nodes, shards);
      // Only cpu counts, so that the cost of every placement is easily had by hand.
      const request = requestOf({ strategy: 'optimal', threshold: 0.02, seed, weights: { operations: 0, network: 0, data: 0 } });
      const plan = planRebalance(state, request, { ...contextOf(), search: { workMax: 60_000 } });
      const problem = problemFromState(state, { nowMs: NOW_MS, safetyLines: contextOf().safetyLines, evacuate: new Set() });
      const { costs } = beginPlanning(problem, request, { transferPrimary: true, search: { workMax: 0, interruptedBy: () => null, onProgress: () => undefined } });
      let optimum = Infinity;
      for (let code = 0; code < nodeCount ** weights.length; code += 1) {
        const placement = new Placement(problem);
        let moves = 0;
        for (let item = 0, rest = code; item < weights.length; item += 1, rest = Math.floor(rest / nodeCount)) {
          const bin = rest % nodeCount;
          if (bin === 0) continue;
          placement.shift(item, bin);
          moves += 1;
        }
        optimum = Math.min(optimum, new PlacementCost(placement, costs).total() + costs.perByte * placement.bytesMoved + costs.perCopy * moves);
      }
      expect(plan.proof!.lowerBound).toBeLessThanOrEqual(optimum * (1 + 1e-9));
      // One part in ten thousand: the search counts in whole units, and a gain of less than its bytes is left out.
      expect(plan.proof!.costAfter).toBeLessThanOrEqual(optimum * 1.0001 + 1e-9);
      expect(plan.steps.length === 0 || applyPlacement(state.shards, plan.steps) !== state.shards).toBe(true);
    }), runs(25));
  });
});

describe('shards that are alike', () => {
  it.each(['round-robin', 'load-based', 'optimal'] as const)('%s moves them in runs: one per source and target', (strategy) => {
    const nodes = ['n0', 'n1', 'n2', 'new0', 'new1'].map((id) => nodeOf(id));
    const state = stateOf(nodes, Array.from({ length: 300 }, (_, shardId): ShardSpec => ({ on: [`n${Math.floor(shardId / 100)}`] })));
    const plan = planRebalance(state, requestOf({ strategy, threshold: 0.02 }), contextOf());
    const pairs = new Map<string, number[]>();
    for (const { shardId, sourceNodeId, targetNodeId } of plan.steps) pairs.set(`${sourceNodeId}>${targetNodeId}`, [...(pairs.get(`${sourceNodeId}>${targetNodeId}`) ?? []), shardId]);
    expect(pairs.size).toBeGreaterThanOrEqual(3);
    for (const shardIds of pairs.values()) expect(Math.max(...shardIds) - Math.min(...shardIds)).toBe(shardIds.length - 1);
    expect(violationsOf(state, plan, contextOf().safetyLines, NOW_MS)).toEqual([]);
  });

  it('round-robin moves those of many sizes in runs too, of about what a draw would have taken', () => {
    const state = stateOf(['n0', 'n1', 'n2', 'new'].map((id) => nodeOf(id)), Array.from({ length: 1_200 }, (_, shardId): ShardSpec => ({ on: [`n${Math.floor(shardId / 400)}`], bytes: (8 + (shardId * 7) % 9) * MIB })));
    const plan = planRebalance(state, requestOf({ strategy: 'round-robin', threshold: 0.02 }), contextOf());
    expect(plan.steps).toHaveLength(300);
    for (const source of ['n0', 'n1', 'n2']) {
      const shardIds = plan.steps.filter(({ sourceNodeId }) => sourceNodeId === source).map(({ shardId }) => shardId);
      expect(shardIds).toEqual(Array.from({ length: 100 }, (_, index) => shardIds[0]! + index));
    }
    expect(plan.bytes / 300 / MIB).toBeCloseTo(12, 0);
    expect(violationsOf(state, plan, contextOf().safetyLines, NOW_MS)).toEqual([]);
  });

  it('round-robin keeps to its draw where the run would weigh a tenth more or less', () => {
    const heavyAtTheEnd = Array.from({ length: 1_200 }, (_, shardId): ShardSpec => ({ on: [`n${Math.floor(shardId / 400)}`], bytes: shardId % 400 < 300 ? MIB : 64 * MIB }));
    const state = stateOf(['n0', 'n1', 'n2', 'new'].map((id) => nodeOf(id)), heavyAtTheEnd);
    const plan = planRebalance(state, requestOf({ strategy: 'round-robin', threshold: 0.02 }), contextOf());
    const heavy = plan.steps.filter(({ shardId }) => shardId % 400 >= 300).length;
    expect(heavy).toBeGreaterThan(30);
    expect(heavy).toBeLessThan(150);
  });
});
