import type { ConnectCluster } from './cluster';
import type { Connection } from './connection';
import type { DomainEvent, EventType } from './events';
import type { Freeze } from './health';
import type { Metric, MetricSeries } from './metrics';
import type { Lifecycle, Node } from './node';
import type { MoveRecord, MoveStatus, Operation } from './operation';
import type { Plan, PlanSummary } from './plan';
import type { ProvisionRecord } from './provisioner';
import type { VersionedSettings } from './settings';
import type { Result } from '@/lib/platform/result';

/** What we want of a node, kept over restarts; what we believe of it is observed anew. */
export interface NodeIntent {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly lifecycle: Lifecycle;
  readonly cordoned: boolean;
  readonly maintenanceUntilMs: number | null;
}

/** One generation of one policy. What is in it is parsed by whoever uses it, so that a bad one disables only itself. */
export interface StoredScalingPolicy {
  readonly pool: string;
  /** active, or the name of a shadow policy. */
  readonly role: string;
  readonly generation: number;
  readonly document: unknown;
}

/** What the scaler of one pool has to know over a restart: override, proposal, history. */
export interface StoredScalingState {
  readonly pool: string;
  readonly document: unknown;
}

export interface ClusterRecord {
  readonly id: string;
  readonly name: string;
  readonly environment: ConnectCluster['environment'];
  /** With secrets; never leaves the server. */
  readonly connection: Connection;
  readonly createdAtMs: number;
  readonly freeze: Freeze | null;
  /** Grows with each manager that takes the cluster over: the fencing token of every remote command. */
  readonly epoch: number;
}

/** A permission to enrol one node, once. The token itself is told when it is made and kept nowhere. */
export interface EnrolmentToken {
  /** SHA-256, hexadecimal. */
  readonly tokenHash: string;
  readonly clusterId: string;
  /** The node becomes a member as it enrols; otherwise an operator accepts it. */
  readonly acceptByRule: boolean;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** The node that used it; `null` = still to be used. */
  readonly usedByNodeId: string | null;
}

/** A node that was enrolled through its agent; kept after it has left, so that it cannot come back by itself. */
export interface AgentRecord {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly name: string;
  readonly address: string;
  readonly domain: Node['domain'];
  readonly engine: { readonly name: string; readonly version: string | null };
  /** SHA-256 of its credential, and of the key that it shows to other nodes; hexadecimal. */
  readonly credentialHash: string;
  readonly peerKeyHash: string;
  readonly enrolledAtMs: number;
  /** `null`: waits to be accepted, and owns nothing. */
  readonly acceptedAtMs: number | null;
  readonly removedAtMs: number | null;
  /** It was taken for dead and shards were given to others: what it says of these under a lower epoch counts for nothing until it has dropped them. */
  readonly fence?: AgentFence | null;
  /** Secondaries that do not have every acknowledged write of shards that it is the primary of. Stored before it acknowledges without them. */
  readonly behind?: readonly ShardBehind[];
}

export interface ShardBehind {
  readonly shardId: number;
  /** Of the shard, when they fell behind. */
  readonly epoch: number;
  readonly nodeIds: readonly string[];
}

/** What it holds of the shard under an epoch below `epoch` is outdated. */
export interface FencedShard {
  readonly shardId: number;
  readonly epoch: number;
  /** Who was to be its primary; `null` where it was a secondary. */
  readonly successorId: string | null;
}

export interface AgentFence {
  /** Under which it was silent; it is to come back under a higher one. */
  readonly incarnation: number;
  readonly shards: readonly FencedShard[];
}

/** One answered mutation: the same key with the same request gets the same answer. */
export interface RememberedAnswer {
  readonly key: string;
  /** Digest of method, path and body. */
  readonly requestDigest: string;
  readonly status: number;
  readonly body: string;
  readonly atMs: number;
}

/**
 * One change of what is stored. A commit applies a list of them in one transaction or
 * none: a 2xx is answered, and an effect is started, only after its commit.
 */
export type StoreWrite =
  | { readonly kind: 'insert-cluster'; readonly cluster: ClusterRecord; readonly settings: VersionedSettings }
  /** With all that hangs on it, except its events: the log outlives it, and may go on in the same commit. */
  | { readonly kind: 'delete-cluster'; readonly clusterId: string }
  | { readonly kind: 'set-freeze'; readonly clusterId: string; readonly freeze: Freeze | null }
  /** Compare-and-set: conflicts when the stored epoch is not `expectedEpoch`. */
  | { readonly kind: 'take-over'; readonly clusterId: string; readonly expectedEpoch: number; readonly epoch: number }
  /** Compare-and-set: conflicts when the stored generation is not `versioned.generation - 1`. */
  | { readonly kind: 'save-settings'; readonly clusterId: string; readonly versioned: VersionedSettings }
  /** Compare-and-set: conflicts when the newest generation of that policy is not `policy.generation - 1` (none = 0). */
  | { readonly kind: 'save-scaling-policy'; readonly clusterId: string; readonly policy: StoredScalingPolicy }
  /** All its generations. */
  | { readonly kind: 'delete-scaling-policy'; readonly clusterId: string; readonly pool: string; readonly role: string }
  | { readonly kind: 'save-scaling-state'; readonly clusterId: string; readonly state: StoredScalingState }
  | { readonly kind: 'save-node-intent'; readonly intent: NodeIntent }
  | { readonly kind: 'delete-node-intent'; readonly clusterId: string; readonly nodeId: string }
  /** By its intent; conflicts when the cluster's stored epoch is higher. */
  | { readonly kind: 'save-provision'; readonly provision: ProvisionRecord; readonly epoch: number }
  | { readonly kind: 'delete-provision'; readonly clusterId: string; readonly intentId: string }
  | { readonly kind: 'insert-plan'; readonly plan: Plan }
  /** Compare-and-set on the status. */
  | { readonly kind: 'set-plan-status'; readonly planId: string; readonly expected: Plan['status']; readonly status: Plan['status'] }
  /** `epoch` fences: conflicts when the cluster's stored epoch is higher. */
  | { readonly kind: 'insert-operation'; readonly operation: Operation; readonly moves: readonly MoveRecord[]; readonly epoch: number }
  /** The journal of an operation that was made without one; conflicts when it has one, or the epoch is outdated. */
  | { readonly kind: 'insert-moves'; readonly clusterId: string; readonly operationId: string; readonly moves: readonly MoveRecord[]; readonly epoch: number }
  /** Compare-and-set: conflicts when the stored version is not `operation.version - 1`, or the epoch is outdated. */
  | { readonly kind: 'save-operation'; readonly operation: Operation; readonly epoch: number }
  /** Compare-and-set: conflicts when the stored status is not `expected`, or the epoch is outdated. */
  | { readonly kind: 'save-move'; readonly clusterId: string; readonly operationId: string; readonly expected: MoveStatus; readonly move: MoveRecord; readonly epoch: number }
  /** Conflicts when the sequence is not the next of its cluster. The store chains the hashes. */
  | { readonly kind: 'append-event'; readonly event: DomainEvent }
  | { readonly kind: 'insert-enrolment-token'; readonly token: EnrolmentToken }
  /** Conflicts when the token was used, or had expired at the agent's enrolment. */
  | { readonly kind: 'enrol-agent'; readonly tokenHash: string; readonly agent: AgentRecord }
  | { readonly kind: 'save-agent'; readonly agent: AgentRecord }
  /** Takes back what nobody has used; conflicts when somebody has. */
  | { readonly kind: 'delete-enrolment-token'; readonly clusterId: string; readonly tokenHash: string }
  | { readonly kind: 'remember-answer'; readonly answer: RememberedAnswer };

export interface StoreConflict {
  readonly code: 'conflict' | 'already-exists' | 'not-found' | 'unavailable';
  readonly message: string;
  /** Position in the commit's list of the write that conflicted; -1 when the store itself failed. */
  readonly writeIndex: number;
}

/** `limit` is held to 1..1,000; `cursor` is the `nextCursor` of the page before, and any other selects nothing. */
export interface Page { readonly limit: number; readonly cursor: string | null }
export interface PageOf<T> { readonly items: readonly T[]; readonly nextCursor: string | null }

export interface EventQuery extends Page {
  readonly types: readonly EventType[] | null;
  readonly nodeId: string | null;
  readonly operationId: string | null;
  readonly severityMin: DomainEvent['severity'];
}

export interface MetricBucket {
  readonly clusterId: string;
  /** `null`: the cluster as a whole. */
  readonly nodeId: string | null;
  readonly metric: Metric;
  readonly stepMs: number;
  readonly atMs: number;
  readonly sum: number;
  readonly max: number;
  readonly sampleCount: number;
}

/** A log whose chain holds: what was verified. */
export interface VerifiedChain {
  readonly eventCount: number;
  /** Of the newest event, hex; the chain's beginning (64 zeros) while there is none. */
  readonly lastHash: string;
}

/** Where a log was altered: the first event that is missing, changed or not the one the log ended with. */
export interface ChainBreak {
  readonly code: 'broken-chain';
  readonly sequence: number;
  readonly message: string;
}

/** What the manager keeps. Implemented by lib/persistence on a database, and in memory for rehearsals and simulations. */
export interface Store {
  commit(writes: readonly StoreWrite[]): Promise<Result<void, StoreConflict>>;
  clusters(): Promise<readonly ClusterRecord[]>;
  settings(clusterId: string): Promise<VersionedSettings | null>;
  nodeIntents(clusterId: string): Promise<readonly NodeIntent[]>;
  /** Nodes that were asked for and not returned, by intent. */
  provisions(clusterId: string): Promise<readonly ProvisionRecord[]>;
  /** Every generation that is kept, by pool, then role, newest first. */
  scalingPolicies(clusterId: string): Promise<readonly StoredScalingPolicy[]>;
  /** By pool. */
  scalingStates(clusterId: string): Promise<readonly StoredScalingState[]>;
  plan(planId: string): Promise<Plan | null>;
  /** Whose plan it is, without reading its steps. */
  clusterOfPlan(planId: string): Promise<string | null>;
  plans(clusterId: string, page: Page): Promise<PageOf<PlanSummary>>;
  operation(operationId: string): Promise<Operation | null>;
  /** Newest first. */
  operations(clusterId: string, page: Page): Promise<PageOf<Operation>>;
  /** Not in a terminal status, oldest first: what a restarted manager picks up. */
  openOperations(clusterId: string): Promise<readonly Operation[]>;
  moves(operationId: string, range?: { readonly fromIndex: number; readonly limit: number }): Promise<{ readonly moves: readonly MoveRecord[]; readonly total: number }>;
  lastEventSequence(clusterId: string): Promise<number>;
  /** Newest first. */
  events(clusterId: string, query: EventQuery): Promise<PageOf<DomainEvent>>;
  /** Recomputes every hash of the cluster's log (D2), from where retention last cut it. */
  verifyEventChain(clusterId: string): Promise<Result<VerifiedChain, ChainBreak>>;
  enrolmentToken(tokenHash: string): Promise<EnrolmentToken | null>;
  /** Of one cluster, that nobody has used, newest first; at most 1,000. */
  unusedEnrolmentTokens(clusterId: string): Promise<readonly EnrolmentToken[]>;
  /** Of one cluster, removed ones included, in order of their ids. */
  agents(clusterId: string): Promise<readonly AgentRecord[]>;
  answer(key: string): Promise<RememberedAnswer | null>;
  /**
   * Adds to buckets that exist; not part of a transaction with anything else. Each bucket is of one
   * of ROLL_UPS' steps and begins at a multiple of it; those of clusters that are gone are dropped.
   */
  addMetrics(buckets: readonly MetricBucket[]): Promise<void>;
  /** One series per metric asked for, in that order, with a point for every step of [fromMs, toMs): a gap is `null`. */
  metrics(query: { clusterId: string; nodeId: string | null; metrics: readonly Metric[]; fromMs: number; toMs: number; pointsMax: number }): Promise<readonly MetricSeries[]>;
  /** Drops what its retention no longer covers. */
  prune(nowMs: number): Promise<void>;
  close(): Promise<void>;
}
