import type { Operation } from '@/lib/contract/operation';
import type { Store } from '@/lib/contract/storage';
import { err, ok } from '@/lib/platform/result';
import { refusal, refused, type CommandContext, type CommandFailure, type CommandResult } from './commands';
import type { OperationRecords } from './operation-records';

interface Queue {
  readonly records: OperationRecords;
  readonly store: Store;
  readonly clusterId: string;
  /** What waits, in its order. */
  readonly queue: () => readonly Operation[];
}

/** Another order for what waits: all of it, the next one first. */
export async function reorderQueue({ records, store, clusterId, queue }: Queue, operationIds: readonly string[], context: CommandContext): Promise<CommandResult<readonly Operation[]>> {
  const unknown = await firstUnknown(operationIds, store, clusterId);
  if (unknown !== null) return refused(refusal('unknown-operation', `This cluster has no operation ${unknown}`));
  let shown: readonly Operation[] = [];
  const reordered = await records.updateAll(() => {
    const waiting = queue();
    const failure = whyNot(waiting, operationIds);
    if (failure !== null) return err(failure);
    const ranks = new Map(operationIds.map((id, rank) => [id, rank]));
    const changes = new Map(waiting.flatMap((operation) => (operation.queueRank === ranks.get(operation.id) ? [] : [[operation.id, { queueRank: ranks.get(operation.id)! }] as const])));
    shown = operationIds.map((id, queuePosition) => {
      const operation = waiting.find((each) => each.id === id)!;
      return { ...operation, queueRank: queuePosition, queuePosition, version: operation.version + (changes.has(id) ? 1 : 0) };
    });
    const drafts = changes.size === 0 ? [] : [{ type: 'operation.reordered' as const, actor: context.actor, message: `New order of the ${operationIds.length} operations that wait: ${shown.map((operation) => operation.kind).join(', ')}`.slice(0, 1_000) }];
    return ok({ changes, drafts, writes: context.alsoCommit?.(shown) ?? [] });
  });
  return reordered.ok ? ok(shown) : reordered;
}

async function firstUnknown(operationIds: readonly string[], store: Store, clusterId: string): Promise<string | null> {
  for (const id of operationIds) if ((await store.operation(id))?.clusterId !== clusterId) return id;
  return null;
}

function whyNot(waiting: readonly Operation[], operationIds: readonly string[]): CommandFailure | null {
  const wanted = new Set(operationIds);
  if (wanted.size < operationIds.length) return { code: 'refused', refusals: [refusal('invalid-number', 'An operation is named twice', { numbers: { named: operationIds.length, different: wanted.size } })] };
  if (wanted.size !== waiting.length || waiting.some(({ id }) => !wanted.has(id))) {
    return { code: 'conflict', message: `The queue is not what the order was made for: ${waiting.length} operations wait now`, current: waiting };
  }
  const urgent = new Set(waiting.filter(({ urgency }) => urgency === 'emergency').map(({ id }) => id));
  if (operationIds.slice(0, urgent.size).some((id) => !urgent.has(id))) {
    return { code: 'refused', refusals: [refusal('not-supported', 'An emergency goes first: cancel it if it is none', { numbers: { emergencies: urgent.size } })] };
  }
  return null;
}
