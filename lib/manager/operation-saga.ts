/**
 * One operation on its way through its stages. Each stage is stored as begun before its
 * effect and as done after it (M2); where one fails, or the operation is called off, what
 * was done before is taken back from the last stage to the first. Everything that must
 * survive a restart is in the record: which stage, its outcome, and how it is to end.
 */
import type { MoveRecord, Operation, Stage } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { ExecutionMove } from '@/lib/core/execution/move-list';
import { ok } from '@/lib/platform/result';
import type { OperationCommand } from './command-effect';
import { foreignChangeOf, knownLeaders, remainingRefusals } from './foreign-watch';
import { MoveRun, type MoveRunOutcome } from './move-run';
import { finishOperation } from './operation-ending';
import { makePlanOf } from './plan-stage';
import { SagaContext, type SagaParts } from './saga-context';
import { withMended } from './mend-record';
import type { StageOutcome } from './stage-run';
import { compensateStage, runStage } from './stages';

/** stopped: the manager closes, or another one has the cluster; the operation stays open in storage. */
export type SagaEnd = 'ended' | 'preempted' | 'stopped';

/** What an operation is to do, as it was stored with it a moment ago: plan and journal of moves that have not begun. */
export interface StoredRun {
  readonly plan: Plan;
  readonly moves: readonly MoveRecord[];
}

export class OperationSaga {
  readonly #context: SagaContext;
  #moveRun: MoveRun | null = null;
  #step: AbortController | null = null;
  /** The emergency that takes its turn. */
  #preemptor: Operation | null = null;
  /** It rested while others ran: what is left of its plan is held against the constraints again. */
  #validate = false;
  #wake: (() => void) | null = null;

  /** `stored`: where this process has just written it and nothing has run since; else it is read. */
  constructor(parts: SagaParts, readonly operationId: string, private stored: StoredRun | null = null) {
    this.#context = new SagaContext(parts, operationId);
  }

  openMoves(): readonly ExecutionMove[] {
    return this.#moveRun?.openMoves() ?? [];
  }

  async run(): Promise<SagaEnd> {
    const begun = await this.#begin();
    if (begun !== null) return begun;
    for (;;) {
      const operation = this.#context.operation;
      if (operation === undefined) return 'ended';
      const index = operation.stages.findIndex((stage) => stage.status !== 'done' && stage.status !== 'skipped');
      const turned = await this.#boundary(operation, index);
      if (turned === 'again') continue;
      if (turned !== 'go') return turned;
      if (index < 0) {
        await finishOperation(this.#context, 'succeeded', null);
        return this.#endedOrStopped();
      }
      const outcome = await this.#runStage(operation, index);
      if (outcome.status === 'preempted') return 'preempted';
      if (outcome.status === 'stopped' && this.#context.stopping()) return 'stopped';
    }
  }

  /** The manager is closing: what is under way stops at its safe point. */
  stop(): void {
    this.#step?.abort(new Error('The manager is closing'));
    this.#moveRun?.stop();
    this.#wake?.();
  }

  /** The record says so already; what is under way follows it. */
  follow(command: OperationCommand): void {
    if (command === 'cancel' || (command === 'pause' && this.#isRepeatable())) this.#step?.abort(new Error('Called off'));
    this.#moveRun?.follow(command);
    this.#wake?.();
  }

  afterReading(): void {
    this.#moveRun?.afterReading();
    if (this.#context.resources.model.freeze !== null && this.#isRepeatable()) this.#step?.abort(new Error('Frozen'));
  }

  /** May what runs be stopped half-way and run again later? The other stages are short, and go to their end. */
  #isRepeatable(): boolean {
    return this.#context.operation?.stages.find(({ status }) => status === 'running')?.kind === 'mend-shards';
  }

  /** Steps aside for an emergency at the next safe point; stored first, so that a restart knows whose turn it is. */
  async preempt(by: Operation): Promise<void> {
    if (this.#preemptor !== null) return;
    this.#preemptor = by;
    const stored = await this.#context.persist((operation) => {
      if (operation.status === 'canceling' || operation.preemptedBy !== null) return ok(null);
      const rests = operation.status === 'pausing' || operation.status === 'paused';
      return ok({
        change: {
          status: rests ? operation.status : operation.status === 'running' ? 'pausing' : operation.status,
          preemptedBy: { operationId: by.id, atMs: this.#context.nowMs, resumes: !rests },
          statusReason: `Steps aside for an emergency: ${by.urgencyReason ?? by.kind}`.slice(0, 1_000),
        },
        event: 'operation.preempted',
      });
    });
    if (!stored || this.#context.operation?.preemptedBy == null) {
      this.#preemptor = null;
      return;
    }
    this.#moveRun?.yieldTurn();
    this.#wake?.();
  }

  /** What must be so before its first stage, or before it goes on. @returns how it ended, or null to go on. */
  async #begin(): Promise<SagaEnd | null> {
    const context = this.#context;
    const { operation } = context;
    if (operation === undefined) return 'ended';
    if (operation.startedAtMs === null) return this.#start(operation);
    if (operation.preemptedBy !== null && this.#preemptor === null) {
      this.#validate = true;
      const { resumes } = operation.preemptedBy;
      await context.persist((now) => (now.status === 'canceling'
        ? ok({ change: { preemptedBy: null } })
        : ok({ change: { preemptedBy: null, status: resumes ? 'running' : 'paused', statusReason: resumes ? null : now.statusReason }, event: resumes ? 'operation.resumed' : undefined })));
    }
    return context.stopping() ? 'stopped' : null;
  }

  async #start(operation: Operation): Promise<SagaEnd | null> {
    const context = this.#context;
    const { store, model, callbacks } = context.resources;
    if (operation.planId !== null) {
      const plan = this.stored?.plan ?? await context.read(() => store.plan(operation.planId!));
      const journal = this.stored ?? await context.read(() => store.moves(operation.id));
      if (plan === null || journal === null) return 'stopped';
      const refusals = await remainingRefusals(context.resources, plan, journal.moves, knownLeaders(context.resources, plan, true));
      if (refusals.length > 0) {
        await context.change({ refusals: refusals.slice(0, 100), ...foreignChangeOf(refusals[0]!.message) });
        await finishOperation(context, 'superseded', null);
        return this.#endedOrStopped();
      }
    }
    const started = await context.persist((now) => (now.status === 'pending'
      ? ok({ change: { status: 'running', startedAtMs: context.nowMs, statusReason: null, latency: { ...now.latency, beforeP99Ms: model.totals.latencyP99Ms } }, event: 'operation.started' })
      : ok(null)));
    if (!started) return this.#endedOrStopped();
    const running = context.operation;
    if (running !== undefined) callbacks.rebalanceStarted.emit(running);
    return null;
  }

  /** Between two stages: is it to end, to rest, or to step aside? again: something was changed, look anew. */
  async #boundary(operation: Operation, index: number): Promise<SagaEnd | 'again' | 'go'> {
    const context = this.#context;
    if (context.stopping()) return 'stopped';
    if (operation.stages.some(({ status }) => status === 'failed' || status === 'compensated')) return this.#endFailed(operation);
    const stage = operation.stages[index];
    if (stage === undefined) return 'go';
    if (operation.preemptedBy !== null && this.#preemptor !== null && operation.status !== 'canceling') {
      await context.change({ status: 'paused' }, { event: 'operation.paused' });
      return context.stopping() ? 'stopped' : 'preempted';
    }
    const freeze = context.resources.model.freeze;
    if (freeze !== null && operation.status === 'running') {
      await context.persist((now) => (now.status === 'running' ? ok({ change: { status: 'pausing', statusReason: `Frozen: ${freeze.reason}`.slice(0, 1_000) }, event: 'operation.pausing' }) : ok(null)));
      return 'again';
    }
    // Moves that have begun are paused and ended by their own run; elsewhere nothing is half done.
    return stage.kind === 'execute-plan' || operation.status === 'running' ? 'go' : this.#restOrEnd(operation, index);
  }

  async #restOrEnd(operation: Operation, index: number): Promise<'again'> {
    const context = this.#context;
    if (operation.status === 'canceling') await this.#setStage(index, 'failed', operation.statusReason);
    else if (operation.status === 'pausing') await context.persist((now) => (now.status === 'pausing' ? ok({ change: { status: 'paused' }, event: 'operation.paused' }) : ok(null)));
    else await this.#untilWoken(operation.version);
    return 'again';
  }

  async #runStage(operation: Operation, index: number): Promise<MoveRunOutcome> {
    const context = this.#context;
    const stage = operation.stages[index]!;
    if (stage.status === 'pending' && !(await this.#setStage(index, 'running', null))) return { status: 'stopped', message: null };
    const outcome = await this.#effectOf(stage, index);
    // Stopped without an end of the manager means called off: what comes of it is decided at the boundary.
    if (outcome.status === 'preempted' || outcome.status === 'stopped') return outcome;
    if (stage.kind === 'plan' && outcome.status === 'done') return outcome;
    const message = outcome.message ?? (outcome.status === 'failed' ? context.operation?.statusReason ?? null : null);
    await this.#setStage(index, outcome.status, message, outcome);
    return outcome;
  }

  async #effectOf(stage: Stage, index: number): Promise<MoveRunOutcome> {
    const context = this.#context;
    if (stage.kind === 'execute-plan') return this.#runMoves();
    this.#step = new AbortController();
    try {
      const { operation } = context;
      if (operation === undefined) return { status: 'stopped', message: null };
      if (stage.kind === 'plan') return await makePlanOf(context, index);
      const signal = AbortSignal.any([context.parts.closing, this.#step.signal]);
      return await runStage({ resources: context.resources, operation, index, signal }, stage.kind);
    } finally {
      this.#step = null;
    }
  }

  async #runMoves(): Promise<MoveRunOutcome> {
    const context = this.#context;
    const planId = context.operation?.planId ?? null;
    const { stored } = this;
    this.stored = null;
    const plan = planId === null ? null : stored?.plan ?? await context.read(() => context.resources.store.plan(planId));
    if (plan === null) return context.stopping() ? { status: 'stopped', message: null } : { status: 'failed', message: 'The plan is not stored any more' };
    const validate = this.#validate;
    this.#validate = false;
    this.#moveRun = new MoveRun(context, plan);
    try {
      return await this.#moveRun.run({ validate, stored: stored?.moves ?? null });
    } finally {
      this.#moveRun = null;
    }
  }

  async #setStage(index: number, status: Stage['status'], message: string | null, { nodeId, mended }: Pick<StageOutcome, 'nodeId' | 'mended'> = {}): Promise<boolean> {
    const context = this.#context;
    return context.persist((operation) => {
      const stages = operation.stages.map((stage, at): Stage => (at !== index ? stage : {
        ...stage, status, message: message?.slice(0, 500) ?? null, nodeId: nodeId ?? stage.nodeId,
        startedAtMs: status === 'running' ? context.nowMs : stage.startedAtMs,
        finishedAtMs: status === 'running' ? null : context.nowMs,
      }));
      if (mended !== undefined) return ok({ change: { stages, ...withMended(operation, index, mended) } });
      if (nodeId === undefined) return ok({ change: { stages } });
      return ok({ change: { stages, nodeId: operation.kind === 'add-node' ? nodeId : operation.nodeId, nodeIds: [...new Set([...operation.nodeIds, nodeId])] } });
    });
  }

  /** Takes back what can be, the last stage first; each is stored when it is done, so that a restart goes on from there. */
  async #endFailed(operation: Operation): Promise<SagaEnd> {
    const context = this.#context;
    for (let index = operation.stages.length - 1; index >= 0; index -= 1) {
      const stage = operation.stages[index]!;
      if (stage.status === 'pending' || stage.status === 'compensated' || stage.status === 'skipped') continue;
      const taken = await compensateStage({ resources: context.resources, operation, index, signal: context.parts.closing }, stage);
      if (context.stopping()) return 'stopped';
      if (taken === null) continue;
      await context.persist((now) => ok({
        change: { stages: now.stages.map((at, position): Stage => (position === index ? { ...at, status: taken.compensated ? 'compensated' : at.status, message: taken.message.slice(0, 500) } : at)) },
        ...(taken.compensated && { event: 'operation.compensated' as const }),
      }));
    }
    const failed = operation.stages.find((stage) => stage.status === 'failed');
    const status = operation.foreignChange !== null ? 'superseded' : operation.status === 'canceling' ? 'canceled' : 'failed';
    await finishOperation(context, status, status === 'canceled' ? operation.statusReason : failed?.message ?? operation.statusReason);
    return this.#endedOrStopped();
  }

  #endedOrStopped(): SagaEnd {
    return this.#context.operation === undefined ? 'ended' : 'stopped';
  }

  /** Until the record changes, or the manager closes. */
  async #untilWoken(version: number): Promise<void> {
    if (this.#context.stopping() || this.#context.operation?.version !== version) return;
    await new Promise<void>((resolve) => { this.#wake = resolve; });
    this.#wake = null;
  }
}
