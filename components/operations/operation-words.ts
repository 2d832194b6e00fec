/** The words of operations, the same in the queue, on the live page and in the history. */
import { formatBytes, formatByteRate, formatCount, formatDuration, formatSecondsRange, plural } from '@/lib/client/format';
import type { ExecutionStatus, Operation, OperationKind, Progress, Stage } from '@/lib/contract/operation';

export const KIND_LABELS: Readonly<Record<OperationKind, string>> = {
  'rebalance': 'Rebalance', 'scale-out': 'Scale out', 'scale-in': 'Scale in', 'add-node': 'Add node', 'drain': 'Drain',
  'decommission': 'Decommission', 'replace': 'Replace', 'move-shards': 'Move shards', 'reverse': 'Reverse', 'repair': 'Repair', 'mend-shards': 'Mend shards',
};

const STAGE_LABELS: Readonly<Record<Stage['kind'], string>> = {
  'provision': 'Make a node', 'join': 'Join', 'cordon': 'Cordon', 'fail-over': 'Let other copies take over', 'plan': 'Make the plan', 'execute-plan': 'Run the moves',
  'verify-empty': 'Verify on the node that it is empty', 'leave': 'Leave the cluster', 'deprovision': 'Give the node back',
  'mend-shards': 'Mend shards', 'verify-mended': 'Verify on all nodes that each shard is served',
};

/** "Join node-13". */
export function stageTitle(stage: Stage, nameOf: (nodeId: string) => string): string {
  return stage.nodeId === null ? STAGE_LABELS[stage.kind] : `${STAGE_LABELS[stage.kind]}: ${nameOf(stage.nodeId)}`;
}

/** "took 12 s", "for 4 s so far"; empty before it began. */
export function stageTime({ startedAtMs, finishedAtMs, status }: Stage, nowMs: number): string {
  if (startedAtMs === null) return '';
  if (finishedAtMs !== null) return `took ${formatDuration(finishedAtMs - startedAtMs)}`;
  return status === 'running' ? `for ${formatDuration(Math.max(0, nowMs - startedAtMs))} so far` : '';
}

const DOING: Readonly<Record<Stage['kind'], string>> = {
  'provision': 'A node is being made', 'join': 'A node is joining', 'cordon': 'The node is told to take nothing new', 'fail-over': 'Secondaries that have every write take over from the node that is gone', 'plan': 'The plan is being made from how things are now',
  'execute-plan': 'Data is moving', 'verify-empty': 'The node itself is asked whether it is empty', 'leave': 'The node is leaving', 'deprovision': 'The node is given back',
  'mend-shards': 'Shards are given to who is to serve them, and their keys brought together', 'verify-mended': 'All nodes are asked whether each shard is served',
};

const STATE: Readonly<Record<Exclude<ExecutionStatus, 'running'>, string>> = {
  pending: 'It waits for its turn.', pausing: 'It pauses as soon as the moves in flight have ended.', paused: 'Paused: no move starts until somebody resumes it.',
  canceling: 'It stops as soon as the moves in flight have ended.', canceled: 'It was stopped. What had moved stays where it is.', succeeded: 'Everything was done.',
  failed: 'It failed.', expired: 'It waited too long and was never begun.', superseded: 'It stopped because the cluster was changed by somebody else.',
};

/** What it is doing now, in one sentence; the reason that the manager gave stands beside it. */
export function doingWords(operation: Operation): string {
  if (operation.status !== 'running') return STATE[operation.status];
  const stage = operation.stages.find(({ status }) => status === 'running');
  if (stage?.kind === 'execute-plan' && operation.pacing?.heldBy != null) return 'Moves are held for now.';
  return stage === undefined ? 'It is between two stages.' : `${DOING[stage.kind]}.`;
}

/** How its turn was taken, and what comes of it; `null` when nobody took it. */
export function preemptionWords({ preemptedBy }: Operation): string | null {
  if (preemptedBy === null) return null;
  return preemptedBy.resumes ? 'It stepped aside for a more urgent one and goes on by itself afterwards' : 'It stepped aside for a more urgent one; it was paused before and stays paused when its turn comes again';
}

/** "Next", "3rd in the queue". `null`: it does not wait. */
export function positionWords({ queuePosition }: Operation): string | null {
  if (queuePosition === null) return null;
  return queuePosition === 0 ? 'Next' : `After ${plural(queuePosition, 'other')}`;
}

/** The figures of progress, each with its label; what cannot be known yet says when it will be. */
export function progressFigures(progress: Progress, ended: boolean): readonly { readonly label: string; readonly value: string }[] {
  const count = (value: number) => value.toLocaleString('en-US');
  const figures = [
    { label: 'Data', value: `${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytesTotal)}` },
    { label: 'Moves', value: `${count(progress.movesDone)} of ${count(progress.movesTotal)}` },
    { label: 'Keys', value: count(progress.keysDone) },
  ];
  if (progress.movesFailed > 0) figures.push({ label: 'Failed', value: plural(progress.movesFailed, 'move') });
  if (ended) return figures;
  return [
    ...figures,
    { label: 'In flight', value: plural(progress.movesInFlight, 'move') },
    { label: 'Speed, mean of 30 s', value: progress.bytesPerSecond === null ? 'not measured yet' : formatByteRate(progress.bytesPerSecond) },
    { label: 'Time left', value: progress.secondsLeft === null ? 'known after 3 moves or 2 %' : formatSecondsRange(progress.secondsLeft) },
  ];
}

/** The same of shards that are mended. */
export function mendingFigures({ movesDone, movesTotal, movesFailed, keysDone }: Progress): readonly { readonly label: string; readonly value: string }[] {
  return [
    { label: 'Shards mended', value: `${formatCount(movesDone)} of ${formatCount(movesTotal)}` },
    { label: 'Keys moved', value: formatCount(keysDone) },
    ...(movesFailed === 0 ? [] : [{ label: 'With a key of two values', value: plural(movesFailed, 'shard') }]),
  ];
}
