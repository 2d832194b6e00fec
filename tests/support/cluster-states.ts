/** Small cluster states for tests of the core, built from what a test wants to say. */
import { UNKNOWN_STATS, type Node } from '@/lib/contract/node';
import type { NodeObservation, Observation } from '@/lib/contract/observation';
import { createShardTable, type ShardTable } from '@/lib/contract/shard-table';
import { createClusterState } from '@/lib/core/cluster/create-cluster-state';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';

export function nodeNamed(id: string, overrides: Partial<Node> = {}): Node {
  return {
    id, name: id, address: `${id}:1`, domain: { region: null, zone: 'z1', rack: null, host: null }, pool: 'default',
    lifecycle: 'active', liveness: 'alive', livenessReason: { code: 'answering', silentMs: 0, limitMs: 0 }, livenessSinceMs: 0, incarnation: 1,
    capacity: { cpu: 8, memory: 1_000_000, disk: 1_000_000, network: 1_000_000 }, usage: { cpu: 2, memory: 250_000, disk: 100_000, network: 1_000 },
    stats: UNKNOWN_STATS, version: null, labels: {}, cordoned: false, maintenanceUntilMs: null, quarantinedUntilMs: null, flags: [], followerOf: null, observedAtMs: 0,
    ...overrides,
  };
}

export function observed(id: string, overrides: Partial<NodeObservation> = {}): NodeObservation {
  const { name, address, domain, pool, followerOf, incarnation, capacity, usage, stats, version, labels } = nodeNamed(id);
  return { id, name, address, domain, pool, followerOf, answered: true, answerMs: 1, reportedFailed: false, member: true, incarnation, sequence: 1, capacity, usage, stats, version, labels, ...overrides };
}

/** `rows[shard]` lists node ids, primary first. */
export function tableOf(nodeIds: readonly string[], rows: readonly (readonly string[])[]): ShardTable {
  const replicaMax = Math.max(1, ...rows.map((row) => row.length));
  const table = createShardTable({ shardCount: rows.length, replicaMax, nodeIds });
  rows.forEach((row, shardId) => {
    row.forEach((nodeId, column) => { table.replicas[shardId * replicaMax + column] = nodeIds.indexOf(nodeId); });
  });
  table.sizeBytes.fill(1_000);
  table.keyCount.fill(10);
  return table;
}

export function observationOf(nodes: readonly NodeObservation[], shards: ShardTable | null, replicationFactor = 1): Observation {
  return { nodes: [...nodes], shards, engine: { name: 'Test', version: '1', serving: true, replicationFactor, settings: {} }, warnings: [] };
}

export function stateOf(nodes: readonly Node[], shards: ShardTable, replicationFactor = 1): ClusterState {
  return {
    ...createClusterState({ clusterId: 'c', epoch: 1 }),
    revision: 1,
    nodes: new Map(nodes.map((node) => [node.id, node])),
    shards,
    engine: { name: 'Test', version: '1', serving: true, replicationFactor, settings: {} },
    observedAtMs: 0,
    observedMonotonicMs: 0,
  };
}
