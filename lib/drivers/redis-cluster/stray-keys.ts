import type { DriverFailure } from '@/lib/contract/operation';
import type { StepContext } from '@/lib/drivers/driver';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ByteThrottle } from './byte-throttle';
import { driverFailure, failureOf, INTERRUPTED } from './failures';
import { keysOnTarget, keysWithSameValue } from './key-comparison';
import { migrateCommand, migrateTimeoutMs, tooBig } from './key-transfer';
import type { Command } from './node-client';
import { bytesListOf, integerOf } from './replies';
import type { TargetMemory } from './target-memory';
import type { SizedKey, TransferEnds } from './transfer-ends';
import { clearMark, leftByMark } from './unseen-keys';

/** MIGRATE stops both ends for as long as its keys take: some 2 ms. */
const KEYS_PER_MIGRATE = 50;
const BYTES_PER_MIGRATE = 256 * 1024;
const KEYS_LISTED = 200;
/** GETKEYSINSLOT always begins with the same keys, so those that stay are listed again and again. */
const KEPT_MAX = 5_000;

/** Keys of one slot on a node that does not serve it, on their way to the one that does. */
export interface Straying {
  readonly slot: number;
  readonly strayNodeId: string;
  readonly ownerNodeId: string;
  readonly ends: TransferEnds;
  readonly throttle: ByteThrottle;
  readonly memory: TargetMemory;
  readonly timeoutMs: number;
}

export interface Gathered {
  readonly keysMoved: number;
  readonly bytes: number;
  /** Keys that the owner has with another value; both stay. */
  readonly keysKept: number;
  readonly keptExample: string | null;
}

/**
 * Brings the keys of a slot from a node that does not own it to its owner, while clients
 * use the slot there. The node is told first who owns the slot, and marked as importing it:
 * a node that only has keys of a slot answers a client with MOVED, and would refuse MIGRATE
 * too, unless the slot is open on it. A key that the owner has as well is dropped here if
 * both values are the same; nothing is ever replaced over there, where clients write. With
 * another value both stay, and so does the mark, by which the operator can read the value
 * (ASKING) and everybody sees that the slot is not done.
 *
 * `redis-cli --cluster fix` uses the same mark, and replaces keys of the same value over
 * there, which undoes a write that came between its look and the replacement.
 */
export async function gatherStrays(straying: Straying, context: StepContext): Promise<Result<Gathered, DriverFailure>> {
  const { ends, slot, ownerNodeId, timeoutMs } = straying;
  const marked = await ends.source.pipeline([['CLUSTER', 'SETSLOT', slot, 'NODE', ownerNodeId], ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', ownerNodeId]], { timeoutMs });
  for (const reply of marked) if (!reply.ok) return err(driverFailure(reply.error, `${ends.source.address}: SETSLOT ${slot}`));
  let gathered: Gathered = { keysMoved: 0, bytes: 0, keysKept: 0, keptExample: null };
  const kept = new Set<string>();
  for (;;) {
    if (context.signal.aborted) return err(INTERRUPTED);
    const listed = await listKeys(straying, kept);
    if (!listed.ok) return listed;
    if (listed.value.length === 0) break;
    for (const keys of portionsOf(listed.value)) {
      const sent = await sendPortion(straying, keys, { context, kept });
      if (!sent.ok) return sent;
      gathered = { keysMoved: gathered.keysMoved + sent.value.keysMoved, bytes: gathered.bytes + sent.value.bytes, keysKept: kept.size, keptExample: gathered.keptExample ?? sent.value.keptExample };
      context.onProgress({ stage: 'copying', keysDone: gathered.keysMoved, bytesDone: gathered.bytes });
    }
    if (kept.size >= KEPT_MAX) break;
  }
  if (kept.size > 0) return ok(gathered);
  // The count comes with the mark's end in one write: nothing can have arrived in between, since only ASKING writes here.
  const left = leftByMark(await ends.source.pipeline(clearMark(slot), { timeoutMs }), { address: ends.source.address, slot });
  if (!left.ok) return left;
  if (left.value === 0) return ok(gathered);
  // With the mark they are found.
  await ends.source.call(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', ownerNodeId], { timeoutMs });
  return err(failureOf('verification-failed', `${ends.source.address} has ${left.value ?? 'an unknown number of'} keys of slot ${slot} again`, true));
}

async function listKeys({ ends, slot, timeoutMs }: Straying, kept: ReadonlySet<string>): Promise<Result<SizedKey[], DriverFailure>> {
  const list = bytesListOf(await ends.source.call(['CLUSTER', 'GETKEYSINSLOT', slot, kept.size + KEYS_LISTED], { timeoutMs, bytes: true }), 'CLUSTER GETKEYSINSLOT');
  if (!list.ok) return err(driverFailure(list.error, `${ends.source.address}: CLUSTER GETKEYSINSLOT`));
  const names = list.value.filter((name) => !kept.has(name.latin1));
  const sizes = await ends.source.pipeline(names.flatMap((name): Command[] => [['ASKING'], ['MEMORY', 'USAGE', name]]), { timeoutMs });
  return ok(names.map((name, index) => {
    const size = integerOf(sizes[2 * index + 1], 'MEMORY USAGE');
    // Gone meanwhile, or not allowed to be asked for: MIGRATE will tell.
    return { name, bytes: size.ok ? size.value : 0 };
  }));
}

function portionsOf(keys: readonly SizedKey[]): SizedKey[][] {
  const portions: SizedKey[][] = [];
  let bytes = Infinity;
  for (const key of keys) {
    const last = portions.at(-1);
    if (last === undefined || last.length >= KEYS_PER_MIGRATE || bytes + key.bytes > BYTES_PER_MIGRATE) {
      portions.push([key]);
      bytes = key.bytes;
    } else {
      last.push(key);
      bytes += key.bytes;
    }
  }
  return portions;
}

async function sendPortion(straying: Straying, keys: readonly SizedKey[], { context, kept }: { readonly context: StepContext; readonly kept: Set<string> }): Promise<Result<Gathered, DriverFailure>> {
  const { ends, throttle, memory, slot, ownerNodeId, timeoutMs } = straying;
  if (!await throttle.ready(context.signal)) return err(INTERRUPTED);
  const bytes = keys.reduce((sum, key) => sum + key.bytes, 0);
  const refused = keys.map((key) => tooBig(key, slot)).find((failure) => failure !== null) ?? await memory.refuses({ client: ends.target, nodeId: ownerNodeId, arrivingBytes: () => Promise.resolve(bytes) });
  if (refused !== null) return err(refused);
  throttle.spent(bytes);
  const present = await keysOnTarget(ends, keys);
  if (!present.ok) return present;
  const sent = await sendFresh(ends, keys.filter((key) => !present.value.has(key)));
  if (!sent.ok) return sent;
  let keysMoved = sent.value;
  let keptExample: string | null = null;
  for (const key of present.value) {
    const same = await keysWithSameValue(ends, [key]);
    if (same.ok) {
      const [, dropped] = await ends.source.pipeline([['ASKING'], ['UNLINK', key.name]], { timeoutMs });
      if (dropped?.ok !== true) return err(dropped === undefined ? failureOf('unexpected', 'A reply is missing') : driverFailure(dropped.error, `${ends.source.address}: UNLINK`));
      keysMoved += 1;
    } else if (same.error.code === 'busy-key') {
      kept.add(key.name.latin1);
      keptExample ??= same.error.message;
    } else {
      return same;
    }
  }
  return ok({ keysMoved, bytes, keysKept: kept.size, keptExample });
}

/** Never with REPLACE: over there clients write. One that came there meanwhile refuses all of them, and the next listing finds it on both; so does one whose answer was lost. */
async function sendFresh(ends: TransferEnds, keys: readonly SizedKey[]): Promise<Result<number, DriverFailure>> {
  if (keys.length === 0) return ok(0);
  const reply = await ends.migrate.call(migrateCommand(ends, keys, { replace: false }), { timeoutMs: migrateTimeoutMs(keys) + ends.commandTimeoutMs });
  if (reply.ok) return ok(keys.length);
  return reply.error.farCode === 'BUSYKEY' || reply.error.code === 'BUSYKEY' ? ok(0) : err(driverFailure(reply.error, `${ends.migrate.address}: MIGRATE`));
}
