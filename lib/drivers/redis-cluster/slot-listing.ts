/** Which keys a source has in its slots and how large they are, asked before its slots are open or as they open. */
import { driverFailure } from './failures';
import { tooBig } from './key-transfer';
import type { Command, NodeClient } from './node-client';
import { bytesListOf, integerOf } from './replies';
import type { ByteString } from './resp';
import type { Carried, SlotBatch } from './slot-batch';
import { each, refusal } from './slot-replies';
import type { SizedKey } from './transfer-ends';

/** Keys asked for at a time, over all slots of a wave: so that an abort is near. Of each slot enough that a small one is known whole, and goes in one piece. */
const KEYS_LISTED_MAX = 1_600;
const KEYS_LISTED_PER_SLOT = { min: 130, max: 200 } as const;
/** Questions for sizes in one write: about 0.3 ms of the source's thread. */
const SIZES_PER_WRITE = 256;

/**
 * While the slots are closed, so that they are open for the shorter. A slot that cannot be
 * listed is listed behind the flag, which tells why.
 */
export async function listAhead({ ends, timeoutMs, clock }: SlotBatch, slots: readonly Carried[]): Promise<void> {
  const listedAtMs = clock.monotonicMs();
  const perSlot = listedPerSlot(slots);
  const listed = new Map<Carried, readonly ByteString[]>();
  await each(ends.source, slots, { timeoutMs, bytes: true }, ({ order: { slot } }) => [['CLUSTER', 'GETKEYSINSLOT', slot, perSlot]], (carried, [reply]) => {
    const list = bytesListOf(reply, 'CLUSTER GETKEYSINSLOT');
    if (!list.ok) return;
    carried.listedAheadAtMs = listedAtMs;
    carried.isLast = list.value.length < perSlot;
    listed.set(carried, list.value);
  });
  await sizeKeys(ends.source, listed, timeoutMs);
}

/** Sets the flag of slots that were listed before; those that had no key are empty if they have none behind it. */
export async function openListed({ ends, targetNodeId, timeoutMs }: SlotBatch, slots: readonly Carried[]): Promise<void> {
  const { address } = ends.source;
  await each(ends.source, slots, { timeoutMs }, ({ order: { slot }, keys }) => [
    ['CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetNodeId],
    ...(keys.length === 0 ? [['CLUSTER', 'COUNTKEYSINSLOT', slot] as const] : []),
  ], (carried, [flagged, counted]) => {
    const count = counted === undefined ? null : integerOf(counted, 'CLUSTER COUNTKEYSINSLOT');
    if (flagged?.ok === false) carried.failure = refusal(flagged.error, `${address}: SETSLOT ${carried.order.slot} MIGRATING`);
    else if (count?.ok === false) carried.failure = driverFailure(count.error, `${address}: CLUSTER COUNTKEYSINSLOT`);
    else if (count?.value === 0) carried.state = 'copied';
  });
}

function listedPerSlot(slots: readonly Carried[]): number {
  return Math.max(KEYS_LISTED_PER_SLOT.min, Math.min(KEYS_LISTED_PER_SLOT.max, Math.floor(KEYS_LISTED_MAX / slots.length)));
}

/**
 * Lists behind the flag, in one write, so that an empty list holds for a slot that
 * is closed to new keys. (Setting it each time would make the server write its
 * configuration file each time.)
 */
export async function listKeys({ ends, targetNodeId, timeoutMs }: SlotBatch, slots: readonly Carried[], { settingFlag }: { settingFlag: boolean }): Promise<void> {
  const { address } = ends.source;
  const perSlot = listedPerSlot(slots);
  const listed = new Map<Carried, readonly ByteString[]>();
  await each(ends.source, slots, { timeoutMs, bytes: true }, ({ order: { slot } }) => [
    ...(settingFlag ? [['CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetNodeId] as const] : []),
    ['CLUSTER', 'GETKEYSINSLOT', slot, perSlot],
  ], (carried, replies) => {
    const flagged = settingFlag ? replies[0] : undefined;
    const list = bytesListOf(replies.at(-1), 'CLUSTER GETKEYSINSLOT');
    if (flagged?.ok === false) carried.failure = refusal(flagged.error, `${address}: SETSLOT ${carried.order.slot} MIGRATING`);
    else if (!list.ok) carried.failure = driverFailure(list.error, `${address}: CLUSTER GETKEYSINSLOT`);
    else if (list.value.length === 0) carried.state = 'copied';
    else {
      listed.set(carried, list.value);
      carried.isLast = list.value.length < perSlot;
    }
  });
  await sizeKeys(ends.source, listed, timeoutMs);
}

async function sizeKeys(source: NodeClient, listed: ReadonlyMap<Carried, readonly ByteString[]>, timeoutMs: number): Promise<void> {
  const all: ByteString[] = [];
  for (const names of listed.values()) all.push(...names);
  const sized = await sizesOf(source, all, timeoutMs);
  let from = 0;
  for (const [carried, names] of listed) {
    carried.keys = sized.slice(from, from + names.length);
    from += names.length;
    for (const key of carried.keys) carried.failure ??= tooBig(key, carried.order.slot);
  }
}

async function sizesOf(source: NodeClient, names: readonly ByteString[], timeoutMs: number): Promise<readonly SizedKey[]> {
  const keys: SizedKey[] = [];
  for (let from = 0; from < names.length; from += SIZES_PER_WRITE) {
    const some = names.slice(from, from + SIZES_PER_WRITE);
    const sizes = await source.pipeline(some.map((name): Command => ['MEMORY', 'USAGE', name]), { timeoutMs });
    for (let at = 0; at < some.length; at += 1) {
      const size = integerOf(sizes[at], 'MEMORY USAGE');
      // Gone meanwhile, or not allowed to be asked for: MIGRATE will tell.
      keys.push({ name: some[at]!, bytes: size.ok ? size.value : 0 });
    }
  }
  return keys;
}

/** Bytes that the slots' keys take on the source, by a listing of each; 0 when it cannot be asked. */
export async function slotBytes({ ends, timeoutMs, slots }: SlotBatch): Promise<number> {
  let bytes = 0;
  for (const { slot } of slots) {
    const [counted, listed] = await ends.source.pipeline([['CLUSTER', 'COUNTKEYSINSLOT', slot], ['CLUSTER', 'GETKEYSINSLOT', slot, KEYS_LISTED_PER_SLOT.max]], { timeoutMs, bytes: true });
    const count = integerOf(counted, 'CLUSTER COUNTKEYSINSLOT');
    const names = bytesListOf(listed, 'CLUSTER GETKEYSINSLOT');
    if (!count.ok || !names.ok || names.value.length === 0) continue;
    const keys = await sizesOf(ends.source, names.value, timeoutMs);
    bytes += (keys.reduce((sum, key) => sum + key.bytes, 0) / keys.length) * count.value;
  }
  return bytes;
}
