import { describe, expect, it } from 'vitest';
import { UNKNOWN_STATS, type Node } from '@/lib/contract/node';
import { UNKNOWN_RESOURCES } from '@/lib/contract/resources';
import { RoutingSchema } from '@/lib/contract/routing';
import { createShardTable } from '@/lib/contract/shard-table';
import { buildRouting, shardingOf } from '@/lib/core/routing/build-routing';

const node = (id: string, change: Partial<Node> = {}): Node => ({
  id, name: id, address: `${id}:1`, domain: { region: null, zone: 'z', rack: null, host: null }, pool: 'default', lifecycle: 'active', liveness: 'alive',
  livenessReason: { code: 'answering', silentMs: 0, limitMs: 0 }, livenessSinceMs: 0, incarnation: 1, capacity: { ...UNKNOWN_RESOURCES, cpu: 4 }, usage: UNKNOWN_RESOURCES, stats: UNKNOWN_STATS,
  version: null, labels: {}, cordoned: false, maintenanceUntilMs: null, quarantinedUntilMs: null, followerOf: null, observedAtMs: 0, flags: [], ...change,
});

function table(rows: readonly (readonly number[])[], nodeIds: readonly string[]) {
  const replicaMax = Math.max(...rows.map((row) => row.length));
  const made = createShardTable({ shardCount: rows.length, replicaMax, nodeIds });
  rows.forEach((row, shardId) => row.forEach((index, column) => { made.replicas[shardId * replicaMax + column] = index; }));
  return made;
}

const build = (nodes: readonly Node[], shards = table([[0, 1], [0, 1], [1, 0], [-1]], ['a', 'b'])) =>
  buildRouting({ clusterId: 'c', sharding: { method: 'hash', shardCount: 4 }, nodes, shards, nowMs: 1_000 });

describe('the routing of a cluster', () => {
  it('keeps its schema; neighbours with the same nodes are one run; a shard without a primary says so', () => {
    const routing = build([node('a'), node('b')]);
    expect(RoutingSchema.omit({ revision: true }).parse(routing)).toEqual(routing);
    expect(routing.runs).toEqual([[0, 1, 0, 1], [2, 2, 1, 0], [3, 3, -1]]);
    expect(routing.endpoints.map(({ primaries, replicas }) => [primaries, replicas])).toEqual([[2, 3], [1, 3]]);
  });

  it.each([
    ['active and alive', {}, 'ready', 100], ['suspect', { liveness: 'suspect' as const }, 'ready', 100], ['unreachable', { liveness: 'unreachable' as const }, 'down', 0],
    ['draining', { lifecycle: 'draining' as const }, 'drain', 0], ['drained', { lifecycle: 'drained' as const }, 'drain', 0], ['leaving', { lifecycle: 'decommissioning' as const }, 'drain', 0],
    ['in maintenance', { maintenanceUntilMs: 2_000 }, 'maintenance', 0], ['out of maintenance', { maintenanceUntilMs: 500 }, 'ready', 100],
  ] as const)('a node that is %s', (_name, change, state, weight) => {
    expect(build([node('a', change), node('b')]).endpoints[0]).toMatchObject({ state, weight });
  });

  it('weights go by cores; unknown capacity counts in full', () => {
    const cores = (cpu: number | null) => ({ capacity: { ...UNKNOWN_RESOURCES, cpu } });
    expect(build([node('a', cores(2)), node('b', cores(8)), node('c', cores(null)), node('d', cores(0.01))]).endpoints.map(({ weight }) => weight)).toEqual([25, 100, 100, 1]);
  });

  it('who joins or has left is no endpoint, and what it still holds is nobody\'s', () => {
    const routing = build([node('a', { lifecycle: 'joining' }), node('b')]);
    expect(routing.endpoints.map(({ nodeId }) => nodeId)).toEqual(['b']);
    expect(routing.runs).toEqual([[0, 1, -1, 0], [2, 2, 0], [3, 3, -1]]);
  });
});

it('each kind of cluster has its way from keys to shards', () => {
  const shards = createShardTable({ shardCount: 9, replicaMax: 1, nodeIds: [] });
  expect(shardingOf({ kind: 'redis-cluster' }, shards)).toEqual({ method: 'redis-slot' });
  expect(shardingOf({ kind: 'simulator' }, shards)).toEqual({ method: 'hash', shardCount: 9 });
  expect(shardingOf({ kind: 'http-agent', sharding: { method: 'range', boundaries: ['m'] } }, shards)).toEqual({ method: 'range', boundaries: ['m'] });
});
