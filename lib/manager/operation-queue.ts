import type { Operation } from '@/lib/contract/operation';

/**
 * The order of waiting: what runs first and was never asked to step aside, then
 * emergencies, then by rank, the older first. An operation that was interrupted by a
 * restart has moves open and goes on before anything new begins.
 */
export function queueOrder(waiting: readonly Operation[]): Operation[] {
  return [...waiting].sort((a, b) => classOf(a) - classOf(b) || a.queueRank - b.queueRank || a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
}

function classOf(operation: Operation): number {
  if (operation.status !== 'pending' && operation.preemptedBy === null) return 0;
  return operation.urgency === 'emergency' ? 1 : 2;
}

/** The rank of one that comes last. */
export function lastRank(waiting: readonly Operation[]): number {
  return waiting.reduce((last, { queueRank }) => Math.max(last, queueRank), 0) + 1;
}

/** The rank of one that is put back at the head. */
export function firstRank(waiting: readonly Operation[]): number {
  return waiting.reduce((first, { queueRank }) => Math.min(first, queueRank), 0) - 1;
}
