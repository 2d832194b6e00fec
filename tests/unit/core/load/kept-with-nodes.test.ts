import { describe, expect, it } from 'vitest';
import { applyPlacement } from '@/lib/contract/apply-placement';
import { NODE_STATS } from '@/lib/contract/vocabulary';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { assessClusterHealth, type HealthContext } from '@/lib/core/health/cluster-health';
import { carryShardHealth } from '@/lib/core/health/shard-health';
import { holdingsOf } from '@/lib/core/load/holdings';
import { imbalanceOf } from '@/lib/core/load/imbalance';
import { carrySums } from '@/lib/core/load/table-sums';
import { totalsOf } from '@/lib/core/load/totals';
import { createRandom, pick, type Random } from '@/lib/platform/random';
import { nodeNamed, stateOf, tableOf } from '@/tests/support/cluster-states';

const IDS = Array.from({ length: 7 }, (_, index) => `n${index}`);
const NOW_MS = 50_000;

/** Whole numbers only: sums that are carried over are then exact. */
function nodesOf(random: Random): ClusterState['nodes'] {
  const some = () => (random.integer(5) === 0 ? null : random.integer(100));
  const nodes = IDS.filter(() => random.integer(8) > 0).map((id) => nodeNamed(id, {
    domain: { region: null, zone: pick(random, ['z1', 'z2', null]), rack: null, host: null },
    liveness: pick(random, ['alive', 'alive', 'alive', 'suspect', 'unreachable', 'dead']), lifecycle: pick(random, ['active', 'active', 'draining', 'decommissioned']),
    capacity: { cpu: some(), memory: 100, disk: some(), network: null }, usage: { cpu: some(), memory: some(), disk: some(), network: some() },
    stats: Object.fromEntries(NODE_STATS.map((stat) => [stat, some()])) as ReturnType<typeof nodeNamed>['stats'],
    followerOf: random.integer(6) === 0 ? 'n0' : null, observedAtMs: random.integer(NOW_MS), maintenanceUntilMs: pick(random, [null, null, NOW_MS + 1]), quarantinedUntilMs: pick(random, [null, null, NOW_MS + 1]),
    flags: random.integer(5) === 0 ? [{ metric: 'usage.cpu', flag: 'missing', came: 'nothing', sinceMs: 1 }] : [],
  }));
  return new Map(nodes.map((node) => [node.id, node]));
}

function moved(state: ClusterState, random: Random): ClusterState['shards'] {
  const shardId = random.integer(state.shards.shardCount);
  const change = { kind: 'move', shardId, role: 'primary', sourceNodeId: pick(random, IDS), targetNodeId: pick(random, IDS) } as const;
  const shards = applyPlacement(state.shards, [change]);
  carrySums(state.shards, shards, [shardId]);
  carryShardHealth(state.shards, shards, [shardId]);
  return shards;
}

describe('what is kept with nodes', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is what a first look says, whatever of the state changed since (seed %i)', (seed) => {
    const random = createRandom(`kept-with-nodes/${seed}`);
    let state: ClusterState = { ...stateOf([], tableOf(IDS, Array.from({ length: 40 }, (_, shardId) => [IDS[shardId % 7]!, IDS[(shardId + 2) % 7]!])), 2), nodes: nodesOf(random), observedAtMs: NOW_MS };
    let context: HealthContext = { monotonicMs: 500, observationIntervalMs: 1_000, observationError: null, safetyLines: { cpu: 0.8, memory: 0.8, disk: 0.85, network: 0.8 } };
    for (let round = 0; round < 80; round += 1) {
      switch (random.integer(10)) {
        case 0: state = { ...state, nodes: nodesOf(random) }; break;
        case 1: state = { ...state, shards: { ...state.shards, keyCount: state.shards.keyCount.map(() => random.integer(50)) } }; break;
        case 2: state = { ...state, shards: { ...state.shards, sizeBytes: state.shards.sizeBytes.map(() => random.integer(50)) } }; break;
        case 3: state = { ...state, observedAtMs: NOW_MS + random.integer(5_000) }; break;
        case 4: state = { ...state, engine: { ...state.engine!, replicationFactor: 1 + random.integer(3) } }; break;
        case 5: context = { ...context, safetyLines: { cpu: random.next(), memory: random.next(), disk: random.next(), network: random.next() } }; break;
        case 6: context = { ...context, observationIntervalMs: 500 + random.integer(20_000), monotonicMs: random.integer(100_000) }; break;
        case 7: state = { ...state, shards: { ...state.shards, nodeIds: [...state.shards.nodeIds].reverse(), replicas: state.shards.replicas.map((index) => (index < 0 ? index : 6 - index)) } }; break;
        default: state = { ...state, shards: moved(state, random) };
      }
      const look = (at: ClusterState) => ({ health: assessClusterHealth(at, context), totals: totalsOf(at), imbalance: imbalanceOf(at, NOW_MS), holdings: holdingsOf(at) });
      expect(look(state)).toEqual(look(structuredClone(state)));
    }
  });

  it('totals of the same nodes are the same object while shards only move', () => {
    const random = createRandom('kept-with-nodes/totals');
    const state: ClusterState = { ...stateOf([], tableOf(IDS, IDS.map((id) => [id])), 1), nodes: nodesOf(random) };
    expect(totalsOf({ ...state, shards: moved(state, random) })).toBe(totalsOf(state));
  });
});
