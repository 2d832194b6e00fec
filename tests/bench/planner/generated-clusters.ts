import type { Node } from '@/lib/contract/node';
import { UNKNOWN_STATS } from '@/lib/contract/node';
import type { PlanScope } from '@/lib/contract/plan';
import { createShardTable, type ShardTable } from '@/lib/contract/shard-table';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { createClusterState } from '@/lib/core/cluster/create-cluster-state';
import { createRandom, shuffled } from '@/lib/platform/random';

export interface Scenario {
  readonly name: string;
  readonly state: () => ClusterState;
  readonly scope: PlanScope;
  /** Imbalance above which something is moved, 0..1. */
  readonly threshold: number;
}

export const NOW_MS = 1_700_000_000_000;
const MIB = 1024 ** 2;
const SEED = 'planner-bench';

interface Shape {
  readonly nodeCount: number;
  readonly shardCount: number;
  readonly replicationFactor: number;
  /** Exponent of the Zipf law of loads; 0 = every shard carries by its size. */
  readonly zipf: number;
  readonly capacityOf?: (node: number) => number;
  /** Nodes at the end that hold nothing yet. */
  readonly emptyNodes?: number;
  readonly equalSizes?: boolean;
}

const nodeIdOf = (index: number) => `n${String(index).padStart(4, '0')}`;

/** Shards in contiguous ranges over the nodes, replicas on the nodes that follow; zones in turn. */
function clusterOf(shape: Shape): ClusterState {
  const { nodeCount, shardCount, replicationFactor } = shape;
  const random = createRandom(SEED);
  const all = nodeCount + (shape.emptyNodes ?? 0);
  const table = createShardTable({ shardCount, replicaMax: replicationFactor, nodeIds: Array.from({ length: all }, (_, index) => nodeIdOf(index)) });
  const ranks = shuffled(random.fork('ranks'), Array.from({ length: shardCount }, (_, rank) => rank));
  const perNode = shardCount / nodeCount;
  for (let shardId = 0; shardId < shardCount; shardId += 1) {
    const first = Math.floor(shardId / perNode);
    for (let replica = 0; replica < replicationFactor; replica += 1) table.replicas[shardId * replicationFactor + replica] = (first + replica) % nodeCount;
    const bytes = shape.equalSizes === true ? 32 * MIB : Math.round((8 + 56 * random.next()) * MIB);
    const weight = shape.zipf === 0 ? bytes / (32 * MIB) : 1 / (1 + ranks[shardId]!) ** shape.zipf;
    table.sizeBytes[shardId] = bytes;
    table.keyCount[shardId] = Math.round(bytes / 1_024);
    table.load.cpu[shardId] = weight;
    table.load.readsPerSecond[shardId] = weight * 9_000;
    table.load.writesPerSecond[shardId] = weight * 1_000;
    table.load.networkBytesPerSecond[shardId] = weight * 1e6;
  }
  return stateOf(table, shape, all);
}

function stateOf(table: ShardTable, shape: Shape, nodeCount: number): ClusterState {
  const capacity = Array.from({ length: nodeCount }, (_, index) => shape.capacityOf?.(index) ?? 1);
  const weight = capacity.reduce((sum, each) => sum + each, 0);
  const cpu = table.load.cpu.reduce((sum, each) => sum + each, 0);
  const bytes = table.sizeBytes.reduce((sum, each) => sum + each, 0) * shape.replicationFactor;
  const nodes = capacity.map((share, index): Node => ({
    id: nodeIdOf(index), name: nodeIdOf(index), address: `${nodeIdOf(index)}.bench:6379`, domain: { region: null, zone: `z${index % 3}`, rack: null, host: null }, pool: 'default',
    lifecycle: 'active', liveness: 'alive', livenessReason: { code: 'answering', silentMs: 0, limitMs: 15_000 }, livenessSinceMs: 0,
    incarnation: 1, capacity: { cpu: (share / weight) * cpu * 2.5, memory: (share / weight) * bytes * 2.5, disk: null, network: null },
    usage: { cpu: null, memory: null, disk: null, network: null }, stats: UNKNOWN_STATS, version: null, labels: {},
    cordoned: false, maintenanceUntilMs: null, quarantinedUntilMs: null, followerOf: null, flags: [], observedAtMs: NOW_MS,
  }));
  return {
    ...createClusterState({ clusterId: 'bench', epoch: 1 }),
    revision: 1, nodes: new Map(nodes.map((node) => [node.id, node])), shards: table, observedAtMs: NOW_MS, observedMonotonicMs: 0,
  };
}

/** Every node of one zone dead; living secondaries have taken the primary roles over. */
function withoutZone(state: ClusterState, zone: string): ClusterState {
  const dead = new Set([...state.nodes.values()].filter((node) => node.domain.zone === zone).map(({ id }) => id));
  const nodes = new Map([...state.nodes].map(([id, node]) => [id, dead.has(id) ? { ...node, liveness: 'dead' as const } : node]));
  const replicas = state.shards.replicas.slice();
  const { replicaMax, shardCount, nodeIds } = state.shards;
  for (let shardId = 0; shardId < shardCount; shardId += 1) {
    const row = replicas.subarray(shardId * replicaMax, (shardId + 1) * replicaMax);
    const living = row.findIndex((index) => !dead.has(nodeIds[index]!));
    if (living > 0) [row[0], row[living]] = [row[living]!, row[0]!];
  }
  return { ...state, nodes, shards: { ...state.shards, replicas } };
}

const CLUSTER: PlanScope = { kind: 'cluster' };
const small: Shape = { nodeCount: 12, shardCount: 1_024, replicationFactor: 3, zipf: 0.8 };
const redis: Shape = { nodeCount: 100, shardCount: 16_384, replicationFactor: 1, zipf: 0.6 };

/** From small to large: the peak of memory after the last is that of the largest. */
export const SCENARIOS: readonly Scenario[] = [
  { name: '12 x 1,024 x 3, Zipf', scope: CLUSTER, threshold: 0.1, state: () => clusterOf(small) },
  { name: '12 x 1,024 x 3, a zone lost', scope: CLUSTER, threshold: 0.1, state: () => withoutZone(clusterOf(small), 'z1') },
  { name: '12 x 1,024 x 3, one node drained', scope: { kind: 'evacuate', nodeIds: [nodeIdOf(4)] }, threshold: 0.1, state: () => clusterOf({ ...small, zipf: 0 }) },
  { name: '12 x 1,024 x 3, one node added', scope: CLUSTER, threshold: 0.02, state: () => clusterOf({ ...small, zipf: 0, emptyNodes: 1, equalSizes: true }) },
  { name: '100 x 16,384, Zipf', scope: CLUSTER, threshold: 0.1, state: () => clusterOf(redis) },
  { name: '100 x 16,384, one node added', scope: CLUSTER, threshold: 0.005, state: () => clusterOf({ ...redis, zipf: 0, emptyNodes: 1, equalSizes: true }) },
  { name: '100 x 16,384, one node drained', scope: { kind: 'evacuate', nodeIds: [nodeIdOf(50)] }, threshold: 0.1, state: () => clusterOf(redis) },
  { name: '100 x 16,384, mixed capacities', scope: CLUSTER, threshold: 0.1, state: () => clusterOf({ ...redis, capacityOf: (node) => [1, 2, 4][node % 3]! }) },
  { name: '1,000 x 100,000 x 3, Zipf', scope: CLUSTER, threshold: 0.1, state: () => clusterOf({ nodeCount: 1_000, shardCount: 100_000, replicationFactor: 3, zipf: 0.5 }) },
  { name: '1,000 x 1,000,000, Zipf', scope: CLUSTER, threshold: 0.1, state: () => clusterOf({ nodeCount: 1_000, shardCount: 1_000_000, replicationFactor: 1, zipf: 0.5 }) },
];
