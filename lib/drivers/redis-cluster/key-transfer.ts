import type { DriverFailure } from '@/lib/contract/operation';
import { err, ok, type Result } from '@/lib/platform/result';
import { driverFailure, failureOf, type CommandFailure } from './failures';
import { keysOnTarget, keysWithSameValue } from './key-comparison';
import type { Command } from './node-client';
import { textOf } from './replies';
import type { Argument } from './resp';
import { bytesOf, type PairEnds, type SizedKey, type TransferEnds } from './transfer-ends';

/**
 * MIGRATE gives up when the far end is silent for this long. The source serves nobody
 * meanwhile, so it is short; a large value gets the time to be restored on top.
 */
const IDLE_MS_MIN = 1_000;
export const RESTORED_BYTES_PER_MS = 20_000;
/** A value above this does not fit into one RESTORE (proto-max-bulk-len, 512 MB by default). */
export const KEY_BYTES_MAX = 512 * 1024 * 1024;
const TRIES_MAX = 3;

/**
 * Moves one batch of keys with MIGRATE.
 * - IOERR, or no answer: a key may be on both ends, and the source still answers for it.
 *   It goes again at once, and in any later try of ours, with REPLACE: the copy is ours.
 * - BUSYKEY, or (in a slot that had keys over there when this run began) a key that the
 *   target has: replaced only where both values are the same, as a former manager's try
 *   leaves them; else nothing is touched (`busy-key`), since the newer may be over there.
 * - NOKEY is fine: deleted, expired, or moved by the try before.
 */
export async function transferKeys(ends: TransferEnds, keys: readonly SizedKey[], { targetBeganEmpty }: { targetBeganEmpty: boolean }): Promise<Result<void, DriverFailure>> {
  const present = targetBeganEmpty ? ok(new Set<SizedKey>()) : await keysOnTarget(ends, keys);
  if (!present.ok) return present;
  const strange = keys.filter((key) => present.value.has(key) && !ends.doubtful.has(key.name));
  if (strange.length > 0) {
    const same = await keysWithSameValue(ends, strange);
    if (!same.ok) return same;
  }
  const isReplaced = (key: SizedKey) => present.value.has(key) || ends.doubtful.has(key.name);
  for (const replace of [true, false]) {
    const group = keys.filter((key) => isReplaced(key) === replace);
    const sent = group.length === 0 ? ok(undefined) : await sendGroup(ends, group, replace);
    if (!sent.ok) return sent;
  }
  return ok(undefined);
}

async function sendGroup(ends: TransferEnds, keys: readonly SizedKey[], replaceAtFirst: boolean): Promise<Result<void, DriverFailure>> {
  const where = `${ends.migrate.address}: MIGRATE`;
  let replace = replaceAtFirst;
  let last: CommandFailure | null = null;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if (ends.targetHealth.isSuspect) {
      const answer = await ends.target.call(['PING'], { timeoutMs: ends.commandTimeoutMs });
      if (!answer.ok) return err(driverFailure(answer.error, `${ends.target.address}: no MIGRATE to a target that does not answer`));
      ends.targetHealth.isSuspect = false;
    }
    const result = await migrate(ends, keys, { replace });
    if (result.ok) {
      ends.doubtful.settle(keys);
      return ok(undefined);
    }
    last = result.error;
    if (isInDoubt(result.error)) {
      ends.doubtful.add(keys);
      ends.targetHealth.isSuspect = true;
    } else if (result.error.farCode === 'BUSYKEY' && !replace) {
      const same = await keysWithSameValue(ends, keys);
      if (!same.ok) return same;
    } else {
      return err(driverFailure(result.error, where));
    }
    replace = true;
  }
  return err(last === null ? failureOf('unexpected', `${where} was not tried`) : driverFailure(last, where));
}

/** Did the command end without telling what it did? */
export function isInDoubt(failure: CommandFailure): boolean {
  return failure.code === 'IOERR' || failure.kind === 'timeout' || failure.kind === 'connection';
}

async function migrate(ends: TransferEnds, keys: readonly SizedKey[], { replace }: { replace: boolean }): Promise<Result<void, CommandFailure>> {
  const reply = await ends.migrate.call(migrateCommand(ends, keys, { replace }), { timeoutMs: migrateTimeoutMs(keys) + ends.commandTimeoutMs });
  const status = textOf(reply, 'MIGRATE');
  return status.ok ? ok(undefined) : status;
}

export function migrateCommand(ends: PairEnds, keys: readonly SizedKey[], { replace }: { replace: boolean }): Command {
  const { username, password } = ends.credentials;
  const auth = password === undefined || password === '' ? [] : username === undefined ? ['AUTH', password] : ['AUTH2', username, password];
  const command: [string, ...Argument[]] = ['MIGRATE', ends.targetEndpoint.host, ends.targetEndpoint.port, '', 0, idleMs(keys), ...(replace ? ['REPLACE'] : []), ...auth, 'KEYS'];
  for (const { name } of keys) command.push(name);
  return command;
}

/** Connecting, sending and the answer each may take the idle time. */
export function migrateTimeoutMs(keys: readonly SizedKey[]): number {
  return 3 * idleMs(keys);
}

function idleMs(keys: readonly SizedKey[]): number {
  return Math.ceil(IDLE_MS_MIN + bytesOf(keys) / RESTORED_BYTES_PER_MS);
}

/** A key that cannot be moved at all; told before anything is tried. */
export function tooBig(key: SizedKey, slot: number): DriverFailure | null {
  if (key.bytes <= KEY_BYTES_MAX) return null;
  return failureOf('key-too-big', `A key of slot ${slot} takes ${key.bytes} bytes, more than the ${KEY_BYTES_MAX} that fit into one RESTORE; split or delete it first`);
}
