import type { EventType } from '@/lib/contract/events';
import type { Operation, OperationKind } from '@/lib/contract/operation';
import type { Actor } from '@/lib/contract/primitives';
import { SYSTEM_ACTOR, type EventDraft } from './event-log';

const TITLES: Readonly<Record<OperationKind, string>> = {
  rebalance: 'Rebalance', 'scale-out': 'Scale out', 'scale-in': 'Scale in', 'add-node': 'Add node', drain: 'Drain', decommission: 'Decommission',
  replace: 'Replace', 'move-shards': 'Move shards', reverse: 'Reverse', repair: 'Repair', 'mend-shards': 'Mend shards',
};

const VERBS: Partial<Record<EventType, string>> = {
  'operation.queued': 'queued', 'operation.started': 'started', 'operation.pausing': 'is pausing', 'operation.paused': 'paused', 'operation.resumed': 'resumed',
  'operation.canceling': 'is being canceled', 'operation.canceled': 'canceled', 'operation.succeeded': 'succeeded', 'operation.failed': 'failed',
  'operation.throttled': 'has new limits', 'operation.superseded': 'was stopped by a change of the cluster', 'operation.preempted': 'steps aside',
  'operation.reversed': 'is taken back', 'operation.compensated': 'takes back what it did',
};

/** The event of an operation's change, with its numbers. */
export function operationEvent(operation: Operation, type: EventType, actor: Actor = SYSTEM_ACTOR): EventDraft {
  const { progress } = operation;
  const count = progress.movesTotal > 0 ? ` (${progress.movesDone} of ${progress.movesTotal} ${operation.kind === 'mend-shards' ? 'shards' : 'moves'})` : '';
  const reason = operation.statusReason === null ? '' : `: ${operation.statusReason}`;
  return {
    type,
    actor,
    severity: type === 'operation.failed' || type === 'operation.superseded' || type === 'operation.preempted' ? 'warning' : type === 'operation.throttled' ? 'info' : 'notice',
    message: `${TITLES[operation.kind]} ${VERBS[type] ?? 'changed'}${count}${reason}`.slice(0, 1_000),
    nodeId: operation.nodeId,
    planId: operation.planId,
    operationId: operation.id,
    data: { kind: operation.kind, status: operation.status, movesDone: progress.movesDone, movesTotal: progress.movesTotal },
  };
}
