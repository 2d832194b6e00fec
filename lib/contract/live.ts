import type { ClusterSummary } from './cluster';
import type { DomainEvent } from './events';
import type { Node } from './node';
import type { MoveStatus } from './operation';
import type { ShardQuality } from './shard-table';
import * as z from 'zod';
import { IdSchema } from './primitives';
import { LIVE_VIEWS } from './vocabulary';

export { EVENTS_LIVE_MAX, HEARTBEAT_MS, LIVE_VIEWS, NODE_METRIC_COLUMNS } from './vocabulary';

/**
 * The live protocol. A client subscribes to the views it shows; it gets one snapshot
 * per view and then deltas. (epoch, revision) strictly increases per client and view;
 * a delta applies only when its `fromRevision` and `epoch` are the client's own, any
 * gap asks for a snapshot again (`resync`). Delivery is at most once: nothing here is
 * a command, and every alarm is also in the event log.
 */
export const LiveViewSchema = z.enum(LIVE_VIEWS);
export type LiveView = z.infer<typeof LiveViewSchema>;

export const SubscriptionSchema = z.strictObject({ clusterId: IdSchema, view: LiveViewSchema });
export type Subscription = z.infer<typeof SubscriptionSchema>;

/** Shard columns of all rows (snapshot) or of `indexes` (delta), little-endian bytes of the named element type. */
export interface WireShardRows {
  /** Int16, rows x replicaMax. */
  readonly replicas: Uint8Array;
  /** Float64. */
  readonly sizeBytes: Uint8Array;
  /** Float64. */
  readonly keyCount: Uint8Array;
  /** Float32 each. */
  readonly cpu: Uint8Array;
  readonly readsPerSecond: Uint8Array;
  readonly writesPerSecond: Uint8Array;
  readonly networkBytesPerSecond: Uint8Array;
}

export interface WireShardTable extends WireShardRows {
  readonly shardCount: number;
  readonly replicaMax: number;
  readonly nodeIds: readonly string[];
  readonly quality: ShardQuality;
}

export interface WireShardDelta extends WireShardRows {
  /** Uint32, the rows that changed. */
  readonly indexes: Uint8Array;
  /** The whole dictionary when it grew, else null. */
  readonly nodeIds: readonly string[] | null;
}

/** Columns of NODE_METRIC_COLUMNS, Float64, row-major, one row per entry of `nodeIndexes`. NaN = unknown. */
export interface WireNodeMetrics {
  /** Uint16: positions in the node list of the client's present snapshot (sorted by id). */
  readonly nodeIndexes: Uint8Array;
  readonly values: Uint8Array;
}

/** One move on its way, for flows and the live page. */
export interface LiveMove {
  readonly operationId: string;
  readonly index: number;
  readonly shardId: number;
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly status: MoveStatus;
  readonly bytes: number | null;
  readonly bytesDone: number;
}

interface LiveHead {
  readonly clusterId: string;
  /** Of the manager that sent it; a new one starts every client over. */
  readonly epoch: number;
  readonly sentAtMs: number;
}

export type LiveSnapshot = LiveHead & { readonly revision: number } & (
  | { readonly view: 'summary'; readonly summary: ClusterSummary }
  /** Sorted by id. */
  | { readonly view: 'nodes'; readonly nodes: readonly Node[] }
  | { readonly view: 'shards'; readonly table: WireShardTable }
  | { readonly view: 'moves'; readonly moves: readonly LiveMove[] }
  /** The newest EVENTS_LIVE_MAX, newest first. */
  | { readonly view: 'events'; readonly events: readonly DomainEvent[] }
);

export type LiveDelta = LiveHead & { readonly fromRevision: number; readonly toRevision: number } & (
  /** Top-level fields that changed. */
  | { readonly view: 'summary'; readonly patch: Partial<ClusterSummary> }
  /** `upserts` are whole rows (new, or with more than numbers changed) and keep the list sorted by id; `metrics` refers to the list after upserts and removals. */
  | { readonly view: 'nodes'; readonly upserts: readonly Node[]; readonly removed: readonly string[]; readonly metrics: WireNodeMetrics | null }
  | { readonly view: 'shards'; readonly rows: WireShardDelta }
  /** At most the moves in flight: sent whole. */
  | { readonly view: 'moves'; readonly moves: readonly LiveMove[] }
  /** Newest first. */
  | { readonly view: 'events'; readonly events: readonly DomainEvent[] }
);

/** The cluster is gone (disconnected) or was never there. */
export interface LiveGone { readonly clusterId: string; readonly view: LiveView }

export interface FleetEntry {
  readonly id: string;
  readonly name: string;
  readonly environment: ClusterSummary['environment'];
  readonly kind: ClusterSummary['kind'];
  readonly healthStatus: ClusterSummary['health']['status'];
}

export interface ServerToClientEvents {
  snapshot: (message: LiveSnapshot) => void;
  delta: (message: LiveDelta) => void;
  gone: (message: LiveGone) => void;
  /** All clusters, on connect and whenever one comes, goes or changes health. */
  fleet: (clusters: readonly FleetEntry[]) => void;
  /** Every `HEARTBEAT_MS`, so that a client tells a quiet server from a lost one. */
  heartbeat: (message: { readonly sentAtMs: number }) => void;
}

export interface ClientToServerEvents {
  subscribe: (subscription: Subscription) => void;
  unsubscribe: (subscription: Subscription) => void;
  /** Asks for a snapshot of a subscribed view again. */
  resync: (subscription: Subscription) => void;
}

