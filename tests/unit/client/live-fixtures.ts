import type { ClusterSummary } from '@/lib/contract/cluster';
import type { DomainEvent } from '@/lib/contract/events';
import type { LiveDelta, LiveSnapshot, LiveView, WireShardDelta, WireShardRows, WireShardTable } from '@/lib/contract/live';
import { UNKNOWN_STATS, type Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import { UNKNOWN_LATENCY } from '@/lib/contract/report';

/** Contract-typed pictures of a small cluster, as the server sends them. */
export const CLUSTER_ID = 'cluster_1';
export const START_MS = 1_800_000_000_000;

export function summaryOf(change: Partial<ClusterSummary> = {}): ClusterSummary {
  return {
    id: CLUSTER_ID, name: 'demo', environment: 'development', kind: 'simulator',
    connection: { kind: 'simulator', nodeCount: 12, zoneCount: 3, shardCount: 1_024, replicationFactor: 3, seed: 7, speed: 1, lastNodeEmpty: true, clientRouting: 'round-robin' },
    createdAtMs: START_MS - 3_600_000, epoch: 1, revision: 1, settingsGeneration: 1, observationIntervalMs: 1_000,
    observedAtMs: START_MS, observationError: null,
    capabilities: { replication: 'per-shard', moveShard: true, transferPrimary: true, addNode: true, addNodeNeeds: 'nothing', removeNode: true, repair: true, mendShards: false, loadPerShard: 'measured' },
    engine: { name: 'PhantomDB', version: '1.0.0', serving: true, replicationFactor: 3, settings: {} },
    warnings: [],
    health: { status: 'healthy', reasons: [], nodesTotal: 12, nodesAlive: 12, shardsAtRisk: 0, zones: [] },
    freeze: null,
    totals: {
      nodes: 12, leaders: 12, shards: 1_024, operationsPerSecond: 48_200, latencyP99Ms: 3.2, dataBytes: 412 * 1024 ** 3, keyCount: 91_400_000,
      cpu: 0.41, memory: 0.58, disk: null, network: 0.22,
    },
    imbalance: { cpu: 0.21, memory: 0.09, disk: null, network: 0.14, operations: 0.19, data: 0.08, shards: 0.31, primaries: 0.05 },
    scaling: {
      atMs: START_MS - 4_000, action: 'hold', nodeCount: 12, effectiveNodes: 12, nodeCountRecommended: 12, nodeCountDecided: 12, boundBy: 'within-target',
      message: 'Every resource is within its target.', conditions: [{ resource: 'cpu', aggregate: 'mean', utilization: 0.41, target: 0.6, nodeCountWanted: 9 }, { resource: 'disk', aggregate: 'max', utilization: null, target: 0.7, nodeCountWanted: null }],
    },
    operations: [],
    ...change,
  };
}

export function nodeOf(id: string, change: Partial<Node> = {}): Node {
  return {
    id, name: id, address: `10.0.0.1:${7_000 + Number(id.replace(/\D/g, '') || 0)}`, domain: { region: null, zone: 'a', rack: null, host: null }, pool: 'default',
    lifecycle: 'active', liveness: 'alive', livenessReason: { code: 'answering', silentMs: 0, limitMs: 15_000 }, livenessSinceMs: START_MS, incarnation: 1,
    capacity: { cpu: 8, memory: 32e9, disk: 500e9, network: 1e9 }, usage: { cpu: 3, memory: 12e9, disk: 100e9, network: 2e8 },
    stats: { ...UNKNOWN_STATS, operationsPerSecond: 4_000 }, version: '1.0.0', labels: {}, cordoned: false, maintenanceUntilMs: null, quarantinedUntilMs: null, flags: [],
    followerOf: null, observedAtMs: START_MS, ...change,
  };
}

export function eventOf(sequence: number, change: Partial<DomainEvent> = {}): DomainEvent {
  return {
    id: `event_${sequence}`, clusterId: CLUSTER_ID, sequence, type: 'node.added', atMs: START_MS + sequence * 1_000, actor: { kind: 'system', name: 'observer' },
    severity: 'info', message: `node-${sequence} joined`, nodeId: `node-${sequence}`, shardId: null, planId: null, operationId: null, data: {}, ...change,
  };
}

export function operationOf(change: Partial<Operation> = {}): Operation {
  return {
    id: 'operation_1', clusterId: CLUSTER_ID, kind: 'rebalance', nodeId: null, planId: 'plan_1', nodeIds: [], joins: [], urgency: 'normal', urgencyReason: null, queueRank: 0, queuePosition: null, preemptedBy: null,
    foreignChange: null, supersededByPlanId: null, reverses: null, reversedBy: null, movingMs: 0, latency: UNKNOWN_LATENCY, status: 'running', statusReason: null,
    stages: [{ kind: 'execute-plan', nodeId: null, status: 'running', message: null, startedAtMs: null, finishedAtMs: null }],
    throttle: { movesInFlightMax: 16, movesPerNodeMax: 8, bytesPerSecondMax: null },
    progress: {
      movesTotal: 312, movesDone: 120, movesFailed: 0, movesInFlight: 4, bytesTotal: 4 * 1024 ** 3, bytesDone: 1024 ** 3, keysDone: 90_000,
      bytesPerSecond: 24 * 1024 ** 2, movesPerSecond: 1.2, secondsLeft: { low: 100, high: 180 },
    },
    createdBy: { kind: 'operator', name: 'operator' }, createdAtMs: START_MS, startedAtMs: START_MS, finishedAtMs: null, refusals: [], report: null, version: 3,
    ...change,
  };
}

type HeadFields = 'clusterId' | 'epoch' | 'sentAtMs' | 'revision' | 'fromRevision' | 'toRevision';
type BodyOf<T> = T extends unknown ? Omit<T, HeadFields> : never;

export function snapshotOf(body: BodyOf<LiveSnapshot>, head: { epoch?: number; revision?: number; clusterId?: string } = {}): LiveSnapshot {
  return { clusterId: CLUSTER_ID, epoch: 1, revision: 1, sentAtMs: START_MS, ...head, ...body };
}

export function deltaOf(body: BodyOf<LiveDelta>, fromRevision: number, toRevision: number, epoch = 1): LiveDelta {
  return { clusterId: CLUSTER_ID, epoch, fromRevision, toRevision, sentAtMs: START_MS, ...body };
}

/** One empty snapshot of each view. */
export function emptySnapshotOf(view: LiveView): LiveSnapshot {
  switch (view) {
    case 'summary': return snapshotOf({ view, summary: summaryOf() });
    case 'nodes': return snapshotOf({ view, nodes: [] });
    case 'shards': return snapshotOf({ view, table: wireTableOf(4) });
    case 'moves': return snapshotOf({ view, moves: [] });
    case 'events': return snapshotOf({ view, events: [] });
  }
}

export function bytesOf(column: ArrayBufferView): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

/** The same bytes at an odd offset of a bigger buffer, as a decoder in Node hands them out. */
export function unaligned(column: ArrayBufferView): Uint8Array {
  const bytes = bytesOf(column);
  const holder = new Uint8Array(bytes.length + 1);
  holder.set(bytes, 1);
  return holder.subarray(1);
}

function wireRowsOf(rowCount: number, value: number, replicas: Int16Array): WireShardRows {
  const float32 = () => bytesOf(new Float32Array(rowCount).fill(value));
  const float64 = () => bytesOf(new Float64Array(rowCount).fill(value));
  return {
    replicas: bytesOf(replicas), sizeBytes: float64(), keyCount: float64(),
    cpu: float32(), readsPerSecond: float32(), writesPerSecond: float32(), networkBytesPerSecond: float32(),
  };
}

export function wireTableOf(shardCount: number, replicaMax = 2): WireShardTable {
  return {
    shardCount, replicaMax, nodeIds: ['node-1', 'node-2'], quality: { size: 'measured', sizeSampleCount: 0, load: 'measured' },
    ...wireRowsOf(shardCount, 1, new Int16Array(shardCount * replicaMax)),
  };
}

export function wireShardDeltaOf(indexes: readonly number[], value: number, replica = 0, replicaMax = 2): WireShardDelta {
  return {
    indexes: bytesOf(Uint32Array.from(indexes)), nodeIds: null,
    ...wireRowsOf(indexes.length, value, new Int16Array(indexes.length * replicaMax).fill(replica)),
  };
}
