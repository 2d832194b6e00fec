/** What somebody else leaves behind on a real cluster: slots that nobody serves, slots left half moved, keys where nobody looks for them. */
import { hashSlotOf } from '../../scripts/redis/hash-slot';
import type { RedisProcess } from '../../scripts/redis/redis-process';

const SLOT_COUNT = 16_384;
let tags = 0;

/** A hash tag whose slot the primary with this index serves in a new cluster of so many; every call gives another slot. */
export function freshTag({ owner, primaries }: { readonly owner: number; readonly primaries: number }): { readonly tag: string; readonly slot: number } {
  for (;;) {
    tags += 1;
    const slot = hashSlotOf(`tag${tags}`);
    const boundary = (index: number) => Math.floor((index * SLOT_COUNT) / primaries);
    if (slot >= boundary(owner) && slot < boundary(owner + 1)) return { tag: `{tag${tags}}`, slot };
  }
}

const idOf = async (node: RedisProcess) => String(await node.call('CLUSTER', 'MYID'));

/** Keys on a node that does not serve them; nothing there says so afterwards. */
export async function strayKeys(slot: number, { on, owner, pairs }: { readonly on: RedisProcess; readonly owner: RedisProcess; readonly pairs: readonly (readonly [string, string])[] }): Promise<void> {
  await on.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(owner));
  for (const [key, value] of pairs) {
    await on.call('ASKING');
    await on.call('SET', key, value);
  }
  await on.call('CLUSTER', 'SETSLOT', slot, 'STABLE');
}

/** Newer servers tell keys of a slot that they neither serve nor import only under such a mark. */
export async function countUnderMark(slot: number, { on, other }: { readonly on: RedisProcess; readonly other: RedisProcess }): Promise<number> {
  const count = async () => Number(await on.call('CLUSTER', 'COUNTKEYSINSLOT', slot));
  const plain = await count();
  if (plain > 0) return plain;
  // Refused by a node that serves the slot: its 0 is a true one.
  const marked = await on.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(other)).then(() => true, () => false);
  if (!marked) return plain;
  const keys = await count();
  await on.call('CLUSTER', 'SETSLOT', slot, 'STABLE');
  return keys;
}

/** Every node forgets its owner. From then on nodes may serve nothing at all (cluster-require-full-coverage). */
export async function leaveToNobody(slot: number, nodes: readonly RedisProcess[]): Promise<void> {
  for (const node of nodes) await node.call('CLUSTER', 'DELSLOTS', slot).catch(() => undefined);
}

/** As a reshard that ended after these keys. */
export async function leaveHalfMoved(slot: number, { from, to, moved }: { readonly from: RedisProcess; readonly to: RedisProcess; readonly moved: readonly string[] }): Promise<void> {
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from));
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to));
  const [host, port] = to.address.split(':') as [string, string];
  if (moved.length > 0) await from.call('MIGRATE', host, port, '', 0, 1_000, 'KEYS', ...moved);
}
