import type { RedisConnection } from '@/lib/contract/connection';
import type { DoubtfulKeys } from './doubtful-keys';
import type { Endpoint } from './endpoints';
import type { NodeClient } from './node-client';

export interface SizedKey {
  readonly name: Buffer;
  readonly bytes: number;
}

/** The two ends of a transfer: connections to ask on, and the address the source reaches the target at. */
export interface TransferEnds {
  readonly migrate: NodeClient;
  readonly source: NodeClient;
  readonly target: NodeClient;
  readonly targetEndpoint: Endpoint;
  readonly credentials: Pick<RedisConnection, 'username' | 'password'>;
  readonly commandTimeoutMs: number;
  /** Keys of this slot that a MIGRATE of ours may have left on both ends. */
  readonly doubtful: DoubtfulKeys;
  readonly targetHealth: TargetHealth;
}

/** Shared by all moves to one target: each try against a target that hangs stops the source for a second. */
export interface TargetHealth {
  isSuspect: boolean;
}
