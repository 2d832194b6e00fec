import type { DriverFailure } from '@/lib/contract/operation';
import type { BatchContext } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import type { ByteThrottle } from './byte-throttle';
import type { DoubtfulKeys } from './doubtful-keys';
import type { HandOverGroups } from './hand-over-groups';
import type { HandOvers } from './hand-overs';
import type { MigrationLane } from './migration-lane';
import type { NodeClient } from './node-client';
import type { OneRole } from './one-role';
import type { ProgressReport } from './progress-report';
import type { StaleClaims } from './stale-claims';
import type { PairEnds, SizedKey } from './transfer-ends';

/** One slot of a batch. */
export interface SlotOrder {
  readonly slot: number;
  /** Its place among the moves that were asked for. */
  readonly position: number;
  /**
   * False after a failover of the source: what a node thinks of a slot that it imports is
   * frozen, so the target takes the dead source for the owner and refuses to serve.
   */
  readonly isOwnerKnownToTarget: boolean;
  /** The target owns it already and keys of it are left behind. */
  readonly isTargetOwner: boolean;
  readonly doubtful: DoubtfulKeys;
}

/** Slots on their way between the same two nodes, with everybody who must be told. */
export interface SlotBatch {
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly ends: PairEnds;
  /** Control connections of the primaries that are neither end. */
  readonly others: readonly NodeClient[];
  readonly lane: MigrationLane;
  /** Bursts: a source waits for its target inside MIGRATE and answers nobody meanwhile (M22). */
  readonly turns: OneRole;
  readonly handOvers: HandOvers;
  readonly handOverGroups: HandOverGroups<SlotBatch, Carried>;
  readonly staleClaims: StaleClaims;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly slots: readonly SlotOrder[];
}

/** A slot of the batch as far as it has come. */
export interface Carried {
  readonly order: SlotOrder;
  readonly progress: ProgressReport;
  /** Had the target no key of it when this run began? */
  targetBeganEmpty: boolean;
  /** Keys listed and not sent yet; `isLast`: the source has no others. */
  keys: readonly SizedKey[];
  isLast: boolean;
  /** When they were listed while the slot was closed still, monotonic; null once it is open. */
  listedAheadAtMs: number | null;
  /** The source had no key of it at some time after this, monotonic. */
  emptySinceMs: number;
  state: 'copying' | 'copied' | 'handed-over';
  failure: DriverFailure | null;
}

export interface Copying {
  readonly context: BatchContext;
  readonly throttle: ByteThrottle;
}
