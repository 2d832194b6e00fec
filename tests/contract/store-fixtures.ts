import type { ProvisionRecord } from '@/lib/contract/provisioner';
import type { DomainEvent } from '@/lib/contract/events';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import { PLAN_DEFAULTS, type Plan } from '@/lib/contract/plan';
import { UNKNOWN_LATENCY } from '@/lib/contract/report';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import type { AgentRecord, ClusterRecord, EnrolmentToken, EventQuery, MetricBucket, StoreWrite } from '@/lib/contract/storage';

/** Records for the tests of stores: complete and valid, each field open to change. */

export function clusterRecord(change: Partial<ClusterRecord> = {}): ClusterRecord {
  return {
    id: 'cluster-1', name: 'Orders', environment: 'production', createdAtMs: 1_000, freeze: null, epoch: 1,
    connection: { kind: 'redis-cluster', seeds: ['127.0.0.1:7000'], password: 'hunter2', tls: { enabled: false, rejectUnauthorized: true }, commandTimeoutMs: 2_000 },
    ...change,
  };
}

export function insertCluster(change: Partial<ClusterRecord> = {}): StoreWrite {
  return { kind: 'insert-cluster', cluster: clusterRecord(change), settings: { generation: 1, settings: DEFAULT_SETTINGS } };
}

export function operation(change: Partial<Operation> = {}): Operation {
  return {
    id: 'operation-1', clusterId: 'cluster-1', kind: 'rebalance', nodeId: null, planId: 'plan-1', nodeIds: [], joins: [], urgency: 'normal', urgencyReason: null, queueRank: 0, queuePosition: null, preemptedBy: null,
    foreignChange: null, supersededByPlanId: null, reverses: null, reversedBy: null, movingMs: 0, latency: UNKNOWN_LATENCY, status: 'running', statusReason: null,
    stages: [{ kind: 'execute-plan', nodeId: null, status: 'running', message: null, startedAtMs: null, finishedAtMs: null }], throttle: DEFAULT_SETTINGS.throttle,
    progress: {
      movesTotal: 3, movesDone: 0, movesFailed: 0, movesInFlight: 0, bytesTotal: 300, bytesDone: 0, keysDone: 0,
      bytesPerSecond: null, movesPerSecond: null, secondsLeft: null,
    },
    createdBy: { kind: 'operator', name: 'ada' }, createdAtMs: 2_000, startedAtMs: 2_000, finishedAtMs: null, refusals: [], report: null, version: 0,
    ...change,
  };
}

export function move(index: number, change: Partial<MoveRecord> = {}): MoveRecord {
  return {
    index, status: 'pending', attempt: 0, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null, failure: null,
    step: {
      kind: 'move', shardId: index, role: 'primary', sourceNodeId: 'node-1', targetNodeId: 'node-2', bytes: 100, keyCount: null,
      reason: { code: 'evens-load', dimension: 'cpu', sourceBefore: 0.75, sourceAfter: 0.5, targetBefore: 0.1, targetAfter: 0.35 },
    },
    ...change,
  };
}

export function moves(count: number): MoveRecord[] {
  return Array.from({ length: count }, (_, index) => move(index));
}

export function insertOperation(change: Partial<Operation> = {}, journal: readonly MoveRecord[] = moves(3), epoch = 1): StoreWrite {
  return { kind: 'insert-operation', operation: operation(change), moves: journal, epoch };
}

export function saveMove(record: MoveRecord, expected: MoveRecord['status'], change: { operationId?: string; clusterId?: string; epoch?: number } = {}): StoreWrite {
  return { kind: 'save-move', clusterId: 'cluster-1', operationId: 'operation-1', expected, move: record, epoch: 1, ...change };
}

const IMBALANCE = { cpu: 0.4, memory: null, disk: null, network: null, operations: 0.3, data: 0.2, shards: 0.1, primaries: 0.1 };

export function plan(change: Partial<Plan> = {}): Plan {
  return {
    id: 'plan-1', clusterId: 'cluster-1', createdAtMs: 1_500, expiresAtMs: 61_500, createdBy: { kind: 'operator', name: 'ada' }, status: 'proposed',
    strategy: 'load-based', scope: { kind: 'cluster' }, threshold: 0.1, seed: 1, revision: 12, epoch: 1,
    steps: [move(0).step, move(1).step],
    before: { imbalance: IMBALANCE, score: 0.4, holdings: [] },
    after: { imbalance: IMBALANCE, score: 0.1, holdings: [] },
    bytes: 200, keyCount: 0, estimatedSeconds: { low: 1, high: 3 },
    verdict: { code: 'improves', message: 'From 40 % to 10 %', numbers: { before: 0.4, after: 0.1 } }, refusals: [], risks: [], ...PLAN_DEFAULTS,
    ...change,
  };
}

export function event(sequence: number, change: Partial<DomainEvent> = {}): DomainEvent {
  return {
    id: `event-${sequence}`, clusterId: 'cluster-1', sequence, type: 'operation.started', atMs: 3_000 + sequence, actor: { kind: 'system', name: 'manager' },
    severity: 'info', message: `Event ${sequence}`, nodeId: null, shardId: null, planId: null, operationId: null, data: { zone: 'a', count: sequence },
    ...change,
  };
}

export function appendEvent(sequence: number, change: Partial<DomainEvent> = {}): StoreWrite {
  return { kind: 'append-event', event: event(sequence, change) };
}

export function bucket(change: Partial<MetricBucket> = {}): MetricBucket {
  return { clusterId: 'cluster-1', nodeId: null, metric: 'cpu', stepMs: 10_000, atMs: 0, sum: 1, max: 1, sampleCount: 1, ...change };
}

export const ALL_EVENTS: EventQuery = { limit: 1_000, cursor: null, types: null, nodeId: null, operationId: null, severityMin: 'info' };

export function enrolmentToken(change: Partial<EnrolmentToken> = {}): EnrolmentToken {
  return { tokenHash: 'a'.repeat(64), clusterId: 'cluster-1', acceptByRule: false, createdAtMs: 1_000, expiresAtMs: 61_000, usedByNodeId: null, ...change };
}

export function agentRecord(change: Partial<AgentRecord> = {}): AgentRecord {
  return {
    nodeId: 'node-1', clusterId: 'cluster-1', name: 'one', address: '10.0.0.1:7000', domain: { region: null, zone: 'a', rack: null, host: 'h' }, engine: { name: 'Any', version: null },
    credentialHash: 'b'.repeat(64), peerKeyHash: 'c'.repeat(64), enrolledAtMs: 2_000, acceptedAtMs: null, removedAtMs: null, ...change,
  };
}

export function provision(change: Partial<ProvisionRecord> = {}): ProvisionRecord {
  return {
    intentId: 'operation-1-0', clusterId: 'cluster-1', provisioner: 'pool', operationId: 'operation-1', zone: null, status: 'asked', address: null, nodeId: null,
    askedAtMs: 1_000, reason: null, ...change,
  };
}
