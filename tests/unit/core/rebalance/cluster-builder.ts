import type { Node } from '@/lib/contract/node';
import { UNKNOWN_STATS } from '@/lib/contract/node';
import type { Plan, PlanStep } from '@/lib/contract/plan';
import { UNKNOWN_RESOURCES } from '@/lib/contract/resources';
import { createShardTable, type ShardTable } from '@/lib/contract/shard-table';
import { applyPlacement } from '@/lib/contract/apply-placement';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { createClusterState } from '@/lib/core/cluster/create-cluster-state';
import { holdingsOf } from '@/lib/core/load/holdings';
import type { RebalanceRequest } from '@/lib/core/rebalance/check-input';
import type { RebalanceContext } from '@/lib/core/rebalance/plan-rebalance';

export const GIB = 1024 ** 3;
export const MIB = 1024 ** 2;
export const NOW_MS = 1_700_000_000_000;

export function nodeOf(id: string, fields: Partial<Node> & { zone?: string | null } = {}): Node {
  const { zone = null, ...rest } = fields;
  return {
    id, name: id, address: `${id}.test:6379`, domain: { region: null, zone, rack: null, host: null }, pool: 'default',
    lifecycle: 'active', liveness: 'alive', livenessReason: { code: 'answering', silentMs: 0, limitMs: 15_000 }, livenessSinceMs: 0,
    incarnation: 1, capacity: UNKNOWN_RESOURCES, usage: UNKNOWN_RESOURCES, stats: UNKNOWN_STATS, version: null, labels: {},
    cordoned: false, maintenanceUntilMs: null, quarantinedUntilMs: null, flags: [], followerOf: null, observedAtMs: NOW_MS, ...rest,
  };
}

/** One shard by the ids of its nodes, primary first; what is left out is unknown. */
export interface ShardSpec {
  readonly on: readonly string[];
  readonly bytes?: number;
  readonly keys?: number;
  readonly cpu?: number;
  readonly reads?: number;
  readonly writes?: number;
  readonly network?: number;
}

export function tableOf(shards: readonly ShardSpec[], replicaMax = Math.max(1, ...shards.map(({ on }) => on.length))): ShardTable {
  const nodeIds = [...new Set(shards.flatMap(({ on }) => on))];
  const table = createShardTable({ shardCount: shards.length, replicaMax, nodeIds });
  shards.forEach((shard, shardId) => {
    shard.on.forEach((id, column) => { table.replicas[shardId * replicaMax + column] = nodeIds.indexOf(id); });
    table.sizeBytes[shardId] = shard.bytes ?? NaN;
    table.keyCount[shardId] = shard.keys ?? NaN;
    table.load.cpu[shardId] = shard.cpu ?? NaN;
    table.load.readsPerSecond[shardId] = shard.reads ?? NaN;
    table.load.writesPerSecond[shardId] = shard.writes ?? NaN;
    table.load.networkBytesPerSecond[shardId] = shard.network ?? NaN;
  });
  return table;
}

export function stateOf(nodes: readonly Node[], shards: readonly ShardSpec[] | ShardTable, fields: Partial<ClusterState> = {}): ClusterState {
  return {
    ...createClusterState({ clusterId: 'cluster_test', epoch: 1 }),
    revision: 7,
    nodes: new Map(nodes.map((node) => [node.id, node])),
    shards: Array.isArray(shards) ? tableOf(shards as readonly ShardSpec[]) : (shards as ShardTable),
    observedAtMs: NOW_MS,
    observedMonotonicMs: 0,
    ...fields,
  };
}

export const requestOf = (fields: Partial<RebalanceRequest> = {}): RebalanceRequest => ({
  strategy: 'load-based', scope: { kind: 'cluster' }, threshold: 0.1, seed: 1, ...fields,
});

export const contextOf = (fields: Partial<RebalanceContext> = {}): RebalanceContext => ({
  planId: 'plan_test',
  nowMs: NOW_MS,
  expiresAfterMs: 900_000,
  createdBy: { kind: 'operator', name: 'tester' },
  safetyLines: { cpu: 0.8, memory: 0.8, disk: 0.85, network: 0.8 },
  estimateSeconds: ({ bytes }) => ({ low: bytes / (100 * MIB), high: bytes / (10 * MIB) }),
  capabilities: { transferPrimary: true },
  ...fields,
});

/**
 * The cluster after the steps, as its nodes would report it: shards moved, usage gone
 * along with them by what each shard is attributed, freed space given back.
 */
export function executed(state: ClusterState, steps: readonly PlanStep[]): ClusterState {
  const after: ClusterState = { ...state, revision: state.revision + 1, shards: applyPlacement(state.shards, steps) };
  const before = new Map(holdingsOf(state).map((holding) => [holding.nodeId, holding]));
  const nodes = new Map(state.nodes);
  for (const now of holdingsOf(after)) {
    const node = nodes.get(now.nodeId)!;
    const was = before.get(now.nodeId)!;
    const moved = (used: number | null, from: number | null, to: number | null) => (used === null ? null : Math.max(0, used + (to ?? 0) - (from ?? 0)));
    nodes.set(node.id, {
      ...node,
      usage: {
        cpu: moved(node.usage.cpu, was.cpuCores, now.cpuCores),
        memory: node.usage.disk === null ? moved(node.usage.memory, was.dataBytes, now.dataBytes) : node.usage.memory,
        disk: moved(node.usage.disk, was.dataBytes, now.dataBytes),
        network: moved(node.usage.network, was.networkBytesPerSecond, now.networkBytesPerSecond),
      },
    });
  }
  return { ...after, nodes };
}

export function bytesMoved(plan: Plan): number {
  return plan.steps.reduce((sum, step) => sum + (step.kind === 'move' ? (step.bytes ?? 0) : 0), 0);
}
