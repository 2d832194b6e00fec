import type { DomainEvent } from '@/lib/contract/events';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import type { ProvisionRecord } from '@/lib/contract/provisioner';
import type { AgentRecord, ClusterRecord, EnrolmentToken, MetricBucket, NodeIntent, RememberedAnswer, StoredScalingPolicy, StoredScalingState } from '@/lib/contract/storage';
import { CHAIN_START } from './event-chain';

/** A record with its place in the order of insertion, which lists and cursors go by. */
export interface Row<T> {
  readonly ordinal: number;
  readonly value: T;
}

interface LoggedEvent {
  readonly event: DomainEvent;
  readonly hash: string;
}

/** One cluster's log; `logged[0]` follows the event that retention last cut off. */
export interface EventTable {
  readonly logged: LoggedEvent[];
  readonly prunedSequence: number;
  readonly prunedHash: string;
}

/** What MemoryStore holds. Maps by cluster id, by record id, or by both in turn. */
export interface MemoryTables {
  nextOrdinal: number;
  readonly clusters: Map<string, Row<ClusterRecord>>;
  /** Oldest generation first. */
  readonly settings: Map<string, readonly VersionedSettings[]>;
  readonly nodeIntents: Map<string, Map<string, NodeIntent>>;
  readonly provisions: Map<string, Map<string, ProvisionRecord>>;
  readonly scalingPolicies: Map<string, readonly StoredScalingPolicy[]>;
  readonly scalingStates: Map<string, readonly StoredScalingState[]>;
  readonly plans: Map<string, Row<Plan>>;
  readonly operations: Map<string, Row<Operation>>;
  /** By operation, then by the move's index. */
  readonly journals: Map<string, Map<number, MoveRecord>>;
  readonly events: Map<string, EventTable>;
  /** By hash. */
  readonly tokens: Map<string, EnrolmentToken>;
  readonly agents: Map<string, AgentRecord>;
  readonly answers: Map<string, RememberedAnswer>;
  /** By cluster, then by `bucketKey`. */
  readonly metrics: Map<string, Map<string, MetricBucket>>;
}

export function createTables(): MemoryTables {
  return {
    nextOrdinal: 1,
    clusters: new Map(), settings: new Map(), nodeIntents: new Map(), provisions: new Map(), scalingPolicies: new Map(), scalingStates: new Map(), plans: new Map(), operations: new Map(),
    journals: new Map(), events: new Map(), tokens: new Map(), agents: new Map(), answers: new Map(), metrics: new Map(),
  };
}

export function bucketKey(bucket: Pick<MetricBucket, 'nodeId' | 'metric' | 'stepMs' | 'atMs'>): string {
  return `${bucket.stepMs}/${bucket.atMs}/${bucket.metric}/${bucket.nodeId ?? ''}`;
}

export function emptyLog(): EventTable {
  return { logged: [], prunedSequence: 0, prunedHash: CHAIN_START };
}

export function lastSequenceOf(log: EventTable | undefined): number {
  return log === undefined ? 0 : log.prunedSequence + log.logged.length;
}

/** Rows of one cluster, oldest first. */
export function rowsOf<T extends { readonly clusterId: string }>(table: ReadonlyMap<string, Row<T>>, clusterId: string): Row<T>[] {
  return [...table.values()].filter((row) => row.value.clusterId === clusterId).sort((a, b) => a.ordinal - b.ordinal);
}
