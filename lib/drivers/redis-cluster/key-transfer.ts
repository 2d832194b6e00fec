import type { RedisConnection } from '@/lib/contract/connection';
import type { DriverFailure } from '@/lib/contract/operation';
import { err, ok, type Result } from '@/lib/platform/result';
import type { Endpoint } from './endpoints';
import { driverFailure, failureOf, type CommandFailure } from './failures';
import { keysWithSameValue } from './key-comparison';
import type { Command, NodeClient } from './node-client';
import { textOf } from './replies';

/**
 * MIGRATE gives up when the far end is silent for this long. The source serves nobody
 * meanwhile, so it is short; a large value gets the time to be restored on top.
 */
const IDLE_MS_MIN = 1_000;
const RESTORED_BYTES_PER_MS = 20_000;
/** A value above this does not fit into one RESTORE (proto-max-bulk-len, 512 MB by default). */
export const KEY_BYTES_MAX = 512 * 1024 * 1024;
const RETRIES_MAX = 3;

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
}

/**
 * Moves one batch of keys with MIGRATE, and once more where that is provably right:
 * - IOERR, or no answer: the batch may be on both sides and the source still answers,
 *   so it goes again at once, with REPLACE where the copies over there can only be ours.
 * - BUSYKEY: the target has a key that need not be ours. Only where both values are the
 *   same (what a former run left) is it replaced; else nothing is touched (busy-key).
 * A key that is gone (NOKEY) is fine: deleted, expired, or moved.
 */
export async function transferKeys(ends: TransferEnds, keys: readonly SizedKey[], { targetBeganEmpty }: {
  /** The target held no key of the slot when this run began: what it has of the source's keys now came from this run. */
  targetBeganEmpty: boolean;
}): Promise<Result<void, DriverFailure>> {
  let result = await migrate(ends, keys, { replace: false });
  for (let retry = 0; retry < RETRIES_MAX && !result.ok && isInDoubt(result.error); retry += 1) {
    result = await migrate(ends, keys, { replace: targetBeganEmpty });
  }
  if (!result.ok && result.error.farCode === 'BUSYKEY') {
    const same = await keysWithSameValue(ends, keys);
    if (!same.ok) return same;
    result = await migrate(ends, keys, { replace: true });
  }
  return result.ok ? result : err(driverFailure(result.error, `${ends.migrate.address}: MIGRATE`));
}

/** Did the command end without telling what it did? */
function isInDoubt(failure: CommandFailure): boolean {
  return failure.code === 'IOERR' || failure.kind === 'timeout' || failure.kind === 'connection';
}

async function migrate(ends: TransferEnds, keys: readonly SizedKey[], { replace }: { replace: boolean }): Promise<Result<void, CommandFailure>> {
  const bytes = keys.reduce((sum, key) => sum + key.bytes, 0);
  const idleMs = Math.ceil(IDLE_MS_MIN + bytes / RESTORED_BYTES_PER_MS);
  const { username, password } = ends.credentials;
  const auth = password === undefined || password === '' ? [] : username === undefined ? ['AUTH', password] : ['AUTH2', username, password];
  const command: Command = [
    'MIGRATE', ends.targetEndpoint.host, ends.targetEndpoint.port, '', 0, idleMs, ...(replace ? ['REPLACE'] : []), ...auth,
    'KEYS', ...keys.map((key) => key.name),
  ];
  // Connecting, sending and the answer each may take the idle time, behind what the source does already.
  const reply = await ends.migrate.call(command, { timeoutMs: 3 * idleMs + ends.commandTimeoutMs });
  const status = textOf(reply, 'MIGRATE');
  return status.ok ? ok(undefined) : status;
}

/** A key that cannot be moved at all; told before anything is tried. */
export function tooBig(key: SizedKey, slot: number): DriverFailure | null {
  if (key.bytes <= KEY_BYTES_MAX) return null;
  return failureOf('key-too-big', `A key of slot ${slot} takes ${key.bytes} bytes, more than the ${KEY_BYTES_MAX} that fit into one RESTORE; split or delete it first`);
}
