/**
 * What the manager has of one node: its newest beat, the beat whose answer it holds, the
 * questions and commands that wait for the node, and those that wait for it to answer.
 *
 * The manager never dials a node. It holds the answer to each beat until it has something to
 * say (long poll), so that a question or a command reaches the node in one trip, and a node
 * that is asked nothing still beats every two seconds.
 */
import { AGENT_LIMITS, type AgentCommand, type CommandOutcome, type CommandReport, type Heartbeat, type HeartbeatAnswer, type HeldShard, type Members, type ResultsAnswer } from '@/lib/contract/agent-protocol';
import type { DriverFailure } from '@/lib/contract/operation';
import type { AgentRecord } from '@/lib/contract/storage';
import type { StepProgress } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { failureOf, INTERRUPTED } from './failures';
import { trustedShards } from './trusted-shards';

/** A node that neither beats nor reports for so long has lost the command. */
const STALL_MS = 5_000;
/** One whose connection broke off in the middle of a poll comes back sooner than that, if it comes back. */
const HUNG_UP_MS = 1_500;
const STALL_CHECK_MS = 250;
/** M13: a stopped step answers within 1 s, whatever the node does. */
const STOP_MS_MAX = 700;
const CALLS_MAX = 1_024;
/** Beats kept between two readings; older ones tell nothing that newer ones do not. */
const HEARD_MAX = 256;
/** How far the hold of a beat may be from the interval, either way, so that nodes do not beat in step. */
const JITTER = 0.2;

export interface ReceivedBeat {
  readonly beat: Heartbeat;
  readonly receivedMonotonicMs: number;
}

/** When which beat came; at receipt, by the manager's clock. */
export interface HeardBeat {
  readonly incarnation: number;
  readonly sequence: number;
  readonly heardMonotonicMs: number;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly bytesPerSecondMax?: () => number | null;
  readonly onProgress?: (progress: StepProgress) => void;
}

interface Call {
  readonly command: AgentCommand;
  readonly options: CallOptions;
  readonly settle: (result: Result<CommandOutcome, DriverFailure>) => void;
  canceled: boolean;
}

interface Question {
  readonly number: number;
  readonly shards: boolean;
  readonly resolve: (beat: ReceivedBeat | null) => void;
}

export interface SessionOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** What every answer says about the cluster. */
  readonly epoch: () => number;
  readonly members: (knownRevision: number) => Members | null;
  /** The node told what it holds, of all its shards or of some. */
  readonly onShards: (held: readonly HeldShard[]) => void;
}

export type BeatRefusal = 'stale-beat' | 'superseded';

export class AgentSession {
  #record: AgentRecord;
  #newest: ReceivedBeat | null = null;
  #heardMonotonicMs = -Infinity;
  /** Its poll broke off then, and nothing came since. */
  #hungUpMonotonicMs: number | null = null;
  #held: { readonly respond: (answer: HeartbeatAnswer) => void; readonly timer: Disposable } | null = null;
  #asked = 0;
  #questions: Question[] = [];
  readonly #outbox = new Map<string, AgentCommand>();
  readonly #calls = new Map<string, Call>();
  readonly #budget: RequestBudget;
  /** Beats since they were last taken, those not newer among them: the failure detector tells them apart and counts. */
  #unread: HeardBeat[] = [];
  /** Beats that were not taken: duplicates, late ones, replays (N3). */
  ignoredBeats = 0;

  constructor(record: AgentRecord, private readonly options: SessionOptions) {
    this.#record = record;
    this.#budget = new RequestBudget(options.clock);
  }

  get record(): AgentRecord {
    return this.#record;
  }

  set record(record: AgentRecord) {
    this.#record = record;
  }

  get newest(): ReceivedBeat | null {
    return this.#newest;
  }

  get isMember(): boolean {
    return this.#record.acceptedAtMs !== null && this.#record.removedAtMs === null;
  }

  /** Holds a poll, or has beaten a moment ago and is between two. */
  get isNear(): boolean {
    if (this.#hungUpMonotonicMs !== null) return false;
    return this.#held !== null || this.options.clock.monotonicMs() - this.#heardMonotonicMs < AGENT_LIMITS.beatIntervalMs;
  }

  /** Counts a request of this node; false when it sends too many. */
  permits(): boolean {
    return this.#budget.take();
  }

  /** Takes a beat that is newer than all before it; resolves with the answer when there is something to say, or the next beat is due. */
  receive(beat: Heartbeat): Result<Promise<HeartbeatAnswer>, BeatRefusal> {
    const before = this.#newest?.beat;
    const heardMonotonicMs = this.options.clock.monotonicMs();
    this.#unread.push({ incarnation: beat.incarnation, sequence: beat.sequence, heardMonotonicMs });
    if (this.#unread.length > HEARD_MAX) this.#unread.shift();
    if (before !== undefined && (beat.incarnation < before.incarnation || (beat.incarnation === before.incarnation && beat.sequence <= before.sequence))) {
      this.ignoredBeats += 1;
      return err(beat.incarnation < before.incarnation ? 'superseded' : 'stale-beat');
    }
    if (before !== undefined && beat.incarnation > before.incarnation) this.#restarted();
    const received = { beat, receivedMonotonicMs: heardMonotonicMs };
    this.#newest = received;
    if (beat.shards.held !== null) this.options.onShards(trustedShards(this.#record, beat.shards.held));
    this.#heard();
    for (const key of beat.received) this.#outbox.delete(key);
    this.#answerQuestions(received);
    this.#release();
    return ok(this.#hasNews(beat) ? Promise.resolve(this.#answer()) : this.#hold());
  }

  /** The connection of this beat broke off before it was answered. */
  hungUp(beat: Heartbeat): void {
    if (this.#newest?.beat !== beat) return;
    this.#hungUpMonotonicMs = this.options.clock.monotonicMs();
    this.#held?.timer[Symbol.dispose]();
    this.#held = null;
  }

  /** Every beat since the last call, in the order of receipt. */
  takeHeard(): HeardBeat[] {
    const heard = this.#unread;
    this.#unread = [];
    return heard;
  }

  /** It was taken for dead, and has not come back under another incarnation yet. */
  get mustRenew(): boolean {
    const fence = this.#record.fence ?? null;
    return fence !== null && (this.#newest?.beat.incarnation ?? 0) <= fence.incarnation;
  }

  /** Takes reports and what is new about some shards; says of each running command how to go on. */
  report(reports: readonly CommandReport[], shards: readonly HeldShard[] = []): ResultsAnswer {
    this.#heard();
    if (shards.length > 0) this.options.onShards(trustedShards(this.#record, shards));
    const controls: ResultsAnswer['controls'] = [];
    for (const report of reports) {
      const call = this.#calls.get(report.key);
      this.#outbox.delete(report.key);
      if (report.state === 'done') call?.settle(ok(report.outcome));
      else if (report.state === 'failed') call?.settle(err(report.failure));
      else {
        const limit = call?.options.bytesPerSecondMax?.() ?? null;
        // Nobody waits for it any more: whoever ordered it is gone, and will order it again if it is still wanted.
        controls.push({ key: report.key, cancel: call === undefined || call.canceled, bytesPerSecondMax: limit === null ? null : Math.max(1, limit) });
        if (call?.canceled === false) call.options.onProgress?.({ stage: report.stage, bytesDone: report.bytesDone, keysDone: report.keysDone });
      }
    }
    return { controls };
  }

  /** A beat made after this call, with the list of shards where asked for; null when none came in time. */
  ask({ shards, timeoutMs, signal }: { readonly shards: boolean; readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<ReceivedBeat | null> {
    if (signal.aborted) return Promise.resolve(null);
    this.#asked += 1;
    const number = this.#asked;
    return new Promise((resolve) => {
      const end = (beat: ReceivedBeat | null) => {
        timer[Symbol.dispose]();
        signal.removeEventListener('abort', onAbort);
        this.#questions = this.#questions.filter((question) => question.number !== number);
        resolve(beat);
      };
      const onAbort = () => { end(null); };
      const timer = this.options.clock.after(timeoutMs, onAbort);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#questions.push({ number, shards, resolve: end });
      this.#release();
    });
  }

  /** Delivers a command, as often as it takes, and waits for its result. */
  call(command: AgentCommand, options: CallOptions): Promise<Result<CommandOutcome, DriverFailure>> {
    if (options.signal.aborted) return Promise.resolve(err(INTERRUPTED));
    if (this.#calls.size >= CALLS_MAX) return Promise.resolve(err(failureOf('refused-by-engine', `${CALLS_MAX} commands wait for ${this.#record.name} already`, true)));
    return new Promise((resolve) => {
      const { clock } = this.options;
      const beganMs = clock.monotonicMs();
      let timer: Disposable;
      const settle = (result: Result<CommandOutcome, DriverFailure>) => {
        if (!this.#calls.delete(command.key)) return;
        this.#outbox.delete(command.key);
        timer[Symbol.dispose]();
        options.signal.removeEventListener('abort', onAbort);
        resolve(result);
      };
      const call: Call = { command, options, settle, canceled: false };
      const watch = () => {
        const nowMs = clock.monotonicMs();
        const silentMs = nowMs - Math.max(beganMs, this.#heardMonotonicMs);
        const isGone = this.#hungUpMonotonicMs !== null && nowMs - Math.max(beganMs, this.#hungUpMonotonicMs) >= HUNG_UP_MS;
        if (isGone) settle(err(failureOf('connection-lost', `${this.#record.name} has hung up, with ${command.kind} under way`, true)));
        else if (silentMs >= STALL_MS) settle(err(failureOf('timeout', `${this.#record.name} has been silent for ${Math.round(silentMs)} ms, with ${command.kind} under way`, true)));
        else timer = clock.after(STALL_CHECK_MS, watch);
      };
      const onAbort = () => {
        call.canceled = true;
        // What was not delivered yet never will be; what runs is told to stop at its next report.
        if (this.#outbox.delete(command.key)) settle(err(INTERRUPTED));
        else clock.after(STOP_MS_MAX, () => { settle(err(INTERRUPTED)); });
      };
      this.#calls.set(command.key, call);
      this.#outbox.set(command.key, command);
      timer = clock.after(STALL_CHECK_MS, watch);
      options.signal.addEventListener('abort', onAbort, { once: true });
      this.#release();
    });
  }

  /** Says what is new to a node that is being held, or nothing. */
  nudge(): void {
    this.#release();
  }

  /** Nobody waits any more: for a node that left, or a manager that ends. */
  end(): void {
    for (const call of [...this.#calls.values()]) call.settle(err(INTERRUPTED));
    for (const question of [...this.#questions]) question.resolve(null);
    this.#release();
  }

  #heard(): void {
    this.#heardMonotonicMs = this.options.clock.monotonicMs();
    this.#hungUpMonotonicMs = null;
  }

  #restarted(): void {
    for (const call of [...this.#calls.values()]) call.settle(err(failureOf('connection-lost', `${this.#record.name} restarted with ${call.command.kind} under way`, true)));
    this.#outbox.clear();
  }

  #answerQuestions(received: ReceivedBeat): void {
    for (const question of [...this.#questions]) {
      if (question.number <= received.beat.answers && (!question.shards || received.beat.shards.held !== null)) question.resolve(received);
    }
  }

  #hasNews(beat: Heartbeat): boolean {
    return this.#outbox.size > 0 || this.#questions.length > 0 || beat.epoch < this.options.epoch() || this.mustRenew || this.options.members(beat.membersRevision) !== null;
  }

  #hold(): Promise<HeartbeatAnswer> {
    const { clock, random } = this.options;
    return new Promise((respond) => {
      const holdMs = AGENT_LIMITS.beatIntervalMs * (1 - JITTER + 2 * JITTER * random());
      this.#held = { respond, timer: clock.after(holdMs, () => { this.#release(); }) };
    });
  }

  #release(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    held.timer[Symbol.dispose]();
    held.respond(this.#answer());
  }

  #answer(): HeartbeatAnswer {
    const newest = this.#questions.at(-1);
    return {
      epoch: this.options.epoch(),
      accepted: this.isMember,
      commands: [...this.#outbox.values()].slice(0, AGENT_LIMITS.commandsPerAnswerMax),
      ask: newest === undefined ? null : { number: newest.number, shards: this.#questions.some((question) => question.shards) },
      members: this.options.members(this.#newest?.beat.membersRevision ?? 0),
      renew: this.mustRenew,
    };
  }
}

/** Requests per second with a burst of one second's worth. */
class RequestBudget {
  #tokens: number = AGENT_LIMITS.requestsPerSecondMax;
  #atMs: number;

  constructor(private readonly clock: Clock) {
    this.#atMs = clock.monotonicMs();
  }

  take(): boolean {
    const nowMs = this.clock.monotonicMs();
    this.#tokens = Math.min(AGENT_LIMITS.requestsPerSecondMax, this.#tokens + ((nowMs - this.#atMs) * AGENT_LIMITS.requestsPerSecondMax) / 1_000);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
