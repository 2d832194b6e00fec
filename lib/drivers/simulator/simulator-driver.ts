import type { Capabilities } from '@/lib/contract/cluster';
import type { Observation } from '@/lib/contract/observation';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Risk } from '@/lib/contract/plan';
import type { Clock } from '@/lib/platform/clock';
import { inTurns, nextTurn } from '@/lib/platform/in-turns';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterDriver, DriverStep, ForeseenMove, MoveTarget, MoveTruth, StepContext, StepOutcome } from '../driver';
import { MEMBERSHIP } from './cluster-parameters';
import { foreseeMoves } from './foresee';
import { failure, interrupted, nodeDown, unknownNode } from './failures';
import { progressOf, type MoveRun, type OpenMove } from './moves';
import { ANSWER_DEADLINE_MS, Observer } from './observe-cluster';
import type { PhantomCluster } from './phantom-cluster';
import { SimulatedProcesses } from './simulated-processes';
import type { SimulatedTime } from './simulated-time';

type StepResult = Result<StepOutcome, DriverFailure>;

export const SIMULATOR_CAPABILITIES: Capabilities = {
  replication: 'per-shard', moveShard: true, transferPrimary: true, addNode: true, addNodeNeeds: 'nothing', removeNode: true, repair: true, mendShards: false, loadPerShard: 'measured',
};

/** While steps run: how often throttles are read again and progress is told, in the clock's time. */
const THROTTLE_READ_MS = 50;
const PROGRESS_MS = 250;
/** So many are summed up and told of in some milliseconds together. */
const REPLICAS_AT_ONCE_MAX = 20_000;

/** One call of `execute` that has not ended. */
interface Running {
  readonly context: StepContext;
  /** The result once there is one; looked at at every beat. */
  readonly poll: () => StepResult | null;
  /** The simulated instant it waits for, where it knows it. */
  readonly dueMs: () => number;
  /** Stops at the safe point. */
  readonly stop: () => void;
  readonly move: { readonly run: MoveRun; readonly open: OpenMove } | null;
  readonly resolve: (result: StepResult) => void;
  progressAtMs: number;
  readonly stopListening: () => void;
}

/**
 * The driver of PhantomDB. It brings the cluster to the present simulated instant whenever
 * somebody asks, and sets one timer while steps run. Answers take no time of the clock:
 * `answerMs` says how long they would have taken, and a node that would have missed its
 * deadline is marked, not waited for.
 *
 * Throttles count in the cluster's own seconds: at speed 10, a limit of 1 MB/s moves
 * 10 MB in a second of the clock.
 */
export class SimulatorDriver implements ClusterDriver {
  readonly kind = 'simulator';
  readonly capabilities = SIMULATOR_CAPABILITIES;
  readonly #cluster: PhantomCluster;
  readonly #clock: Clock;
  readonly #time: SimulatedTime;
  readonly #observer: Observer;
  readonly #running = new Set<Running>();
  #timer: Disposable | null = null;
  #beatingSoon = false;
  /** When a move came last that it was brought to the present for, by the clock. */
  #movedAtMs = -Infinity;
  #closed = false;
  #processes: SimulatedProcesses | null = null;

  readonly #onClose: () => void;

  constructor(options: { cluster: PhantomCluster; clock: Clock; time: SimulatedTime; onClose: () => void }) {
    this.#onClose = options.onClose;
    this.#cluster = options.cluster;
    this.#clock = options.clock;
    this.#time = options.time;
    this.#observer = new Observer(options.cluster.core);
    options.cluster.core.followTime(() => options.time.nowMs());
  }

  async observe(options: { detail: 'nodes' | 'full'; signal: AbortSignal }): Promise<Result<Observation, DriverFailure>> {
    const refused = this.#refusal('The reading', options.signal) ?? await this.#readied('The reading', options.signal);
    if (refused !== null) return err(refused);
    this.#catchUp();
    const observation = this.#isLarge ? await inTurns(this.#observer.observing(options.detail)) : this.#observer.observe(options.detail);
    return observation.nodes.some((node) => node.answered)
      ? ok(observation)
      : err(failure('connection-lost', 'No node of the cluster answered', { retryable: true }));
  }

  /** Where there are many replicas, they are summed up in a turn of the event loop of its own. */
  async #readied(what: string, signal: AbortSignal): Promise<DriverFailure | null> {
    if (!this.#isLarge) return null;
    this.#catchUp();
    this.#cluster.core.demand();
    await nextTurn();
    return this.#refusal(what, signal);
  }

  get #isLarge(): boolean {
    return this.#cluster.core.placement.rows.length > REPLICAS_AT_ONCE_MAX;
  }

  probe(nodeId: string, signal: AbortSignal): Promise<Result<{ answerMs: number }, DriverFailure>> {
    const refused = this.#refusal('The probe', signal);
    if (refused !== null) return Promise.resolve(err(refused));
    this.#catchUp();
    const { core } = this.#cluster;
    const node = core.node(nodeId);
    if (node?.member !== true) return Promise.resolve(err(unknownNode(nodeId)));
    if (!node.running) return Promise.resolve(err(nodeDown(nodeId)));
    const answerMs = this.#observer.answerMsOf(node, core.loads()[node.index]!);
    return Promise.resolve(answerMs === null
      ? err(failure('timeout', `${nodeId} did not answer within ${ANSWER_DEADLINE_MS} ms`, { retryable: true }))
      : ok({ answerMs }));
  }

  async execute(step: DriverStep, context: StepContext): Promise<StepResult> {
    const refused = this.#refusal(`The step ${step.kind}`, context.signal);
    if (refused !== null) return err(refused);
    if (step.kind === 'move') this.#catchUpForMove();
    else this.#catchUp();
    const { core, steps } = this.#cluster;
    if (!core.admit(context.epoch)) {
      return err(failure('stale-epoch', `Epoch ${context.epoch} is outdated: epoch ${core.authority} has spoken`, { retryable: false }));
    }
    switch (step.kind) {
      case 'move': return this.#move(step, context);
      case 'revert-move': return steps.revertMove(step);
      case 'transfer': return this.#transfer(step, context);
      case 'add-node': return this.#addNode(step, context);
      case 'verify-empty': return steps.verifyEmpty(step.nodeId);
      case 'promote-follower': return err(failure('not-supported', 'PhantomDB has no followers: every replica is placed on its own', { retryable: false }));
      // The engine has done it by itself, failoverMs after the death.
      case 'fail-over': return ok({ bytes: 0, keyCount: 0, nodeId: null });
      case 'remove-node': return steps.removeNode(step.nodeId);
    }
  }

  async foresee(moves: readonly ForeseenMove[], signal: AbortSignal): Promise<Result<readonly Risk[], DriverFailure>> {
    const refused = this.#refusal('The look ahead', signal) ?? await this.#readied('The look ahead', signal);
    if (refused !== null) return err(refused);
    this.#catchUp();
    return ok(foreseeMoves(this.#cluster.core, moves));
  }

  inspectMove(move: MoveTarget, signal: AbortSignal): Promise<Result<MoveTruth, DriverFailure>> {
    const refused = this.#refusal('The inspection', signal);
    if (refused !== null) return Promise.resolve(err(refused));
    this.#catchUp();
    return Promise.resolve(this.#cluster.steps.inspectMove(move));
  }

  /** Processes of the simulated machines, for the provisioner that makes nodes of this cluster. */
  get processes(): SimulatedProcesses {
    return (this.#processes ??= new SimulatedProcesses(this.#cluster));
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#catchUp();
    this.#closed = true;
    for (const running of [...this.#running]) this.#interrupt(running);
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    this.#onClose();
    return Promise.resolve();
  }

  #refusal(what: string, signal: AbortSignal): DriverFailure | null {
    if (this.#closed) return failure('connection-lost', 'The driver is closed', { retryable: false });
    return signal.aborted ? interrupted(what) : null;
  }

  #catchUp(): void {
    this.#cluster.core.catchUp();
  }

  /** Moves that come within a millisecond begin at one instant: the speeds of all of them would else be worked out for each that begins. */
  #catchUpForMove(): void {
    const clockMs = this.#clock.monotonicMs();
    if (clockMs - this.#movedAtMs < MIN_BEAT_MS) return;
    this.#movedAtMs = clockMs;
    this.#catchUp();
  }

  #move(step: MoveTarget, context: StepContext): Promise<StepResult> {
    const { steps } = this.#cluster;
    const started = steps.startMove(step, context.bytesPerSecondMax());
    if (!started.ok) return Promise.resolve(started);
    const { run, move } = started.value;
    if (move === null) return Promise.resolve(run.ended ?? err(failure('unexpected', 'A move that is not open has ended', { retryable: false })));
    return this.#wait(context, {
      poll: () => run.ended,
      dueMs: () => move.stageEndsMs,
      stop: () => steps.stopRun(move, run),
      move: { run, open: move },
    });
  }

  #transfer(step: Extract<DriverStep, { kind: 'transfer' }>, context: StepContext): Promise<StepResult> {
    const { core, steps } = this.#cluster;
    const dueMs = core.nowMs + MEMBERSHIP.transferMs;
    return this.#wait(context, {
      poll: () => (core.nowMs >= dueMs ? steps.transfer(step) : null),
      dueMs: () => dueMs,
      stop: () => undefined,
      move: null,
    });
  }

  #addNode(step: Extract<DriverStep, { kind: 'add-node' }>, context: StepContext): Promise<StepResult> {
    if (step.followerOf !== null) return Promise.resolve(err(failure('not-supported', 'PhantomDB has no followers: every replica is placed on its own', { retryable: false })));
    const { core, steps } = this.#cluster;
    const added = step.address === null ? ok(steps.addNode(context.idempotencyKey, step.zone)) : steps.admitProcess(step.address);
    if (!added.ok) return Promise.resolve(added);
    const node = added.value;
    return this.#wait(context, {
      poll: () => {
        if (node.removed) return err(failure('topology-changed', `${node.id} has left again`, { retryable: false }));
        return node.member ? ok({ bytes: 0, keyCount: 0, nodeId: node.id }) : null;
      },
      dueMs: () => core.nextEventMs(),
      stop: () => undefined,
      move: null,
    });
  }

  /** Ends with the step, with an abort, or with the driver, whichever comes first. */
  #wait(context: StepContext, parts: Pick<Running, 'poll' | 'dueMs' | 'stop' | 'move'>): Promise<StepResult> {
    return new Promise((resolve) => {
      const onAbort = () => {
        this.#beat();
        this.#interrupt(running);
      };
      context.signal.addEventListener('abort', onAbort, { once: true });
      const running: Running = {
        ...parts, context, resolve, progressAtMs: -Infinity,
        stopListening: () => { context.signal.removeEventListener('abort', onAbort); },
      };
      this.#running.add(running);
      this.#beatSoon();
    });
  }

  #interrupt(running: Running): void {
    if (!this.#running.has(running)) return;
    running.stop();
    this.#end(running, err(interrupted('The step')));
  }

  #end(running: Running, result: StepResult): void {
    this.#running.delete(running);
    running.stopListening();
    running.resolve(result);
  }

  /** Brings the cluster to the present, ends what has ended, reads throttles, tells progress. */
  #beat(): void {
    this.#catchUp();
    const clockMs = this.#clock.monotonicMs();
    for (const running of [...this.#running]) {
      if (!this.#running.has(running)) continue;
      const result = running.poll();
      if (result !== null) {
        this.#end(running, result);
        continue;
      }
      if (running.move === null) continue;
      this.#cluster.steps.setLimit(running.move.run, running.context.bytesPerSecondMax());
      if (clockMs - running.progressAtMs < PROGRESS_MS) continue;
      running.progressAtMs = clockMs;
      running.context.onProgress(progressOf(running.move.open, this.#cluster.nowMs));
    }
    this.#setTimer();
  }

  /** What began together gets its speed, and with it the instant that it waits for, together. */
  #beatSoon(): void {
    if (this.#beatingSoon) return;
    this.#beatingSoon = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#clock.after(MIN_BEAT_MS, () => {
      this.#timer = null;
      this.#beat();
    });
  }

  #setTimer(): void {
    this.#beatingSoon = false;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    if (this.#running.size === 0 || this.#closed) return;
    let delayMs = THROTTLE_READ_MS;
    for (const running of this.#running) delayMs = Math.min(delayMs, this.#time.clockMsUntil(running.dueMs()));
    this.#timer = this.#clock.after(Math.max(MIN_BEAT_MS, delayMs), () => {
      this.#timer = null;
      this.#beat();
    });
  }
}

/** Timers of the machine are no finer, and a beat that comes a little early would only set the next one. */
const MIN_BEAT_MS = 1;
