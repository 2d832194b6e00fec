/** The stage that runs the moves of a plan: the executor, and what it needs from its surroundings. */
import { isTerminal, type ExecutionStatus, type MoveRecord, type Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import type { ExecutionMove } from '@/lib/core/execution/move-list';
import { mayBecome } from '@/lib/core/execution/transitions';
import { findForeignChange } from '@/lib/core/execution/foreign-change';
import { inTurns, isShortList, nextTurn } from '@/lib/platform/in-turns';
import { ok } from '@/lib/platform/result';
import type { OperationCommand } from './command-effect';
import { foreignChangeOf, isForeign, knownLeaders, remainingRefusals } from './foreign-watch';
import { withSample } from './operation-report';
import { PlanExecutor } from './plan-executor';
import type { SagaContext } from './saga-context';
import type { StageOutcome } from './stage-run';

/** What a move in flight may take longer when another operation is to have its turn. */
const YIELD_GRACE_MS = 30_000;

export type MoveRunOutcome = StageOutcome | { readonly status: 'preempted' };

export class MoveRun {
  #executor: PlanExecutor | null = null;
  #known: ReadonlySet<string> = new Set();
  #movingSinceMonotonicMs: number | null = null;
  #movingMs = 0;
  #foreignFailure: string | null = null;
  #yielding = false;
  #holding = false;
  #looking = false;
  /** Looked at last. */
  #checked: Pick<ClusterState, 'shards' | 'nodes'> | null = null;

  constructor(private readonly context: SagaContext, private readonly plan: Plan) {}

  openMoves(): readonly ExecutionMove[] {
    return this.#executor?.openMoves() ?? [];
  }

  /** `validate`: it rested while others ran, so what is left is held against the constraints again. `stored`: the journal, where it need not be read. */
  async run({ validate, stored }: { validate: boolean; stored: readonly MoveRecord[] | null }): Promise<MoveRunOutcome> {
    const { context, plan } = this;
    const moves = stored ?? (await context.read(() => context.resources.store.moves(context.operationId)))?.moves ?? null;
    if (moves === null) return { status: 'stopped', message: null };
    if (moves.length === 0) return { status: 'done', message: plan.verdict.message };
    const isLong = !isShortList(moves);
    if (isLong) await nextTurn();
    this.#known = knownLeaders(context.resources, plan, moves.every((move) => move.status === 'pending'));
    await this.#checkBefore(moves, validate);
    if (isLong) await nextTurn();
    const operation = context.operation;
    if (operation === undefined || context.stopping()) return { status: 'stopped', message: null };
    this.#movingMs = operation.movingMs;
    const executor = new PlanExecutor(context.resources, {
      operationId: operation.id, moves, status: operation.status, throttle: operation.throttle, bytesTotal: operation.progress.bytesTotal, waves: plan.waves,
    }, {
      statusChanged: (status) => this.#statusChanged(status),
      landed: (moves) => { this.#landed(moves); },
      failed: (move) => { if (isForeign(move.failure)) void this.#stopFor(move.failure?.message ?? 'A move found its shard changed'); },
      progressed: () => { this.#show(); },
    });
    this.#executor = executor;
    if (this.#yielding && operation.status === 'paused') executor.stop();
    this.#count(operation.status);
    if (isLong) await nextTurn();
    const status = await executor.run();
    this.#count('paused');
    this.#show();
    this.#executor = null;
    return this.#outcome(executor, status);
  }

  stop(): void {
    this.#executor?.stop();
  }

  /** The record says so already. */
  follow(command: OperationCommand): void {
    this.#executor?.command(typeof command === 'string' ? { kind: command } : { kind: 'throttle', throttle: command.throttle });
  }

  /** Ends the run at its safe point. Moves in flight may end by themselves, so that their shards are free for the other one; what takes too long stays as it is, served meanwhile. */
  yieldTurn(): void {
    this.#yielding = true;
    if (this.#executor?.status === 'paused') this.#executor.stop();
    else this.#executor?.command({ kind: 'pause' }, { graceMs: YIELD_GRACE_MS });
  }

  /** After each reading: client latency, and whether somebody else has changed the cluster. */
  afterReading(): void {
    const { context } = this;
    const { model } = context.resources;
    const operation = context.operation;
    if (this.#executor === null || operation === undefined) return;
    if (this.#executor.openMoves().some((move) => move.inFlight)) {
      context.parts.records.show(operation.id, { latency: withSample(operation.latency, model.totals.latencyP99Ms) });
    }
    if (model.freeze !== null && this.#executor.status === 'running') void this.#holdFor(model.freeze.reason);
    const { shards, nodes } = model.state;
    const same = this.#checked?.shards === shards && this.#checked.nodes === nodes;
    if (same || !['running', 'pausing', 'paused'].includes(this.#executor.status)) return;
    if (this.#looking) return;
    this.#checked = { shards, nodes };
    void this.#look(model.state, this.#executor);
  }

  /** At what is known now, in turns; what comes meanwhile is looked at after the next reading. */
  async #look(state: ClusterState, executor: PlanExecutor): Promise<void> {
    this.#looking = true;
    const change = await inTurns(findForeignChange(state, executor.allMoves(), this.#known));
    this.#looking = false;
    if (change !== null && this.#executor === executor) await this.#stopFor(change.message);
  }

  /** A freeze that came while storage was away, so that nobody could store the pause. */
  async #holdFor(reason: string): Promise<void> {
    if (this.#holding) return;
    this.#holding = true;
    const stored = await this.context.persist((operation) => (operation.status === 'running'
      ? ok({ change: { status: 'pausing', statusReason: `Frozen: ${reason}`.slice(0, 1_000) }, event: 'operation.pausing' }) : ok(null)));
    this.#holding = false;
    if (stored) this.#executor?.command({ kind: 'pause' });
  }

  async #checkBefore(moves: readonly MoveRecord[], validate: boolean): Promise<void> {
    const { context, plan } = this;
    if (context.operation?.status === 'canceling') return;
    const refusals = validate ? await remainingRefusals(context.resources, plan, moves, this.#known) : [];
    const change = refusals[0] ?? await inTurns(findForeignChange(context.resources.model.state, moves, this.#known));
    if (change === null) return;
    await context.persist(() => ok({ change: { status: 'canceling', ...foreignChangeOf(change.message), refusals: refusals.slice(0, 100) }, event: 'operation.canceling' }));
  }

  /** The record first, so that a restart knows why it stops; then the moves come to an end. */
  async #stopFor(message: string): Promise<void> {
    const { context } = this;
    this.#foreignFailure ??= message;
    const stored = await context.persist((operation) => (operation.foreignChange !== null || !mayBecome(operation.status, 'canceling')
      ? ok(null)
      : ok({ change: { status: 'canceling', ...foreignChangeOf(message) }, event: 'operation.canceling' })));
    if (stored) this.#executor?.command({ kind: 'cancel' });
  }

  async #statusChanged(status: ExecutionStatus): Promise<void> {
    const { context } = this;
    this.#count(status);
    this.#show();
    // A terminal status is stored with the report; a command has stored pausing, resuming and canceling already.
    if (status === 'paused') {
      await context.persist((operation) => (operation.status === 'pausing' ? ok({ change: { status: 'paused' }, event: 'operation.paused' }) : ok(null)));
      if (this.#yielding) this.#executor?.stop();
    }
  }

  #outcome(executor: PlanExecutor, status: ExecutionStatus): Promise<MoveRunOutcome> | MoveRunOutcome {
    const { context } = this;
    if (executor.fencedBy !== null) return { status: 'stopped', message: null };
    if (!isTerminal(status)) return context.stopping() || !this.#yielding ? { status: 'stopped', message: null } : { status: 'preempted' };
    if (status === 'succeeded') return { status: 'done', message: null };
    if (status === 'failed') return this.#failed(executor);
    return { status: 'failed', message: context.operation?.statusReason ?? null };
  }

  /** Moves that found the cluster changed, when nothing was left to stop: the rest is planned anew as well. */
  async #failed(executor: PlanExecutor): Promise<MoveRunOutcome> {
    const { context } = this;
    const message = this.#foreignFailure;
    if (message !== null) await context.persist((operation) => (operation.foreignChange === null ? ok({ change: foreignChangeOf(message) }) : ok(null)));
    const operation = context.operation;
    return { status: 'failed', message: message === null ? `${executor.counts().failed} of ${operation?.progress.movesTotal ?? 0} moves failed` : operation?.statusReason ?? message };
  }

  #landed(moves: readonly MoveRecord[]): void {
    const { resources, parts, operationId } = this.context;
    const { clusterId, publisher, callbacks, clock } = resources;
    parts.observer.placementChanged(moves.map(({ step }) => step));
    const atMs = Math.round(clock.wallMs());
    for (const { step: { shardId, sourceNodeId, targetNodeId }, bytesDone: bytes, keysDone } of moves) {
      const moved = { clusterId, operationId, shardId, sourceNodeId, targetNodeId, atMs, bytes, keyCount: Math.round(keysDone) };
      publisher.shardMoved(moved);
      callbacks.shardMoved.emit(moved);
    }
  }

  #show(): void {
    const { context } = this;
    if (this.#executor === null) return;
    const running = this.#movingSinceMonotonicMs === null ? 0 : context.resources.clock.monotonicMs() - this.#movingSinceMonotonicMs;
    const change: Partial<Pick<Operation, 'progress' | 'pacing' | 'movingMs'>> = {
      progress: this.#executor.progress(),
      ...(this.#executor.pacing !== undefined && { pacing: this.#executor.pacing }),
      movingMs: Math.round(this.#movingMs + running),
    };
    context.parts.records.show(context.operationId, change);
  }

  /** Time counts as moving from the moment it runs until it rests or ends. */
  #count(status: ExecutionStatus): void {
    const nowMs = this.context.resources.clock.monotonicMs();
    if (this.#movingSinceMonotonicMs !== null) this.#movingMs += nowMs - this.#movingSinceMonotonicMs;
    this.#movingSinceMonotonicMs = status === 'running' || status === 'pausing' || status === 'canceling' ? nowMs : null;
  }
}
