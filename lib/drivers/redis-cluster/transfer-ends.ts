import type { RedisConnection } from '@/lib/contract/connection';
import type { DoubtfulKeys } from './doubtful-keys';
import type { Endpoint } from './endpoints';
import type { NodeClient } from './node-client';
import type { ByteString } from './resp';

export interface SizedKey {
  readonly name: ByteString;
  readonly bytes: number;
}

export function bytesOf(keys: readonly SizedKey[]): number {
  let bytes = 0;
  for (const key of keys) bytes += key.bytes;
  return bytes;
}

/** The two ends of a pair: connections to ask on, and the address the source reaches the target at. */
export interface PairEnds {
  readonly migrate: NodeClient;
  readonly source: NodeClient;
  readonly target: NodeClient;
  readonly targetEndpoint: Endpoint;
  readonly credentials: Pick<RedisConnection, 'username' | 'password'>;
  readonly commandTimeoutMs: number;
  readonly targetHealth: TargetHealth;
}

/** The same for the keys of one slot. */
export interface TransferEnds extends PairEnds {
  /** Keys of this slot that a MIGRATE of ours may have left on both ends. */
  readonly doubtful: DoubtfulKeys;
}

/** Shared by all moves to one target: each try against a target that hangs stops the source for a second. */
export interface TargetHealth {
  isSuspect: boolean;
}
