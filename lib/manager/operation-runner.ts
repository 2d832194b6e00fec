/**
 * Operations as sagas: a queue with one running at a time, stages in order, each stored
 * before its effect. A restarted manager picks up the open ones where storage and the
 * driver say they are.
 */
import { isTerminal, type ExecutionStatus, type MoveRecord, type Operation, type Report, type Stage } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import type { StoreWrite } from '@/lib/contract/storage';
import { speedOf } from '@/lib/core/execution/estimate';
import { validatePlan } from '@/lib/core/rebalance/validate-plan';
import { sleep } from '@/lib/platform/clock';
import type { CommandContext, CommandResult } from './commands';
import { failureOfStore, notFound, refusal, refused } from './commands';
import type { EventDraft } from './event-log';
import type { ManagerResources } from './manager-resources';
import type { Observer } from './observer';
import { operationEvent } from './operation-events';
import type { OperationTarget } from './operation-target';
import { PlanExecutor } from './plan-executor';
import { runStage, type StageOutcome } from './stages';
import { ok } from '@/lib/platform/result';

const STORE_RETRY_MS = 1_000;
const QUEUE_MAX = 32;

interface ActiveOperation {
  operation: Operation;
  executor: PlanExecutor | null;
}

export class OperationRunner {
  readonly #queue: Operation[] = [];
  #active: ActiveOperation | null = null;
  #pumping: Promise<void> = Promise.resolve();
  #closing = false;
  readonly #abort = new AbortController();

  constructor(private readonly resources: ManagerResources, private readonly observer: Observer) {
    resources.model.movesInFlight = () => this.#active?.executor?.openMoves().map((move) => ({ ...move, operationId: this.#active!.operation.id })) ?? [];
  }

  get busy(): boolean {
    return this.#active !== null || this.#queue.length > 0;
  }

  /** Stores the operation with its moves and the writes that belong to it, then queues it. */
  async enqueue(operation: Operation, options: { moves: readonly MoveRecord[]; writes: readonly StoreWrite[]; drafts: readonly EventDraft[]; context: CommandContext }): Promise<CommandResult<Operation>> {
    const { log, model } = this.resources;
    if (this.#closing) return refused(refusal('manager-stopping', 'The manager is stopping'));
    if (this.#queue.length >= QUEUE_MAX) return refused(refusal('operation-running', `${QUEUE_MAX} operations are waiting already`, { numbers: { queueMax: QUEUE_MAX } }));
    const committed = await log.commit([
      ...options.writes,
      { kind: 'insert-operation', operation, moves: options.moves, epoch: model.state.epoch },
      ...(options.context.alsoCommit?.(operation) ?? []),
    ], [...options.drafts, operationEvent(operation, 'operation.queued', options.context.actor)]);
    if (!committed.ok) return { ok: false, error: failureOfStore(committed.error) };
    this.#queue.push(operation);
    model.putOperation(operation, true);
    this.#pump();
    return ok(operation);
  }

  /** Picks up what an earlier manager left open. Call once, after the first reading. */
  async recover(): Promise<void> {
    const { store, clusterId, model, log } = this.resources;
    const open = await store.openOperations(clusterId);
    for (const operation of open) {
      this.#queue.push(operation);
      model.putOperation(operation, true);
      if (operation.status !== 'pending') {
        log.record({ type: 'operation.recovered', severity: 'notice', operationId: operation.id, message: `Picked up again after a restart of the manager: ${operation.kind}, ${operation.status}` });
      }
    }
    this.#pump();
  }

  reorder(_operationIds: readonly string[], _context: CommandContext): Promise<CommandResult<readonly Operation[]>> {
    return Promise.resolve(refused(refusal('not-supported', 'The queue cannot be reordered yet')));
  }

  async command({ operationId }: OperationTarget, kind: 'pause' | 'resume' | 'cancel' | { readonly throttle: Throttle }, context: CommandContext): Promise<CommandResult<Operation>> {
    const active = this.#active;
    if (active?.operation.id === operationId) return this.#commandActive(active, kind, context);
    const queued = this.#queue.find((operation) => operation.id === operationId);
    if (queued !== undefined && kind === 'cancel') return this.#cancelQueued(queued, context);
    if (queued !== undefined) return refused(refusal('illegal-transition', `The operation waits in the queue; it can be canceled`));
    const stored = await this.resources.store.operation(operationId);
    if (stored === null) return notFound('operation', operationId);
    return refused(refusal('illegal-transition', `The operation has ended: ${stored.status}`));
  }

  /** Stops at safe points; open operations stay open in storage. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#abort.abort(new Error('The manager is closing'));
    this.#active?.executor?.stop();
    await this.#pumping;
  }

  async #commandActive(active: ActiveOperation, kind: 'pause' | 'resume' | 'cancel' | { readonly throttle: Throttle }, context: CommandContext): Promise<CommandResult<Operation>> {
    const { executor } = active;
    if (executor === null) return refused(refusal('illegal-transition', 'This stage is a single step of the cluster and cannot be interrupted'));
    if (kind === 'resume' && this.resources.model.freeze !== null) return refused(refusal('frozen', `Automation is frozen: ${this.resources.model.freeze.reason}`));
    const event = typeof kind === 'string' ? { kind } : { kind: 'throttle' as const, throttle: kind.throttle };
    const permitted = executor.permits(event);
    if (!permitted.ok) return refused(refusal('illegal-transition', `An operation that is ${permitted.error.from} cannot become ${permitted.error.to}`));
    const changed: Operation = {
      ...active.operation,
      status: permitted.value,
      statusReason: reasonOf(kind, context.actor.name),
      throttle: typeof kind === 'string' ? active.operation.throttle : kind.throttle,
      progress: executor.progress(),
      version: active.operation.version + 1,
    };
    const stored = await this.#save(changed, [operationEvent(changed, eventTypeOf(kind), context.actor)], context.alsoCommit?.(changed) ?? []);
    if (!stored.ok) return stored;
    executor.command(event);
    return ok(this.#active?.operation.id === changed.id ? this.#active.operation : changed);
  }

  async #cancelQueued(queued: Operation, context: CommandContext): Promise<CommandResult<Operation>> {
    const canceled: Operation = { ...queued, status: 'canceled', statusReason: `Canceled by ${context.actor.name} before it began`, finishedAtMs: this.#nowMs(), version: queued.version + 1 };
    const stored = await this.#save(canceled, [operationEvent(canceled, 'operation.canceled', context.actor)], context.alsoCommit?.(canceled) ?? []);
    if (!stored.ok) return stored;
    this.#queue.splice(this.#queue.indexOf(queued), 1);
    return ok(canceled);
  }

  #pump(): void {
    this.#pumping = this.#pumping.then(() => this.#runQueue());
  }

  async #runQueue(): Promise<void> {
    while (!this.#closing) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#active = { operation: next, executor: null };
      try {
        await this.#run(next);
      } catch (error) {
        this.resources.logger.error({ clusterId: this.resources.clusterId, operationId: next.id, error: String(error), stack: error instanceof Error ? error.stack : undefined }, 'An operation ended by a bug');
        await this.#finish('failed', `Ended by an internal error: ${String(error)}`.slice(0, 1_000));
      }
      this.#active = null;
      this.resources.model.touch();
    }
  }

  async #run(operation: Operation): Promise<void> {
    const { callbacks, store } = this.resources;
    const fresh = operation.startedAtMs === null;
    const plan = operation.planId === null ? null : await store.plan(operation.planId);
    if (fresh && plan !== null) {
      const refusals = validatePlan(plan, this.resources.model.state, { nowMs: this.#nowMs(), safetyLines: this.resources.model.settings.safetyLines, ignoreExpiry: true });
      if (refusals.length > 0) {
        await this.#change({ refusals: refusals.slice(0, 100) });
        await this.#finish('superseded', `The cluster changed since the plan was made: ${refusals[0]!.message}`);
        return;
      }
    }
    if (fresh) {
      await this.#change({ status: 'running', startedAtMs: this.#nowMs(), statusReason: null }, 'operation.started');
      callbacks.rebalanceStarted.emit(this.#active!.operation);
    }
    for (let index = 0; index < operation.stages.length && !this.#closing; index += 1) {
      const stage = this.#active!.operation.stages[index]!;
      if (stage.status === 'done' || stage.status === 'skipped') continue;
      await this.#setStage(index, 'running', null);
      const outcome = stage.kind === 'execute-plan' || stage.kind === 'plan'
        ? await this.#executePlan(plan)
        : await runStage(this.resources, this.#active!.operation, stage.kind, this.#abort.signal);
      if (outcome.status === 'stopped') return;
      await this.#setStage(index, outcome.status === 'done' ? 'done' : 'failed', outcome.message, outcome.nodeId);
      if (outcome.status !== 'done') {
        await this.#compensate(index, outcome);
        await this.#finish(outcome.ended ?? 'failed', outcome.message, plan);
        return;
      }
    }
    if (!this.#closing) await this.#finish('succeeded', null, plan);
  }

  async #executePlan(plan: Plan | null): Promise<StageOutcome> {
    const { store } = this.resources;
    const { operation } = this.#active!;
    const { moves } = await store.moves(operation.id);
    const executor = new PlanExecutor(this.resources, {
      operationId: operation.id,
      moves,
      status: operation.status === 'pending' ? 'running' : operation.status,
      throttle: operation.throttle,
      bytesTotal: plan === null ? 0 : bytesOf(moves, plan),
    }, {
      statusChanged: (status) => this.#executionStatus(status),
      landed: (move) => { this.#landed(move); },
      progressed: () => { this.#showProgress(); },
    });
    this.#active = { operation: this.#active!.operation, executor };
    if (this.resources.model.freeze !== null && operation.status === 'running') executor.command({ kind: 'pause' });
    const status = await executor.run();
    this.#showProgress();
    if (executor.fencedBy !== null) return { status: 'stopped', message: null };
    if (!isTerminal(status)) return { status: 'stopped', message: null };
    this.#active = { operation: this.#active.operation, executor: null };
    if (status === 'succeeded') return { status: 'done', message: null };
    const { failed } = executor.counts();
    return { status: 'failed', ended: status, message: status === 'failed' ? `${failed} of ${moves.length} moves failed` : this.#active.operation.statusReason };
  }

  async #executionStatus(status: ExecutionStatus): Promise<void> {
    const active = this.#active!;
    // A terminal status is stored by #finish with the report; a command has stored pausing and canceling already.
    if (isTerminal(status) || active.operation.status === status) return;
    await this.#change({ status, progress: active.executor?.progress() ?? active.operation.progress }, status === 'paused' ? 'operation.paused' : undefined);
  }

  #landed(move: MoveRecord): void {
    const { clusterId, publisher, callbacks, clock } = this.resources;
    this.observer.placementChanged(move.step);
    const moved = {
      clusterId, operationId: this.#active!.operation.id, shardId: move.step.shardId,
      sourceNodeId: move.step.sourceNodeId, targetNodeId: move.step.targetNodeId,
      atMs: Math.round(clock.wallMs()), bytes: move.bytesDone, keyCount: Math.round(move.keysDone),
    };
    publisher.shardMoved(moved);
    callbacks.shardMoved.emit(moved);
  }

  #showProgress(): void {
    const active = this.#active;
    if (active?.executor == null) return;
    active.operation = { ...active.operation, progress: active.executor.progress() };
    this.resources.model.putOperation(active.operation, true);
  }

  async #setStage(index: number, status: Stage['status'], message: string | null, nodeId?: string | null): Promise<void> {
    const { operation } = this.#active!;
    const stages = operation.stages.map((stage, at) => (at === index ? { ...stage, status, message } : stage));
    await this.#change({ stages, ...(nodeId != null && { nodeId }) });
  }

  /** A drain that was called off leaves the node serving again; its cordon is the operator's to lift. */
  async #compensate(failedIndex: number, outcome: StageOutcome): Promise<void> {
    const { operation } = this.#active!;
    if (operation.kind !== 'drain' || operation.nodeId === null) return;
    const { model, log, clusterId } = this.resources;
    const wish = model.wishes.get(operation.nodeId);
    if (wish?.lifecycle !== 'draining') return;
    const restored = { ...wish, lifecycle: 'active' as const };
    const message = `Drain ended at stage ${failedIndex + 1} (${outcome.message ?? outcome.ended ?? 'failed'}): active again, still cordoned`;
    const committed = await log.commit(
      [{ kind: 'save-node-intent', intent: { clusterId, nodeId: operation.nodeId, ...restored } }],
      [{ type: 'node.lifecycleChanged', severity: 'notice', nodeId: operation.nodeId, operationId: operation.id, message }],
    );
    if (committed.ok) model.setWish(operation.nodeId, restored);
  }

  async #finish(status: ExecutionStatus, reason: string | null, plan: Plan | null = null): Promise<void> {
    const { callbacks, model } = this.resources;
    // Whoever sees the end sees the cluster as the operation left it.
    if (!this.#closing) await this.observer.observe(this.#abort.signal, 'full');
    const { operation } = this.#active!;
    const report = plan === null ? null : reportOf(operation, plan, model.imbalance, this.#nowMs());
    if (report !== null) model.speed = speedOf({ bytes: report.bytesActual, moves: report.movesDone, seconds: report.secondsActual }) ?? model.speed;
    await this.#change({ status, statusReason: reason, finishedAtMs: this.#nowMs(), report }, finalEventOf(status));
    callbacks.rebalanceCompleted.emit(this.#active!.operation);
  }

  /** Stores a change of the active operation, waiting out a database that is away. */
  async #change(change: Partial<Operation>, eventType?: EventDraft['type']): Promise<void> {
    for (;;) {
      const { operation } = this.#active!;
      const changed: Operation = { ...operation, ...change, version: operation.version + 1 };
      const saved = await this.#save(changed, eventType === undefined ? [] : [operationEvent(changed, eventType)]);
      if (saved.ok) return;
      if (saved.error.code === 'conflict' && operation === this.#active?.operation) {
        this.resources.logger.error({ clusterId: this.resources.clusterId, operationId: operation.id }, 'Another manager has taken this operation over');
        this.#closing = true;
        return;
      }
      if (this.#closing) return;
      await sleep(this.resources.clock, saved.error.code === 'conflict' ? 0 : STORE_RETRY_MS);
    }
  }

  async #save(operation: Operation, drafts: readonly EventDraft[], writes: readonly StoreWrite[] = []): Promise<CommandResult<Operation>> {
    const { log, model } = this.resources;
    const committed = await log.commit([{ kind: 'save-operation', operation, epoch: model.state.epoch }, ...writes], drafts);
    if (!committed.ok) return { ok: false, error: failureOfStore(committed.error) };
    if (this.#active?.operation.id === operation.id) this.#active.operation = { ...operation, progress: this.#active.executor?.progress() ?? operation.progress };
    model.putOperation(operation, !isTerminal(operation.status));
    return ok(operation);
  }

  #nowMs(): number {
    return Math.round(this.resources.clock.wallMs());
  }
}

function bytesOf(moves: readonly MoveRecord[], plan: Plan): number {
  if (moves.length === plan.steps.length) return plan.bytes;
  return moves.reduce((sum, { step }) => sum + (step.kind === 'move' ? step.bytes ?? 0 : 0), 0);
}

function reportOf(operation: Operation, plan: Plan, imbalanceAfter: Report['imbalanceAfter'], nowMs: number): Report {
  const { progress } = operation;
  return {
    secondsPredicted: plan.estimatedSeconds,
    secondsActual: Math.max(0, nowMs - (operation.startedAtMs ?? nowMs)) / 1_000,
    bytesPredicted: progress.bytesTotal,
    bytesActual: progress.bytesDone,
    secondsMoving: 0, keysPredicted: plan.keyCount, keysActual: progress.keysDone, movesTotal: progress.movesTotal, bytesPerSecond: null, movesPerSecond: null, latency: operation.latency,
    imbalanceBefore: plan.before.imbalance,
    imbalancePredicted: plan.after.imbalance,
    imbalanceAfter,
    movesDone: progress.movesDone,
    movesFailed: progress.movesFailed,
    movesReverted: Math.max(0, progress.movesTotal - progress.movesDone - progress.movesFailed - progress.movesInFlight),
  };
}

function reasonOf(kind: 'pause' | 'resume' | 'cancel' | { readonly throttle: Throttle }, by: string): string | null {
  if (kind === 'pause') return `Paused by ${by}`;
  if (kind === 'cancel') return `Canceled by ${by}`;
  return null;
}

function eventTypeOf(kind: 'pause' | 'resume' | 'cancel' | { readonly throttle: Throttle }): EventDraft['type'] {
  if (kind === 'pause') return 'operation.pausing';
  if (kind === 'resume') return 'operation.resumed';
  return kind === 'cancel' ? 'operation.canceling' : 'operation.throttled';
}

function finalEventOf(status: ExecutionStatus): EventDraft['type'] {
  if (status === 'succeeded') return 'operation.succeeded';
  if (status === 'canceled') return 'operation.canceled';
  return status === 'superseded' ? 'plan.superseded' : 'operation.failed';
}
