import type { DriverFailure } from '@/lib/contract/operation';
import { sleep, type Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterReader, ClusterReading } from './cluster-reader';
import { failureOf, INTERRUPTED } from './failures';
import type { ClusterNodeLine } from './topology';

const POLL_MS = 100;

/** Reads until it is so; gossip spreads what one node was told. */
export async function untilReading({ reader, clock, signal, limitMs, isSo, what }: {
  reader: ClusterReader; clock: Clock; signal: AbortSignal; limitMs: number; isSo: (reading: ClusterReading) => boolean; what: string;
}): Promise<Result<void, DriverFailure>> {
  const deadlineMs = clock.monotonicMs() + limitMs;
  for (;;) {
    const reading = await reader.read(signal);
    if (signal.aborted) return err(INTERRUPTED);
    if (reading.ok && isSo(reading.value)) return ok(undefined);
    if (clock.monotonicMs() > deadlineMs) return err(failureOf('timeout', `Not so after ${limitMs} ms: ${what}`, true));
    // Nothing but the signal makes a sleep reject.
    await sleep(clock, POLL_MS, signal).catch(() => undefined);
  }
}

/** Is it so about this node in the view of every member that answered? */
export function everybodySees(reading: ClusterReading, nodeId: string, isSo: (line: ClusterNodeLine) => boolean): boolean {
  return [...reading.answers.values()].every((answer) => {
    const line = answer.view.nodes.get(nodeId);
    return line !== undefined && isSo(line);
  });
}
