/**
 * The queue of one cluster: what changes its topology runs one after the other, the rest
 * waits in sight. A restarted manager picks up the open ones where storage and the driver
 * say they are.
 */
import { isTerminal, type MoveRecord, type Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { StoreWrite } from '@/lib/contract/storage';
import { learnSpeed } from '@/lib/core/execution/estimate';
import { ok } from '@/lib/platform/result';
import { effectOfCommand, type OperationCommand } from './command-effect';
import type { CommandContext, CommandResult } from './commands';
import { failureOfStore, notFound, refusal, refused } from './commands';
import type { EventDraft } from './event-log';
import type { ManagerResources } from './manager-resources';
import type { Observer } from './observer';
import { operationEvent } from './operation-events';
import type { OperationPlans } from './operation-plans';
import { firstRank, lastRank, queueOrder } from './operation-queue';
import { OperationRecords } from './operation-records';
import { OperationSaga, type StoredRun } from './operation-saga';
import type { OperationTarget } from './operation-target';
import { reorderQueue } from './reorder-queue';
import type { SagaParts } from './saga-context';

const QUEUE_MAX = 32;
/** How many ended operations are looked at for what they teach about speed. */
const LESSONS_MAX = 50;

export class OperationRunner {
  readonly #records: OperationRecords;
  readonly #waiting = new Set<string>();
  #saga: OperationSaga | null = null;
  /** What was stored for the one that is up next, so that it need not be read back. */
  #stored: { readonly operationId: string; readonly run: StoredRun } | null = null;
  #pumping: Promise<void> = Promise.resolve();
  readonly #abort = new AbortController();
  /** Begun moves of operations that rest: nobody else may touch their shards. */
  readonly #openOf = new Map<string, readonly MoveRecord[]>();
  readonly #parts: SagaParts;

  constructor(private readonly resources: ManagerResources, observer: Observer, plans: OperationPlans) {
    this.#records = new OperationRecords(resources, { changed: () => { this.#publish(); }, signal: this.#abort.signal });
    this.#parts = { resources, records: this.#records, observer, plans, closing: this.#abort.signal };
    resources.model.movesInFlight = () => [
      ...(this.#saga?.openMoves().map((move) => ({ ...move, operationId: this.#saga!.operationId })) ?? []),
      ...[...this.#openOf].flatMap(([operationId, moves]) => (operationId === this.#saga?.operationId ? [] : moves.map((move) => ({ ...move, operationId })))),
    ];
  }

  /** Reads what an earlier manager left open, and how fast operations were. Nothing runs before `recover`. */
  async load(): Promise<void> {
    const { store, clusterId, model } = this.resources;
    for (const operation of await store.openOperations(clusterId)) {
      this.#waiting.add(operation.id);
      this.#records.adopt(operation);
      if (operation.startedAtMs === null) continue;
      const { moves } = await store.moves(operation.id);
      this.#openOf.set(operation.id, moves.filter(({ status }) => status === 'copying' || status === 'verifying' || status === 'committing'));
    }
    const ended = (await store.operations(clusterId, { limit: LESSONS_MAX, cursor: null })).items.filter(({ status }) => isTerminal(status));
    for (const { report } of ended.reverse()) if (report !== null) model.speed = learnSpeed(model.speed, report);
  }

  /** Picks up what was loaded. Call once, after the first reading. */
  recover(): void {
    for (const operation of this.#records.all()) {
      if (operation.status === 'pending') continue;
      this.resources.log.record({ type: 'operation.recovered', severity: 'notice', operationId: operation.id, message: `Picked up again after a restart of the manager: ${operation.kind}, ${operation.status}` });
    }
    this.#pump();
  }

  /** Stores the operation with its moves and the writes that belong to it, then queues it; an emergency takes the turn of what runs. */
  async enqueue(made: Operation, options: { plan?: Plan; moves: readonly MoveRecord[]; writes: readonly StoreWrite[]; drafts: readonly EventDraft[]; context: CommandContext }): Promise<CommandResult<Operation>> {
    const { log, model } = this.resources;
    if (this.#abort.signal.aborted) return refused(refusal('manager-stopping', 'The manager is stopping'));
    if (this.#waiting.size >= QUEUE_MAX) return refused(refusal('operation-running', `${QUEUE_MAX} operations are waiting already`, { numbers: { queueMax: QUEUE_MAX } }));
    const operation: Operation = { ...made, queueRank: lastRank(this.#queue()) };
    const committed = await log.commit([
      ...options.writes,
      { kind: 'insert-operation', operation, moves: options.moves, epoch: model.state.epoch },
      ...(options.context.alsoCommit?.(operation) ?? []),
    ], [...options.drafts, operationEvent(operation, 'operation.queued', options.context.actor)]);
    if (!committed.ok) return { ok: false, error: failureOfStore(committed.error) };
    const isNext = this.#saga === null && this.#waiting.size === 0;
    if (isNext && options.plan !== undefined) this.#stored = { operationId: operation.id, run: { plan: options.plan, moves: options.moves } };
    this.#waiting.add(operation.id);
    this.#records.adopt(operation);
    this.#preempt();
    this.#pump();
    return ok(operation);
  }

  async command({ operationId, version }: OperationTarget, command: OperationCommand, context: CommandContext): Promise<CommandResult<Operation>> {
    if (this.#records.get(operationId) === undefined) return this.#ended(operationId);
    const updated = await this.#records.update(operationId, (operation) => {
      const effect = effectOfCommand(operation, command, {
        context, version, waiting: this.#waiting.has(operationId), freezeReason: this.resources.model.freeze?.reason ?? null, nowMs: Math.round(this.resources.clock.wallMs()),
      });
      return effect.ok && effect.value !== null ? ok({ ...effect.value, writes: (changed) => context.alsoCommit?.(changed) ?? [] }) : effect;
    });
    if (!updated.ok) return updated.error.code === 'not-found' ? this.#ended(operationId) : updated;
    if (isTerminal(updated.value.status)) this.#leave(operationId);
    if (this.#saga?.operationId === operationId) this.#saga.follow(command);
    return updated;
  }

  reorder(operationIds: readonly string[], context: CommandContext): Promise<CommandResult<readonly Operation[]>> {
    return reorderQueue({ records: this.#records, store: this.resources.store, clusterId: this.resources.clusterId, queue: () => this.#queue() }, operationIds, context);
  }

  /** Call after each reading. */
  afterReading(): void {
    this.#saga?.afterReading();
  }

  /** Stops at safe points; open operations stay open in storage. */
  async close(): Promise<void> {
    this.#abort.abort(new Error('The manager is closing'));
    this.#saga?.stop();
    await this.#pumping;
  }

  async #ended(operationId: string): Promise<CommandResult<never>> {
    const stored = await this.resources.store.operation(operationId);
    if (stored?.clusterId !== this.resources.clusterId) return notFound('operation', operationId);
    return refused(refusal('operation-ended', `The operation has ended: ${stored.status}`));
  }

  #queue(): Operation[] {
    return queueOrder([...this.#waiting].flatMap((id) => this.#records.get(id) ?? []));
  }

  #leave(operationId: string): void {
    this.#waiting.delete(operationId);
    this.#openOf.delete(operationId);
    this.#publish();
  }

  /** The active one steps aside when the next in the queue is an emergency and it is none itself. */
  #preempt(): void {
    const next = this.#queue()[0];
    const active = this.#saga === null ? undefined : this.#records.get(this.#saga.operationId);
    if (next?.urgency === 'emergency' && active !== undefined && active.urgency !== 'emergency') void this.#saga?.preempt(next);
  }

  #pump(): void {
    this.#pumping = this.#pumping.then(() => this.#runQueue());
  }

  async #runQueue(): Promise<void> {
    const { logger, clusterId } = this.resources;
    while (!this.#abort.signal.aborted && !this.#records.isFenced()) {
      const next = this.#queue()[0];
      if (next === undefined) return;
      this.#waiting.delete(next.id);
      const saga = new OperationSaga(this.#parts, next.id, this.#stored?.operationId === next.id ? this.#stored.run : null);
      this.#stored = null;
      this.#saga = saga;
      this.#publish();
      this.#preempt();
      try {
        if (await saga.run() === 'preempted') await this.#putBack(next.id);
        else this.#openOf.delete(next.id);
      } catch (error) {
        logger.error({ clusterId, operationId: next.id, error: String(error), stack: error instanceof Error ? error.stack : undefined }, 'An operation ended by a bug');
        await this.#records.persist(next.id, () => ok({ change: { status: 'failed', statusReason: `Ended by an internal error: ${String(error)}`.slice(0, 1_000), finishedAtMs: Math.round(this.resources.clock.wallMs()) }, event: 'operation.failed' }));
      }
      this.#saga = null;
      this.#publish();
    }
  }

  /** At the head of the queue, with what it has begun on record. */
  async #putBack(operationId: string): Promise<void> {
    const { moves } = await this.resources.store.moves(operationId);
    this.#openOf.set(operationId, moves.filter(({ status }) => status === 'copying' || status === 'verifying' || status === 'committing'));
    await this.#records.persist(operationId, () => ok({ change: { queueRank: firstRank(this.#queue()) } }));
    this.#waiting.add(operationId);
  }

  #publish(): void {
    const active = this.#saga === null ? undefined : this.#records.get(this.#saga.operationId);
    const queue = this.#queue().filter(({ id }) => id !== active?.id);
    this.resources.model.setOperations([
      ...(active === undefined ? [] : [{ ...active, queuePosition: null }]),
      ...queue.map((operation, queuePosition) => ({ ...operation, queuePosition })),
    ]);
  }
}
