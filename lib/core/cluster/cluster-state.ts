import type { EngineFacts, EngineWarning } from '@/lib/contract/observation';
import type { Node } from '@/lib/contract/node';
import type { ShardTable } from '@/lib/contract/shard-table';

/**
 * Everything known about one cluster at one revision. Immutable: `applyObservation` and
 * the node-intent functions return the next one. Views, plans and deltas name the
 * revision they were made from.
 */
export interface ClusterState {
  readonly clusterId: string;
  /** Of the manager's authority (fencing); a new manager has a higher one. */
  readonly epoch: number;
  /** Grows by one with every change. */
  readonly revision: number;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly shards: ShardTable;
  readonly engine: EngineFacts | null;
  readonly warnings: readonly EngineWarning[];
  /** Moves that have begun and not ended: planning counts them as already landing. */
  readonly inFlight: readonly InFlightMove[];
  /** Wall time of the last complete reading; `null` = never. Shown to people. */
  readonly observedAtMs: number | null;
  /** The same by the monotonic clock; decides staleness. */
  readonly observedMonotonicMs: number | null;
  /** When the shard table was last read, by the monotonic clock: it is read more rarely than the nodes. */
  readonly placementMonotonicMs: number | null;
}

export interface InFlightMove {
  readonly shardId: number;
  readonly role: 'primary' | 'secondary';
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly bytes: number | null;
}

/** Leaders carry shards of their own; followers only mirror. */
export function isLeader(node: Node): boolean {
  return node.followerOf === null;
}

/** P5: may a new replica be placed on it? (Capacity and disk line are constraints of their own.) */
export function acceptsPlacement(node: Node, nowMs: number): boolean {
  return isLeader(node)
    && node.lifecycle === 'active'
    && node.liveness === 'alive'
    && !node.cordoned
    && (node.quarantinedUntilMs === null || node.quarantinedUntilMs <= nowMs)
    && (node.maintenanceUntilMs === null || node.maintenanceUntilMs <= nowMs);
}
