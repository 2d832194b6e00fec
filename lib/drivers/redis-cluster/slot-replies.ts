/** Commands about the slots of a batch, and what is made of the replies. */
import type { DriverFailure } from '@/lib/contract/operation';
import { driverFailure } from './failures';
import type { Command, NodeClient } from './node-client';
import type { CommandResult } from './replies';
import type { Carried } from './slot-batch';

/** The commands of each slot in one write; gives each slot its replies. */
export async function each(
  client: NodeClient, slots: readonly Carried[], { timeoutMs, bytes = false }: { timeoutMs: number; bytes?: boolean },
  commandsOf: (slot: Carried) => readonly Command[], told: (slot: Carried, replies: readonly CommandResult[]) => void,
): Promise<void> {
  const commands: Command[] = [];
  const ends: number[] = [];
  for (const slot of slots) {
    commands.push(...commandsOf(slot));
    ends.push(commands.length);
  }
  const replies = await client.pipeline(commands, { timeoutMs, bytes });
  let from = 0;
  for (const [index, slot] of slots.entries()) {
    const end = ends[index]!;
    told(slot, replies.slice(from, end));
    from = end;
  }
}

/** A plain ERR here means that the ends are no longer what they were when we looked. */
export function refusal(error: Parameters<typeof driverFailure>[0], where: string): DriverFailure {
  const failure = driverFailure(error, where);
  return error.kind === 'error-reply' && error.code === 'ERR' ? { ...failure, code: 'topology-changed', retryable: true } : failure;
}
