/**
 * Runs one execution: asks the pure state machine what to do, stores the intent, calls
 * the driver, stores the outcome, tells. The only writer to the cluster.
 *
 * Order of every move (M2): intent stored by compare-and-set, driver call, completion
 * stored, then shown. A process killed between any two of these finds the move begun in
 * storage and asks the driver what is true. Intents and completions are committed in
 * batches, so that many small moves are not held up by the disk.
 */
import type { DriverFailure, ExecutionStatus, MoveRecord, Progress } from '@/lib/contract/operation';
import type { Pacing } from '@/lib/contract/pacing';
import type { Plan } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import type { StoreConflict, StoreWrite } from '@/lib/contract/storage';
import { isTerminal } from '@/lib/contract/operation';
import { createExecution, settle, transition, type ExecutionEvent, type ExecutionState, type IllegalCommand } from '@/lib/core/execution/execution-state';
import type { ExecutionMove } from '@/lib/core/execution/move-list';
import { nextEffects } from '@/lib/core/execution/next-effects';
import { addSample, bytesSoFar, progressOf, type ProgressSample } from '@/lib/core/execution/progress';
import type { StepProgress } from '@/lib/drivers/driver';
import { sleep } from '@/lib/platform/clock';
import { ok, type Result } from '@/lib/platform/result';
import type { EventDraft } from './event-log';
import type { ManagerResources } from './manager-resources';
import { MoveCalls, type Outcome } from './move-calls';
import { Pacer } from './pacer';

/** In-flight moves may end by themselves for so long before they are asked to stop (M13: safe within 1 s). */
const INTERRUPT_GRACE_MS = 400;
const STORE_RETRY_MS = 1_000;
const SHOW_EVERY_MS = 250;
/** Moves that end close together share a commit: the disk, not the cluster, would be the bottleneck. A batch is many already, and its pair has others under way. */
const GATHER_MS = { alone: 4, batched: 20 } as const;

export interface ExecutorHooks {
  /** The status changed; stored by the owner of the operation. */
  readonly statusChanged: (status: ExecutionStatus) => Promise<void>;
  /** Together what ended together: a new picture of the placement for each of hundreds would be most of the work. */
  readonly landed: (moves: readonly MoveRecord[]) => void;
  /** For good, by what the driver said. */
  readonly failed: (move: MoveRecord) => void;
  readonly progressed: () => void;
}

export interface ExecutorOptions {
  readonly operationId: string;
  readonly moves: readonly MoveRecord[];
  readonly status: ExecutionStatus;
  readonly throttle: Throttle;
  readonly bytesTotal: number;
  readonly waves: Plan['waves'];
}

export class PlanExecutor {
  #state: ExecutionState;
  #samples: readonly ProgressSample[] = [];
  #outcomes: Outcome[] = [];
  /** Told by the driver and not yet part of the state: hundreds of small moves tell theirs between two looks of anybody. */
  readonly #progress = new Map<number, StepProgress>();
  #wake: (() => void) | null = null;
  #woken = false;
  #shownMonotonicMs = 0;
  #stopping = false;
  #fenced: StoreConflict | null = null;
  #interruptTimer: Disposable | null = null;
  #graceMs = INTERRUPT_GRACE_MS;
  readonly #calls: MoveCalls;
  readonly #pacer: Pacer;

  constructor(private readonly resources: ManagerResources, private readonly options: ExecutorOptions, private readonly hooks: ExecutorHooks) {
    this.#state = createExecution(options.moves, { status: options.status, throttle: options.throttle, waves: options.waves, ...(resources.driver.batches !== undefined && { batching: resources.driver.batches }) });
    this.#calls = new MoveCalls(resources, options.operationId, {
      progressed: (index, progress) => {
        this.#progress.set(index, progress);
        this.#show();
      },
      ended: (outcomes) => {
        for (const { index } of outcomes) this.#progress.delete(index);
        this.#outcomes.push(...outcomes);
        this.#wakeUp();
      },
      bytesPerSecondMax: () => this.#state.throttle.bytesPerSecondMax,
      pressure: () => this.#pacer.pressure,
    });
    this.#pacer = new Pacer(resources, {
      openMoves: () => this.openMoves(),
      throttle: () => this.#state.throttle,
      changed: () => {
        this.hooks.progressed();
        this.#wakeUp();
      },
    });
  }

  get status(): ExecutionStatus {
    return this.#state.status;
  }

  get throttle(): Throttle {
    return this.#state.throttle;
  }

  /** Set when storage answered that another manager has taken the cluster over (M10). */
  get fencedBy(): StoreConflict | null {
    return this.#fenced;
  }

  progress(): Progress {
    return progressOf(this.#state, this.#samples, { bytesTotal: this.options.bytesTotal });
  }

  /** How hard the moves press the nodes, and why. */
  get pacing(): Pacing | undefined {
    return this.#pacer.pacing;
  }

  /** Begun and not ended. */
  openMoves(): readonly ExecutionMove[] {
    return this.#state.open.map((index) => this.#state.moves.at(index)!);
  }

  allMoves(): Iterable<ExecutionMove> {
    return this.#state.moves;
  }

  counts() {
    return this.#state.counts;
  }

  /** A command of the operator; answered at once, carried out within a second unless moves in flight are given longer to end by themselves. */
  command(event: Extract<ExecutionEvent, { kind: 'start' | 'pause' | 'resume' | 'cancel' | 'supersede' | 'throttle' }>, { graceMs = INTERRUPT_GRACE_MS }: { graceMs?: number } = {}): Result<ExecutionStatus, IllegalCommand> {
    const next = transition(this.#state, event);
    if (!next.ok) return next;
    if (event.kind === 'pause' || event.kind === 'cancel') {
      this.#graceMs = graceMs;
      this.#cancelInterrupt();
    }
    this.#state = next.value;
    this.#wakeUp();
    return ok(this.#state.status);
  }

  /** Would the command be legal now? */
  permits(event: Parameters<PlanExecutor['command']>[0]): Result<ExecutionStatus, IllegalCommand> {
    const next = transition(this.#state, event);
    return next.ok ? ok(next.value.status) : next;
  }

  /** Runs until a terminal status, or until `stop`. */
  async run(): Promise<ExecutionStatus> {
    let told = this.options.status;
    await this.#pacer.begin([...new Set(this.options.moves.flatMap(({ step }) => [step.sourceNodeId, step.targetNodeId]))]);
    while (!this.#stopping && this.#fenced === null) {
      const starting = await this.#storeRound();
      if (starting === null) {
        await sleep(this.resources.clock, STORE_RETRY_MS);
        continue;
      }
      if (this.#state.status !== told) {
        told = this.#state.status;
        if (told !== 'pausing' && told !== 'canceling') this.#cancelInterrupt();
        await this.hooks.statusChanged(told);
      }
      if (isTerminal(this.#state.status)) break;
      this.#launchAll(starting);
      // What was just started fills the room there is, unless something waits for its next try.
      const isFull = starting.length > 0 && !this.#hasResting();
      await this.#sleepUntilWoken(isFull ? null : this.#perform());
    }
    await this.#endCalls();
    this.#pacer[Symbol.dispose]();
    return this.#state.status;
  }

  /** The manager is closing: calls in flight stop at their safe point, the status stays for the next manager. */
  stop(): void {
    this.#stopping = true;
    this.#wakeUp();
  }

  /**
   * One commit for all that ended and all that may start now: completions, moves given
   * up, and intents. Only then are they applied and shown.
   *
   * @returns the batches of moves whose intent is stored; null when storage is away, then nothing changed
   */
  async #storeRound(): Promise<readonly (readonly number[])[] | null> {
    const { clock } = this.resources;
    const nowMs = Math.round(clock.wallMs());
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    const before = this.#state;
    const after = settle(this.#stateAfter(before, outcomes));
    const effects = nextEffects(after, clock.monotonicMs(), this.#pacer.movesInFlightMax);
    const starting = effects.flatMap((effect) => (effect.kind === 'start-moves' ? effect.batches : []));
    const abandoned = effects.flatMap((effect) => (effect.kind === 'abandon-moves' ? effect.indexes : []));
    const given = transition(after, { kind: 'moves-abandoned', indexes: abandoned, nowMs });
    const { writes, drafts } = this.#endings(after, outcomes);
    for (const index of abandoned) if (given.ok) writes.push(this.#saveMove('pending', given.value.moves.at(index)!));
    for (const index of starting.flat()) {
      const move = after.moves.at(index)!;
      if (move.status === 'pending') writes.push(this.#saveMove('pending', { ...move, status: 'copying', attempt: 1, startedAtMs: nowMs }));
    }
    if (!(await this.#commit(writes, drafts))) {
      this.#outcomes = [...outcomes, ...this.#outcomes];
      return null;
    }
    // A command or progress may have come while the store was busy.
    this.#state = this.#state === before ? after : this.#stateAfter(this.#state, outcomes);
    if (abandoned.length > 0) this.#apply({ kind: 'moves-abandoned', indexes: abandoned, nowMs });
    this.#state = settle(this.#state);
    this.hooks.landed(outcomes.map(({ index }) => this.#state.moves.at(index)!).filter(({ status }) => status === 'done'));
    if (outcomes.length > 0) this.#show();
    return starting;
  }

  /** What is to be stored of moves that ended. */
  #endings(after: ExecutionState, outcomes: readonly Outcome[]): { writes: StoreWrite[]; drafts: EventDraft[] } {
    const writes: StoreWrite[] = [];
    const drafts: EventDraft[] = [];
    for (const { index } of outcomes) {
      const move = after.moves.at(index)!;
      if (move.status !== 'done' && move.status !== 'failed' && move.status !== 'reverted') continue;
      writes.push(this.#saveMove('copying', move));
      if (move.status === 'failed') drafts.push(failedEvent(move, this.options.operationId));
    }
    return { writes, drafts };
  }

  #launchAll(starting: readonly (readonly number[])[]): void {
    const nowMs = Math.round(this.resources.clock.wallMs());
    for (const indexes of starting) {
      this.#apply({ kind: 'moves-started', indexes, nowMs });
      if (this.#state.status === 'running' && !this.#stopping) {
        this.#calls.move(indexes.map((index) => this.#state.moves.at(index)!));
        continue;
      }
      // A pause came while the intents were being stored: begun on paper only, they start with the resume.
      for (const index of indexes) this.#applyFailure(index, { code: 'interrupted', message: 'Held back before it began', retryable: true });
      this.#woken = true;
    }
  }

  /** Is a begun move not under way, so that it will be due some time? */
  #hasResting(): boolean {
    return this.#state.open.some((index) => this.#state.moves.at(index)?.inFlight !== true);
  }

  /** Everything that needs no storage. @returns until when there is nothing to do, monotonic; null = until something happens. */
  #perform(): number | null {
    const effects = nextEffects(this.#state, this.resources.clock.monotonicMs(), this.#pacer.movesInFlightMax);
    for (const effect of effects) {
      if (effect.kind === 'settle-moves') for (const index of effect.indexes) this.#settle(index);
      if (effect.kind === 'interrupt-moves') this.#interruptSoon();
      if (effect.kind === 'start-moves' || effect.kind === 'abandon-moves') this.#woken = true;
    }
    return effects.reduce<number | null>((until, effect) => (effect.kind === 'wait' ? effect.untilMonotonicMs : until), null);
  }

  #settle(index: number): void {
    this.#apply({ kind: 'moves-started', indexes: [index], nowMs: Math.round(this.resources.clock.wallMs()) });
    this.#calls.settle(this.#state.moves.at(index)!);
  }

  #stateAfter(state: ExecutionState, outcomes: readonly Outcome[]): ExecutionState {
    const { clock, random } = this.resources;
    const nowMs = Math.round(clock.wallMs());
    const moves = outcomes.flatMap(({ index, result, reverting }) => (result.ok && !reverting ? [{ index, bytes: result.value.bytes, keyCount: result.value.keyCount }] : []));
    const events: ExecutionEvent[] = moves.length === 0 ? [] : [{ kind: 'moves-succeeded', moves, nowMs }];
    for (const { index, result, reverting } of outcomes) {
      if (!result.ok) events.push({ kind: 'move-failed', index, failure: result.error, nowMs, monotonicMs: clock.monotonicMs(), random: random.next() });
      else if (reverting) events.push({ kind: 'move-reverted', index, nowMs });
    }
    return events.reduce((before, event) => {
      const next = transition(before, event);
      return next.ok ? next.value : before;
    }, state);
  }

  #saveMove(expected: MoveRecord['status'], move: ExecutionMove): StoreWrite {
    return { kind: 'save-move', clusterId: this.resources.clusterId, operationId: this.options.operationId, expected, move: recordOf(move), epoch: this.resources.model.state.epoch };
  }

  async #commit(writes: readonly StoreWrite[], drafts: readonly EventDraft[] = []): Promise<boolean> {
    if (writes.length === 0 && drafts.length === 0) return true;
    const committed = await this.resources.log.commit(writes, drafts);
    if (!committed.ok && committed.error.code !== 'unavailable') this.#fenced = committed.error;
    return committed.ok;
  }

  #interruptSoon(): void {
    this.#interruptTimer ??= this.resources.clock.after(this.#graceMs, () => {
      this.#interruptTimer = null;
      if (this.#state.status === 'pausing' || this.#state.status === 'canceling') this.#calls.interrupt('moving');
    });
  }

  #cancelInterrupt(): void {
    this.#interruptTimer?.[Symbol.dispose]();
    this.#interruptTimer = null;
  }

  async #endCalls(): Promise<void> {
    this.#cancelInterrupt();
    this.#calls.interrupt('every');
    while (this.#calls.size > 0) await this.#sleepUntilWoken(null);
    if (this.#fenced !== null) return;
    const { writes, drafts } = this.#endings(this.#stateAfter(this.#state, this.#outcomes), this.#outcomes);
    await this.#commit(writes, drafts);
  }

  #apply(event: ExecutionEvent): void {
    const next = transition(this.#state, event);
    if (next.ok) this.#state = next.value;
  }

  #applyFailure(index: number, failure: DriverFailure): void {
    const { clock, random } = this.resources;
    this.#apply({ kind: 'move-failed', index, failure, nowMs: Math.round(clock.wallMs()), monotonicMs: clock.monotonicMs(), random: random.next() });
  }

  #show(): void {
    const nowMs = this.resources.clock.monotonicMs();
    if (nowMs - this.#shownMonotonicMs < SHOW_EVERY_MS) return;
    this.#shownMonotonicMs = nowMs;
    this.#apply({ kind: 'moves-progressed', moves: [...this.#progress].map(([index, progress]) => ({ index, ...progress })) });
    this.#progress.clear();
    this.#samples = addSample(this.#samples, { monotonicMs: nowMs, bytesDone: bytesSoFar(this.#state), movesDone: this.#state.counts.done });
    this.hooks.progressed();
  }

  #wakeUp(): void {
    this.#woken = true;
    this.#wake?.();
  }

  async #sleepUntilWoken(untilMonotonicMs: number | null): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = untilMonotonicMs === null ? null : this.resources.clock.after(Math.max(0, untilMonotonicMs - this.resources.clock.monotonicMs()), resolve);
        this.#wake = () => {
          timer?.[Symbol.dispose]();
          resolve();
        };
      });
    }
    this.#wake = null;
    this.#woken = false;
    // With nothing under way there is nothing to gather: the last ones end at once.
    if (!this.#stopping && this.#calls.size > 0) await sleep(this.resources.clock, this.#state.batching.movesMax > 1 ? GATHER_MS.batched : GATHER_MS.alone);
  }
}

/** Without what only the running process knows. */
function recordOf({ index, step, status, attempt, bytesDone, keysDone, startedAtMs, finishedAtMs, failure }: ExecutionMove): MoveRecord {
  return { index, step, status, attempt, bytesDone, keysDone, startedAtMs, finishedAtMs, failure };
}

function failedEvent(move: ExecutionMove, operationId: string): EventDraft {
  return {
    type: 'move.failed', severity: 'warning', operationId, shardId: move.step.shardId,
    message: `Shard ${move.step.shardId} did not move after ${move.attempt} tries: ${move.failure?.message ?? 'unknown'}`.slice(0, 1_000),
    data: { code: move.failure?.code ?? 'unexpected', attempt: move.attempt },
  };
}
