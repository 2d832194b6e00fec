/**
 * Redis 8.4 and newer tell keys of a slot only on the node that serves it or has it marked as
 * importing: to COUNTKEYSINSLOT and GETKEYSINSLOT all others answer 0 and nothing, whatever they
 * have (cluster.c, clusterCanAccessKeysInSlot; keys on their way by an atomic migration are hidden
 * so). Who takes such a 0 at its word gives a slot away from the only node that has its keys, or
 * clears the mark over keys that nobody finds again. INFO keyspace and DBSIZE count them all.
 */
import type { DriverFailure } from '@/lib/contract/operation';
import { err, ok, type Result } from '@/lib/platform/result';
import { driverFailure, failureOf } from './failures';
import type { Command, NodeClient } from './node-client';
import { forEachSlot } from './ownership';
import { integerOf, type CommandResult } from './replies';
import { isPrimary, type ClusterView } from './topology';

/** Three commands each: as many as 512 plain questions. */
const SLOTS_PER_WRITE = 170;

export interface UnseenSlot {
  readonly slot: number;
  /** Another primary; who serves it, where somebody does. */
  readonly otherNodeId: string;
}

/** Those of these slots that a node that hides them neither serves nor has a mark of. Whom a mark could name: the first one that is another primary by its own view. */
export function unseenBy({ self, nodes }: ClusterView, slots: readonly number[], namesOf: (slot: number) => readonly (string | null | undefined)[]): UnseenSlot[] {
  const served = new Set<number>();
  forEachSlot(self.slots, (slot) => { served.add(slot); });
  return slots.flatMap((slot) => {
    if (served.has(slot) || self.importing.has(slot)) return [];
    const otherNodeId = namesOf(slot).find((id) => {
      const line = id === self.id || id === null || id === undefined ? undefined : nodes.get(id);
      return line !== undefined && isPrimary(line);
    });
    return typeof otherNodeId === 'string' ? [{ slot, otherNodeId }] : [];
  });
}

/** A question with the mark around it; its answer is the second. */
export function underMark(slot: number, otherNodeId: string, question: Command): Command[] {
  return [['CLUSTER', 'SETSLOT', slot, 'IMPORTING', otherNodeId], question, ['CLUSTER', 'SETSLOT', slot, 'STABLE']];
}

/**
 * Counts keys of slots that the node neither serves nor has a mark of. Each is marked for as long
 * as it is counted, in one write: a mark alone changes nothing for clients, since none is sent there
 * by ASK. Must not be asked of a slot that the node has a mark of, which would go with ours.
 */
export async function countUnseen(client: NodeClient, slots: readonly UnseenSlot[], { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<Result<Map<number, number>, DriverFailure>> {
  const counts = new Map<number, number>();
  for (let from = 0; from < slots.length; from += SLOTS_PER_WRITE) {
    if (signal.aborted) return err(failureOf('interrupted', 'The reading was stopped', true));
    const some = slots.slice(from, from + SLOTS_PER_WRITE);
    const replies = await client.pipeline(some.flatMap(({ slot, otherNodeId }) => underMark(slot, otherNodeId, ['CLUSTER', 'COUNTKEYSINSLOT', slot])), { timeoutMs });
    for (const [index, { slot }] of some.entries()) {
      const [marked, count, cleared] = replies.slice(3 * index, 3 * index + 3);
      for (const reply of [marked, cleared]) {
        if (reply?.ok !== true) return err(reply === undefined ? failureOf('unexpected', 'A reply is missing') : driverFailure(reply.error, `${client.address}: SETSLOT ${slot}`));
      }
      const keys = integerOf(count, 'CLUSTER COUNTKEYSINSLOT');
      if (!keys.ok) return err(driverFailure(keys.error, `${client.address}: CLUSTER COUNTKEYSINSLOT`));
      counts.set(slot, keys.value);
    }
  }
  return ok(counts);
}

/**
 * Ends a mark and counts what is left of the slot, in one write. Most servers give the final number
 * after the mark, when no redirected client can write there any more; those that tell nothing then
 * gave it right before.
 */
export function clearMark(slot: number): readonly [Command, Command, Command] {
  return [['CLUSTER', 'COUNTKEYSINSLOT', slot], ['CLUSTER', 'SETSLOT', slot, 'STABLE'], ['CLUSTER', 'COUNTKEYSINSLOT', slot]];
}

/** The keys left by the replies to `clearMark`. Fails when the mark was not cleared; a count that is no number is an unknown one. */
export function leftByMark(replies: readonly (CommandResult | undefined)[], { address, slot }: { readonly address: string; readonly slot: number }): Result<number | null, DriverFailure> {
  const [before, stable, after] = replies;
  if (stable?.ok !== true) return err(stable === undefined ? failureOf('unexpected', 'A reply is missing') : driverFailure(stable.error, `${address}: SETSLOT ${slot} STABLE`));
  const [first, last] = [integerOf(before, 'CLUSTER COUNTKEYSINSLOT'), integerOf(after, 'CLUSTER COUNTKEYSINSLOT')];
  return ok(first.ok && last.ok ? Math.max(first.value, last.value) : null);
}
