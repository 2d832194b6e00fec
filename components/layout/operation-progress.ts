import { formatByteRate, formatBytes, formatSecondsRange, plural } from '@/lib/client/format';
import type { Operation, OperationKind, Progress } from '@/lib/contract/operation';

const KINDS: Record<OperationKind, string> = {
  'rebalance': 'Rebalance',
  'add-node': 'Add node',
  'drain': 'Drain',
  'decommission': 'Decommission',
  'scale-out': 'Scale out',
  'scale-in': 'Scale in',
  'replace': 'Replace',
  'move-shards': 'Move shards',
  'reverse': 'Reverse',
  'repair': 'Repair',
  'mend-shards': 'Mend shards',
};

/** "Rebalance", "Drain node-3". */
export function operationTitle(operation: Pick<Operation, 'kind' | 'nodeId'>, nameOf: (nodeId: string) => string): string {
  return operation.nodeId === null ? KINDS[operation.kind] : `${KINDS[operation.kind]} ${nameOf(operation.nodeId)}`;
}

/** Share done, 0..1: by bytes, and by moves while no bytes are known. Never 1 unless every move has ended; 1 when every one was made, also where the bytes were estimated too high. `null`: nothing to do yet. */
export function shareDone(progress: Progress): number | null {
  if (progress.movesTotal > 0 && progress.movesDone >= progress.movesTotal) return 1;
  const share = progress.bytesTotal > 0 ? progress.bytesDone / progress.bytesTotal : progress.movesTotal > 0 ? progress.movesDone / progress.movesTotal : null;
  if (share === null) return null;
  return progress.movesDone + progress.movesFailed >= progress.movesTotal ? Math.min(1, share) : Math.min(0.99, share);
}

/** The same of an operation: one that was called off is never shown as done. */
export function shareOf({ progress, status }: Pick<Operation, 'progress' | 'status'>): number | null {
  const share = shareDone(progress);
  return share !== null && (status === 'canceled' || status === 'canceling') ? Math.min(0.99, share) : share;
}

/** "1.2 GiB of 4.8 GiB · 120 of 312 moves · 24 MiB/s over 30 s · 2 min to 3 min left"; nothing of bytes where none are to move. */
export function progressWords(progress: Progress): string {
  const parts = [
    ...(progress.bytesTotal === 0 && progress.bytesDone === 0 ? [] : [`${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytesTotal)}`]),
    `${progress.movesDone.toLocaleString('en-US')} of ${plural(progress.movesTotal, 'move')}`,
  ];
  if (progress.movesFailed > 0) parts.push(`${progress.movesFailed.toLocaleString('en-US')} failed`);
  if (progress.bytesPerSecond !== null) parts.push(`${formatByteRate(progress.bytesPerSecond)} over 30 s`);
  if (progress.secondsLeft !== null && progress.secondsLeft.high > 0) parts.push(`${formatSecondsRange(progress.secondsLeft)} left`);
  return parts.join(' · ');
}
