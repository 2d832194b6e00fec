import type { AgentView, OpenToken } from '@/lib/contract/agents';
import type { Connection } from '@/lib/contract/connection';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { DomainEvent, ShardMoved } from '@/lib/contract/events';
import type { Node } from '@/lib/contract/node';
import type { MoveRecord } from '@/lib/contract/operation';
import type { NodeProvisioner, ProvisionerOffer } from '@/lib/contract/provisioner';
import type { ClusterRecord } from '@/lib/contract/storage';
import type { ShardTable } from '@/lib/contract/shard-table';
import type { ClusterDriver } from '@/lib/drivers/driver';
import type { CommandResult } from './commands';

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

/** Which provisioners there are, and for which clusters; given by the composition root. */
export interface ProvisionerCatalogue {
  offered(kind: Connection['kind']): readonly ProvisionerOffer[];
  /** `null`: there is none of that name for this cluster. */
  open(name: string, cluster: ClusterRecord): NodeProvisioner | null;
}

/** Makes the driver for a connection; given by the composition root. */
export type CreateDriver = (connection: Connection, options: { readonly clusterId: string }) => ClusterDriver;

/** What an operator does with agents besides what every cluster has; given by the composition root. */
export interface AgentAdmin {
  /** Enrolled agents, those that left included; null when the cluster is not one of agents. */
  list(clusterId: string): Promise<readonly AgentView[] | null>;
  /** A permission to enrol one node, told once. */
  issueToken(clusterId: string, options: { readonly acceptByRule: boolean; readonly ttlMs?: number | undefined }): Promise<CommandResult<{ readonly tokenId: string; readonly token: string; readonly expiresAtMs: number }>>;
  /** Permissions that nobody has used; null when the cluster is not one of agents. */
  openTokens(clusterId: string): Promise<readonly OpenToken[] | null>;
  revokeToken(clusterId: string, tokenId: string): Promise<CommandResult<null>>;
  /** Makes the shards of a cluster that has none, spread over its members and their zones. */
  createShards(clusterId: string, options: { readonly epoch: number }): Promise<CommandResult<{ readonly shardsCreated: number }>>;
}
