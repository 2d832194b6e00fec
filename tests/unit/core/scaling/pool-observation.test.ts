import { describe, expect, it } from 'vitest';
import { UNKNOWN_STATS, type Node } from '@/lib/contract/node';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { observePool, poolsOf } from '@/lib/core/scaling/pool-observation';
import { nodeNamed, stateOf, tableOf } from '../../../support/cluster-states';

const TIME = { wallMs: 1_000, monotonicMs: 1_000, valuesMaxAgeMs: 3_000 };
const lines = DEFAULT_SETTINGS.safetyLines;

const usage = (cpu: number | null) => ({ cpu: cpu === null ? null : cpu * 8, memory: 250_000, disk: 100_000, network: 1_000 });
const node = (id: string, cpu: number | null, more: Partial<Node> = {}) => nodeNamed(id, { usage: usage(cpu), ...more });
/** Shards dealt out to the nodes as often as `counts` says, of 1,000 bytes each. */
function stateWith(nodes: readonly Node[], counts: readonly number[]) {
  const rows = counts.flatMap((count, index) => Array.from({ length: count }, () => [nodes[index]!.id]));
  return stateOf(nodes, tableOf(nodes.map(({ id }) => id), rows));
}

describe('a pool as the scaler sees it', () => {
  it('is its leaders that are wanted: nodes that leave, followers and other pools do not count', () => {
    const nodes = [node('a', 0.5), node('b', 0.5), node('c', 0.5, { lifecycle: 'draining' }), node('d', 0.5, { followerOf: 'a' }), node('e', 0.1, { pool: 'fast' })];
    const state = stateWith(nodes, [4, 4, 1, 0, 4]);
    expect(poolsOf(state)).toEqual(['default', 'fast']);
    expect(observePool(state, 'default', TIME, lines).reading).toMatchObject({ nodeCount: 2, effectiveNodes: 2, metrics: { cpu: { mean: 0.5 } } });
  });

  it('leaves a new node out until it holds its share, and is worth what its fullest node allows', () => {
    const nodes = [node('a', 0.8), node('b', 0.8), node('new', 0.02, { lifecycle: 'joining' })];
    const empty = observePool(stateWith(nodes, [6, 6, 0]), 'default', TIME, lines).reading;
    expect(empty.nodeCount).toBe(3);
    expect(empty.effectiveNodes).toBeCloseTo(2);
    expect(empty.metrics.cpu?.mean).toBeCloseTo(1.62 / 2);
    expect(empty.metrics.cpu?.p90).toBeCloseTo(0.8);
    const moving = { ...stateWith(nodes, [5, 5, 2]), inFlight: [{ shardId: 0, role: 'primary' as const, sourceNodeId: 'a', targetNodeId: 'new', bytes: 1_000 }] };
    const half = observePool(moving, 'default', TIME, lines).reading;
    expect(half.effectiveNodes).toBeCloseTo(12 / 5);
    expect(half.metrics.cpu!.mean! * half.effectiveNodes).toBeCloseTo(1.62);
    const done = observePool(stateWith(nodes, [4, 4, 4]), 'default', TIME, lines).reading;
    expect(done.effectiveNodes).toBe(3);
    expect(done.metrics.cpu?.mean).toBeCloseTo((0.8 + 0.8 + 0.02) / 3);
  });

  it('counts failed and doubtful nodes, and does not measure them', () => {
    const nodes = [node('a', 0.6), node('b', 0.6), node('c', 0, { liveness: 'dead' }), node('d', 0, { liveness: 'suspect' }), node('e', 0.6, { maintenanceUntilMs: 5_000 })];
    const seen = observePool(stateWith(nodes, [2, 2, 2, 2, 2]), 'default', TIME, lines);
    expect(seen).toMatchObject({ failedNodes: 1, doubtfulNodes: 2 });
    expect(seen.reading).toMatchObject({ nodeCount: 5, effectiveNodes: 3, metrics: { cpu: { mean: 0.6 } } });
    expect(seen.candidates.map(({ nodeId }) => nodeId)).toEqual(['a', 'b', 'e']);
  });

  it('[S6] knows a metric only when four in five nodes report it freshly', () => {
    const report = (values: readonly (number | null)[], observedAtMs = 0) => {
      const nodes = values.map((value, index) => node(`n${index}`, value, { observedAtMs }));
      return observePool(stateWith(nodes, values.map(() => 2)), 'default', TIME, lines).reading.metrics.cpu!.mean;
    };
    expect(report([0.5, 0.5, 0.5, 0.5, null])).toBeCloseTo(0.5);
    expect(report([0.5, 0.5, 0.5, null, null])).toBeNull();
    expect(report([0.5, 0.5], -5_000)).toBeNull();
    expect(report([Number.NaN, Number.NaN])).toBeNull();
  });

  it('gives mean, highest and 90th percentile, and rates per node', () => {
    const nodes = Array.from({ length: 10 }, (_, at) => node(`n${at}`, (at + 1) / 20, { stats: { ...UNKNOWN_STATS, operationsPerSecond: 100 * (at + 1), writesPerSecond: 10, latencyP99Ms: at } }));
    const { metrics } = observePool(stateWith(nodes, nodes.map(() => 1)), 'default', TIME, lines).reading;
    expect(metrics.cpu).toMatchObject({ max: 0.5, p90: 0.45 });
    expect(metrics.queriesPerSecond).toMatchObject({ mean: 550, max: 1_000 });
    expect(metrics.transactionsPerSecond).toMatchObject({ mean: 10 });
    expect(metrics.latencyP99Ms).toMatchObject({ max: 9 });
    expect(metrics.connections).toEqual({ mean: null, max: null, p90: null });
  });

  it('names the hottest node above its line and how much of its work is one shard', () => {
    const nodes = [node('a', 0.3), node('b', 0.95)];
    const state = stateWith(nodes, [4, 4]);
    state.shards.load.cpu.set([1, 1, 1, 1, 6, 1, 1, 1]);
    expect(observePool(state, 'default', TIME, lines).hottest).toEqual({ nodeId: 'b', metric: 'cpu', value: 0.95, largestShardShare: 6 / 9 });
    expect(observePool(stateWith([node('a', 0.3), node('b', 0.7)], [4, 4]), 'default', TIME, lines).hottest).toBeNull();
  });
});
