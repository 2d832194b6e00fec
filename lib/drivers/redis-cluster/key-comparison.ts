import type { DriverFailure } from '@/lib/contract/operation';
import { err, ok, type Result } from '@/lib/platform/result';
import { driverFailure, failureOf } from './failures';
import type { SizedKey, TransferEnds } from './transfer-ends';
import type { CallOptions, Command } from './node-client';
import type { CommandResult, Reply } from './replies';
import { ByteString, textOfBytes } from './resp';

/** Larger values are not fetched to be compared: both ends would stop for it, and we would hold them. */
const COMPARED_BYTES_MAX = 8 * 1024 * 1024;
/** DUMP ends with 2 bytes of format version and 8 of checksum, which differ between server versions. */
const DUMP_FOOTER_BYTES = 10;

/**
 * Finds the keys that both ends hold and compares their values. Succeeds only when every
 * one is the same on both ends; else `busy-key`: the target may hold a newer value, and
 * nobody but the operator can say which one counts.
 */
export async function keysWithSameValue(ends: TransferEnds, keys: readonly SizedKey[]): Promise<Result<void, DriverFailure>> {
  for (const key of keys) {
    const same = await isSame(ends, key);
    if (!same.ok) return same;
    if (!same.value) {
      return err(failureOf('busy-key', `Key ${printable(key.name)} is on both ends with different values; nothing was overwritten. `
        + `Compare it on ${ends.source.address} and on ${ends.target.address} (ASKING first), keep one, then go on`));
    }
  }
  return ok(undefined);
}

/** Which of these keys the target has already. */
export async function keysOnTarget<K extends SizedKey>(ends: TransferEnds, keys: readonly K[]): Promise<Result<Set<K>, DriverFailure>> {
  const asked = keys.flatMap((key): Command[] => [['ASKING'], ['EXISTS', key.name]]);
  const replies = await ends.target.pipeline(asked, { timeoutMs: ends.commandTimeoutMs });
  const present = new Set<K>();
  for (const [index, key] of keys.entries()) {
    const reply = replies[2 * index + 1];
    if (reply?.ok !== true) return broken(ends.target.address, reply);
    if (reply.value !== 0) present.add(key);
  }
  return ok(present);
}

/**
 * The answers of target and source, in this order. ASKING holds for the next command alone,
 * and one pipeline runs without others in between. It opens the end that imports the slot:
 * the target, or a node whose stray keys go to the owner; the other one pays no heed to it.
 */
async function bothAsked({ source, target }: TransferEnds, command: Command, options: CallOptions): Promise<[CommandResult | undefined, CommandResult | undefined]> {
  const [[, there], [, here]] = await Promise.all([target.pipeline([['ASKING'], command], options), source.pipeline([['ASKING'], command], options)]);
  return [there, here];
}

async function isSame(ends: TransferEnds, key: SizedKey): Promise<Result<boolean, DriverFailure>> {
  const options = { timeoutMs: ends.commandTimeoutMs, bytes: true };
  const [onTarget, onSource] = await bothAsked(ends, ['EXISTS', key.name], options);
  // EXISTS of a key that the source no longer has is answered by ASK.
  if (onSource?.ok !== true) return onSource?.error.code === 'ASK' ? ok(true) : broken(ends.source.address, onSource);
  if (onTarget?.ok !== true) return broken(ends.target.address, onTarget);
  if (onSource.value === 0 || onTarget.value === 0) return ok(true);
  if (key.bytes > COMPARED_BYTES_MAX) return ok(false);
  return await haveSameContent(ends, key);
}

async function haveSameContent(ends: TransferEnds, key: SizedKey): Promise<Result<boolean, DriverFailure>> {
  const options = { timeoutMs: ends.commandTimeoutMs, bytes: true };
  const dump: Command = ['DUMP', key.name];
  const [there, here] = await bothAsked(ends, dump, options);
  if (here?.ok !== true) return here?.error.code === 'ASK' ? ok(true) : broken(ends.source.address, here);
  if (there?.ok !== true) return broken(ends.target.address, there);
  if (!(here.value instanceof ByteString) || !(there.value instanceof ByteString)) return ok(true);
  if (withoutFooter(here.value) === withoutFooter(there.value)) return ok(true);
  return await haveSameMembers(ends, key);
}

/** One value can be stored in several ways: an unordered type is compared by its members in sorted order. */
async function haveSameMembers(ends: TransferEnds, key: SizedKey): Promise<Result<boolean, DriverFailure>> {
  const options = { timeoutMs: ends.commandTimeoutMs, bytes: true };
  const [, type] = await ends.source.pipeline([['ASKING'], ['TYPE', key.name]], { timeoutMs: ends.commandTimeoutMs });
  const command = type?.ok === true && typeof type.value === 'string' ? contentCommand(type.value, key.name) : null;
  if (command === null) return ok(false);
  const [there, here] = await bothAsked(ends, command, options);
  if (here?.ok !== true) return broken(ends.source.address, here);
  if (there?.ok !== true) return broken(ends.target.address, there);
  const width = command[0] === 'SMEMBERS' ? 1 : 2;
  return ok(command[0] === 'LRANGE' ? JSON.stringify(flat(here.value)) === JSON.stringify(flat(there.value)) : rowsOf(here.value, width) === rowsOf(there.value, width));
}

function contentCommand(type: string, key: ByteString): Command | null {
  switch (type) {
    case 'set': return ['SMEMBERS', key];
    case 'hash': return ['HGETALL', key];
    case 'zset': return ['ZRANGE', key, 0, -1, 'WITHSCORES'];
    case 'list': return ['LRANGE', key, 0, -1];
    // A string has one form of storage; streams and modules are told apart by DUMP alone.
    default: return null;
  }
}

function flat(reply: Reply): string[] {
  return Array.isArray(reply) ? (reply as readonly Reply[]).map((item) => item instanceof ByteString ? item.latin1 : JSON.stringify(item)) : [];
}

function rowsOf(reply: Reply, width: number): string {
  const items = flat(reply);
  const rows: string[] = [];
  for (let i = 0; i < items.length; i += width) rows.push(JSON.stringify(items.slice(i, i + width)));
  return rows.sort().join(',');
}

function withoutFooter({ latin1 }: ByteString): string {
  return latin1.slice(0, Math.max(0, latin1.length - DUMP_FOOTER_BYTES));
}

function broken(address: string, result: CommandResult | undefined): Result<never, DriverFailure> {
  return err(result?.ok === false ? driverFailure(result.error, address) : failureOf('unexpected', `${address}: a reply is missing`));
}

/** Key names are bytes; what is not plain text is shown as hex. */
export function printable({ latin1 }: ByteString): string {
  const text = textOfBytes(latin1);
  return /^[\x20-\x7e]{1,200}$/.test(text) ? `"${text}"` : `0x${Buffer.from(latin1.slice(0, 64), 'latin1').toString('hex')}`;
}
