import type { Connection } from '@/lib/contract/connection';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { DomainEvent, ShardMoved } from '@/lib/contract/events';
import type { Node } from '@/lib/contract/node';
import type { MoveRecord } from '@/lib/contract/operation';
import type { ShardTable } from '@/lib/contract/shard-table';
import type { ClusterDriver } from '@/lib/drivers/driver';

/** What the manager tells the outside after it is stored. Never throws, never waits. */
export interface Publisher {
  /** The picture of the cluster changed: a new revision, an operation's progress, a setting. */
  clusterChanged(change: ClusterChange): void;
  eventAppended(event: DomainEvent): void;
  shardMoved(moved: ShardMoved): void;
  clusterGone(clusterId: string): void;
}

export interface ClusterChange {
  readonly clusterId: string;
  readonly epoch: number;
  readonly revision: number;
}

/** What the realtime gateway and the API read; always the newest, never waits. */
export interface ClusterView {
  readonly summary: ClusterSummary;
  /** Sorted by id. */
  readonly nodes: readonly Node[];
  readonly shards: ShardTable;
  readonly movesInFlight: readonly MoveInFlight[];
}

export type MoveInFlight = MoveRecord & { readonly operationId: string };

/** Makes the driver for a connection; given by the composition root. */
export type CreateDriver = (connection: Connection, options: { readonly clusterId: string }) => ClusterDriver;
