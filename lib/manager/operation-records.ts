/**
 * The open operations with one writer. A change is decided on the newest record, one
 * after the other, stored by compare-and-set under the manager's epoch, and only then
 * shown. So a conflict can mean one thing alone: another manager has taken over (M10).
 */
import { isTerminal, type Operation } from '@/lib/contract/operation';
import type { Actor } from '@/lib/contract/primitives';
import type { StoreConflict, StoreWrite } from '@/lib/contract/storage';
import { sleep } from '@/lib/platform/clock';
import { ok } from '@/lib/platform/result';
import { failureOfStore, notFound, type CommandFailure, type CommandResult } from './commands';
import type { EventDraft } from './event-log';
import type { ManagerResources } from './manager-resources';
import { operationEvent } from './operation-events';

const STORE_RETRY_MS = 1_000;

export interface OperationChange {
  readonly change: Partial<Operation>;
  readonly event?: EventDraft['type'];
  readonly actor?: Actor;
  /** Committed with it; made from the record as it will be. */
  readonly writes?: (changed: Operation) => readonly StoreWrite[];
  readonly drafts?: readonly EventDraft[];
}

/** `null`: it is so already, nothing is stored. */
export type Decide = (operation: Operation) => CommandResult<OperationChange | null>;

export class OperationRecords {
  readonly #open = new Map<string, Operation>();
  #tail: Promise<unknown> = Promise.resolve();
  #fencedBy: StoreConflict | null = null;

  constructor(private readonly resources: ManagerResources, private readonly hooks: { readonly changed: () => void; readonly signal: AbortSignal }) {}

  /** Storage has answered that another manager has the cluster. */
  isFenced(): boolean {
    return this.#fencedBy !== null;
  }

  get(operationId: string): Operation | undefined {
    return this.#open.get(operationId);
  }

  all(): readonly Operation[] {
    return [...this.#open.values()];
  }

  /** Stored already: by an earlier manager, or just now with what belongs to it. */
  adopt(operation: Operation): void {
    this.#open.set(operation.id, operation);
    this.hooks.changed();
  }

  /** Shown at once and stored with the next change: progress is not worth a commit of its own. */
  show(operationId: string, change: Pick<Partial<Operation>, 'progress' | 'pacing' | 'latency' | 'movingMs'>): void {
    const operation = this.#open.get(operationId);
    if (operation === undefined) return;
    this.#open.set(operationId, { ...operation, ...change });
    this.hooks.changed();
  }

  /** One try: a refusal, a conflict or an absent database is the answer. */
  update(operationId: string, decide: Decide): Promise<CommandResult<Operation>> {
    const run = this.#tail.then(() => this.#updateNow(operationId, decide));
    this.#tail = run;
    return run;
  }

  /** As `update`, but waits out a database that is away. @returns null when the manager closes or was fenced before it was stored. */
  async persist(operationId: string, decide: Decide): Promise<CommandResult<Operation> | null> {
    const { signal } = this.hooks;
    while (!signal.aborted && !this.isFenced()) {
      const updated = await this.update(operationId, decide);
      if (updated.ok || updated.error.code === 'refused' || updated.error.code === 'not-found') return updated;
      if (!this.isFenced()) await sleep(this.resources.clock, STORE_RETRY_MS, signal).catch(() => undefined);
    }
    return null;
  }

  /** Several records in one commit, e.g. their order; decided and stored as `update` is. */
  updateAll(
    decide: () => CommandResult<{ readonly changes: ReadonlyMap<string, Partial<Operation>>; readonly drafts: readonly EventDraft[]; readonly writes: readonly StoreWrite[] }>,
  ): Promise<CommandResult<null>> {
    const run = this.#tail.then(() => this.#updateAllNow(decide));
    this.#tail = run;
    return run;
  }

  async #updateAllNow(decide: Parameters<OperationRecords['updateAll']>[0]): Promise<CommandResult<null>> {
    const decided = decide();
    if (!decided.ok) return decided;
    const changed = [...decided.value.changes].flatMap(([id, change]) => {
      const operation = this.#open.get(id);
      return operation === undefined ? [] : [{ ...operation, ...change, version: operation.version + 1 }];
    });
    const epoch = this.resources.model.state.epoch;
    const committed = await this.resources.log.commit([...changed.map((operation) => ({ kind: 'save-operation' as const, operation, epoch })), ...decided.value.writes], decided.value.drafts);
    if (!committed.ok) return { ok: false, error: failureOfStore(committed.error) };
    for (const operation of changed) this.#open.set(operation.id, { ...operation, progress: this.#open.get(operation.id)?.progress ?? operation.progress });
    this.hooks.changed();
    return ok(null);
  }

  async #updateNow(operationId: string, decide: Decide): Promise<CommandResult<Operation>> {
    const operation = this.#open.get(operationId);
    if (operation === undefined) return notFound('operation', operationId);
    const decided = decide(operation);
    if (!decided.ok) return decided;
    if (decided.value === null) return ok(operation);
    const { change, event, actor, writes, drafts = [] } = decided.value;
    const changed: Operation = { ...operation, ...change, version: operation.version + 1 };
    const committed = await this.resources.log.commit(
      [{ kind: 'save-operation', operation: changed, epoch: this.resources.model.state.epoch }, ...(writes?.(changed) ?? [])],
      [...drafts, ...(event === undefined ? [] : [operationEvent(changed, event, actor)])],
    );
    if (!committed.ok) return { ok: false, error: this.#failed(committed.error, operation) };
    // Progress may have been shown while the commit was under way.
    const shown = this.#open.get(operationId) ?? changed;
    const newest: Operation = { ...changed, progress: change.progress ?? shown.progress, latency: change.latency ?? shown.latency, movingMs: change.movingMs ?? shown.movingMs };
    if (isTerminal(newest.status)) this.#open.delete(operationId);
    else this.#open.set(operationId, newest);
    this.hooks.changed();
    return ok(newest);
  }

  #failed(conflict: StoreConflict, operation: Operation): CommandFailure {
    // Only the record itself is ours alone; what is committed with it may rightly conflict.
    if (conflict.code !== 'unavailable' && conflict.writeIndex === 0 && this.#fencedBy === null) {
      this.#fencedBy = conflict;
      this.resources.logger.error({ clusterId: this.resources.clusterId, operationId: operation.id, conflict }, 'Another manager has taken this operation over');
    }
    return failureOfStore(conflict, operation);
  }
}
