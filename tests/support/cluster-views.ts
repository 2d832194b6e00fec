/** Small cluster views for tests of what is sent to clients. */
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { DomainEvent } from '@/lib/contract/events';
import type { Imbalance } from '@/lib/contract/imbalance';
import type { Node } from '@/lib/contract/node';
import type { ShardTable } from '@/lib/contract/shard-table';
import type { ClusterView, MoveInFlight } from '@/lib/manager/ports';
import { nodeNamed, tableOf } from './cluster-states';

const NO_IMBALANCE: Imbalance = { cpu: null, memory: null, disk: null, network: null, operations: null, data: null, shards: null, primaries: null };

function summaryOf(overrides: Partial<ClusterSummary> = {}): ClusterSummary {
  return {
    id: 'c', name: 'Test', environment: 'development', kind: 'simulator',
    connection: { kind: 'simulator', nodeCount: 3, zoneCount: 1, shardCount: 8, replicationFactor: 1, seed: 1, speed: 1, lastNodeEmpty: false, clientRouting: 'round-robin' },
    createdAtMs: 0, epoch: 1, revision: 1, settingsGeneration: 1, observationIntervalMs: 1_000, observedAtMs: 0, observationError: null,
    capabilities: { replication: 'per-shard', moveShard: true, transferPrimary: true, addNode: true, addNodeNeeds: 'nothing', removeNode: true, repair: true, mendShards: false, loadPerShard: 'measured' },
    engine: null, warnings: [], health: { status: 'healthy', reasons: [], nodesTotal: 3, nodesAlive: 3, shardsAtRisk: 0, zones: [] }, freeze: null,
    totals: { nodes: 3, leaders: 3, shards: 8, operationsPerSecond: null, latencyP99Ms: null, dataBytes: null, keyCount: null, cpu: null, memory: null, disk: null, network: null },
    imbalance: NO_IMBALANCE, scaling: null, operations: [], ...overrides,
  };
}

export interface ViewParts {
  readonly summary?: Partial<ClusterSummary>;
  readonly nodes?: readonly Node[];
  readonly shards?: ShardTable;
  readonly movesInFlight?: readonly MoveInFlight[];
}

export function clusterViewOf(parts: ViewParts = {}): ClusterView {
  const nodes = parts.nodes ?? ['a', 'b', 'c'].map((id) => nodeNamed(id));
  const ids = nodes.map((node) => node.id);
  return {
    summary: summaryOf(parts.summary),
    nodes,
    shards: parts.shards ?? tableOf(ids, Array.from({ length: 8 }, (_, shardId) => [ids[shardId % ids.length]!])),
    movesInFlight: parts.movesInFlight ?? [],
  };
}

export function eventOf(sequence: number, overrides: Partial<DomainEvent> = {}): DomainEvent {
  return {
    id: `event_${sequence}`, clusterId: 'c', sequence, type: 'node.added', atMs: sequence, actor: { kind: 'system', name: 'observer' }, severity: 'info',
    message: `Event ${sequence}`, nodeId: null, shardId: null, planId: null, operationId: null, data: {}, ...overrides,
  };
}
