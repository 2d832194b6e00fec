/** Why moves are driven as hard as they are, in words with numbers. */
import { formatBytes, formatCount, formatLatency, formatRatio, plural } from '@/lib/client/format';
import type { PacingChange, PacingReason } from '@/lib/contract/pacing';

type NameOf = (nodeId: string) => string;

/** "node-07 answered in 12 ms, its line is 3 ms: less". */
export function pacingReasonWords({ code, nodeId, numbers }: PacingReason, nameOf: NameOf): string {
  const node = nodeId === null ? 'A node' : nameOf(nodeId);
  const number = (name: string): number | null => numbers[name] ?? null;
  switch (code) {
    case 'begins': return number('idleLatencyMs') === null ? 'The first limits' : `The first limits; before, the slowest node answered in ${formatLatency(number('idleLatencyMs'))}`;
    case 'room': return `No harm in ${formatCount(number('calmLooks'))} looks in a row: more`;
    case 'latency': return `${node} answered in ${formatLatency(number('latencyMs'))}, its line is ${formatLatency(number('lineMs'))}: less`;
    case 'cpu': return `CPU of ${node} is at ${formatRatio(number('cpu'))}, its line is ${formatRatio(number('line'))}: less`;
    case 'errors': return `${node} answers ${formatCount(number('errorsPerSecond'))} commands a second with an error, its line is ${formatCount(number('linePerSecond'))}: less`;
    case 'replication-lag': return `A follower of ${node} is ${formatBytes(number('lagBytes'))} behind, its line is ${formatBytes(number('lineBytes'))}: nothing new starts`;
    case 'memory': return `Memory of ${node} is at ${formatRatio(number('utilization'))}, its line is ${formatRatio(number('line'))}: nothing new starts`;
    case 'node-suspect': {
      const others = (number('nodes') ?? 1) - 1;
      return `${node}${others > 0 ? ` and ${plural(others, 'other node')} are` : ' is'} suspect: nothing new starts`;
    }
    case 'cleared': return `${nodeId === null ? 'What held it' : `What held it at ${node}`} has cleared: on again, gently at first`;
    case 'throttle': return 'An operator changed the limits';
  }
}

const UNTIL: Partial<Readonly<Record<PacingReason['code'], string>>> = {
  'node-suspect': 'It goes on by itself when the node answers again.',
  'memory': 'It goes on by itself when there is room again.',
  'replication-lag': 'It goes on by itself when the follower has caught up.',
};

/** "Paused by itself: node-07 is suspect", and when it goes on. */
export function heldWords(reason: PacingReason, nameOf: NameOf): { readonly title: string; readonly until: string } {
  return {
    title: `Paused by itself: ${pacingReasonWords(reason, nameOf).replace(/: nothing new starts$/, '')}`,
    until: `No new move starts; what is in flight ends. ${UNTIL[reason.code] ?? 'It goes on by itself when that clears.'} Client traffic is not affected.`,
  };
}

/** "4 moves at once, batches of 512 KiB, sources send 45 % of the time". */
export function limitsWords({ movesInFlight, batchBytes, dutyPercent }: PacingChange): string {
  return movesInFlight === 0 ? 'held' : `${formatCount(movesInFlight)} at once, batches of ${formatBytes(batchBytes)}, sources send ${formatCount(dutyPercent)} % of their time`;
}
