import type { KeyOverlap } from '@/lib/core/mending/shard-facts';
import { printable } from './key-comparison';
import type { Command, NodeClient } from './node-client';
import { bytesListOf, integerOf } from './replies';
import { underMark } from './unseen-keys';

/** Keys that one look looks up, shared out over the slots. */
const KEYS_PER_LOOK = 4_096;
const KEYS_PER_SLOT_MAX = 100;
const EXAMPLE_LENGTH_MAX = 60;

interface Asking {
  readonly clientOf: (nodeId: string) => NodeClient | null;
  /** See unseen-keys.ts. */
  readonly hidesUnserved: (nodeId: string) => boolean;
  readonly timeoutMs: number;
}

/** A slot with one owner, and nodes that have keys of it and do not serve it. */
interface Strayed {
  readonly slot: number;
  readonly ownerId: string;
  readonly holderIds: readonly string[];
}

/** Whether owners have the keys too that others have of their slots. A slot whose owner cannot be asked is left out: it serves no keys now, or another slot. */
export async function overlapsOf(strayed: readonly Strayed[], { clientOf, hidesUnserved, timeoutMs }: Asking): Promise<Map<number, KeyOverlap>> {
  const overlaps = new Map<number, KeyOverlap>();
  const pairs = strayed.reduce((sum, { holderIds }) => sum + holderIds.length, 0);
  const keysEach = Math.max(1, Math.min(KEYS_PER_SLOT_MAX, Math.floor(KEYS_PER_LOOK / Math.max(1, pairs))));
  for (const { slot, ownerId, holderIds } of strayed) {
    const owner = clientOf(ownerId);
    let overlap: KeyOverlap | null = { examined: 0, shared: 0, sharedExample: null };
    for (const holderId of holderIds) {
      const holder = clientOf(holderId);
      const one = owner === null || holder === null ? null : await overlapOf(slot, { owner, holder, markedBy: hidesUnserved(holderId) ? ownerId : null }, { keysEach, timeoutMs });
      overlap = one === null || overlap === null ? null : { examined: overlap.examined + one.examined, shared: overlap.shared + one.shared, sharedExample: overlap.sharedExample ?? one.sharedExample };
    }
    if (overlap !== null) overlaps.set(slot, overlap);
  }
  return overlaps;
}

async function overlapOf(slot: number, { owner, holder, markedBy }: { readonly owner: NodeClient; readonly holder: NodeClient; readonly markedBy: string | null }, { keysEach, timeoutMs }: { readonly keysEach: number; readonly timeoutMs: number }): Promise<KeyOverlap | null> {
  const question: Command = ['CLUSTER', 'GETKEYSINSLOT', slot, keysEach];
  const answers = await holder.pipeline(markedBy === null ? [question] : underMark(slot, markedBy, question), { timeoutMs, bytes: true });
  const list = bytesListOf(answers[markedBy === null ? 0 : 1], 'CLUSTER GETKEYSINSLOT');
  // Gone since they were counted, or not told: neither is a proof that the owner has none of them.
  if (!list.ok || list.value.length === 0) return null;
  const replies = await owner.pipeline(list.value.map((name): Command => ['EXISTS', name]), { timeoutMs });
  let shared = 0;
  let sharedExample: string | null = null;
  for (const [index, name] of list.value.entries()) {
    const has = integerOf(replies[index], 'EXISTS');
    if (!has.ok) return null;
    if (has.value === 0) continue;
    shared += 1;
    sharedExample ??= printable(name).slice(0, EXAMPLE_LENGTH_MAX);
  }
  return { examined: list.value.length, shared, sharedExample };
}
