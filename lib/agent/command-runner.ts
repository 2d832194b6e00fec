/**
 * Carries out what the manager orders, each command once however often it is delivered,
 * and reports how it went until the manager has taken the report.
 *
 * The epoch is on disk before a command of it begins: a manager that was replaced cannot
 * make this node do anything any more, not even after a crash.
 */
import { AGENT_LIMITS, type AgentCommand, type CommandReport, type ResultsAnswer } from '@/lib/contract/agent-protocol';
import type { DriverFailure } from '@/lib/contract/operation';
import { sleep, type Clock } from '@/lib/platform/clock';
import type { Result } from '@/lib/platform/result';
import type { ManagedDatabase } from './managed-database';
import type { ManagerProblem } from './manager-client';

/** Finished commands that are recognised when they are delivered again. */
const REMEMBERED_MAX = 512;
const RETRY_MS_MAX = 2_000;

interface Running {
  readonly abort: AbortController;
  bytesPerSecondMax: number | null;
}

export interface CommandRunnerOptions {
  readonly database: ManagedDatabase;
  readonly clock: Clock;
  readonly epoch: number;
  readonly saveEpoch: (epoch: number) => void;
  readonly send: (reports: CommandReport[]) => Promise<Result<ResultsAnswer, ManagerProblem>>;
}

export class CommandRunner {
  readonly #running = new Map<string, Running>();
  /** Newest last. */
  readonly #finished = new Map<string, CommandReport>();
  /** What the manager has not taken yet; a newer report of the same command replaces the older. */
  readonly #unsent = new Map<string, CommandReport>();
  readonly #unacknowledged = new Set<string>();
  readonly #works = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #epoch: number;
  #sending: Promise<void> | null = null;

  constructor(private readonly options: CommandRunnerOptions) {
    this.#epoch = options.epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Keys that need not be delivered again; said until a beat with them was taken. */
  received(): string[] {
    return [...this.#unacknowledged].slice(0, 1_000);
  }

  acknowledged(keys: readonly string[]): void {
    for (const key of keys) this.#unacknowledged.delete(key);
  }

  accept(commands: readonly AgentCommand[]): void {
    for (const command of commands) {
      this.#unacknowledged.add(command.key);
      if (this.#running.has(command.key)) continue;
      const finished = this.#finished.get(command.key);
      if (finished !== undefined) this.#report(finished);
      // A question is no order: a manager that has just begun may ask before it acts.
      else if (command.kind === 'inspectShard') this.#start(command);
      else if (command.epoch < this.#epoch) {
        this.#finish({ state: 'failed', key: command.key, failure: { code: 'stale-epoch', message: `A manager with epoch ${this.#epoch} acts on this node; ${command.epoch} is outdated`, retryable: false } });
      } else {
        this.raiseEpoch(command.epoch);
        this.#start(command);
      }
    }
  }

  /** A manager with this epoch acts on the cluster, whether or not it orders anything here: lower ones are refused from now on. */
  raiseEpoch(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.options.saveEpoch(epoch);
    this.#epoch = epoch;
  }

  /** Running commands stop at their safe point. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('The agent is closing'));
    for (const { abort } of this.#running.values()) abort.abort(new Error('The agent is closing'));
    await Promise.all(this.#works);
    await this.#sending;
  }

  #start(command: AgentCommand): void {
    const running: Running = { abort: new AbortController(), bytesPerSecondMax: command.kind === 'copyShard' ? command.bytesPerSecondMax : null };
    this.#running.set(command.key, running);
    const work = this.#run(command, running).then((report) => {
      this.#running.delete(command.key);
      this.#finish(report);
    }).finally(() => { this.#works.delete(work); });
    this.#works.add(work);
  }

  async #run(command: AgentCommand, running: Running): Promise<CommandReport> {
    const { key } = command;
    let progress: Extract<CommandReport, { state: 'running' }> = { state: 'running', key, stage: 'copying', bytesDone: 0, keysDone: 0 };
    const tick = this.#every(AGENT_LIMITS.progressIntervalMs, () => this.#report(progress));
    try {
      const result = await this.options.database.execute(command, {
        signal: running.abort.signal,
        bytesPerSecondMax: () => running.bytesPerSecondMax,
        onProgress: (now) => {
          const entered = now.stage !== progress.stage || progress.bytesDone === 0;
          progress = { state: 'running', key, ...now };
          if (entered) this.#report(progress);
        },
      });
      return result.ok ? { state: 'done', key, outcome: result.value } : { state: 'failed', key, failure: result.error };
    } catch (error) {
      // The interface promises values; a rejection is a bug of the database and must not keep the manager waiting.
      return { state: 'failed', key, failure: bug(error) };
    } finally {
      tick[Symbol.dispose]();
    }
  }

  #every(intervalMs: number, work: () => void): Disposable {
    let timer: Disposable | null = null;
    const arm = () => {
      timer = this.options.clock.after(intervalMs, () => {
        work();
        arm();
      });
    };
    arm();
    return { [Symbol.dispose]: () => { timer?.[Symbol.dispose](); } };
  }

  #finish(report: CommandReport): void {
    this.#finished.set(report.key, report);
    for (const key of this.#finished.keys()) {
      if (this.#finished.size <= REMEMBERED_MAX) break;
      this.#finished.delete(key);
    }
    this.#report(report);
  }

  #report(report: CommandReport): void {
    this.#unsent.set(report.key, report);
    this.#sending ??= this.#send().finally(() => { this.#sending = null; });
  }

  async #send(): Promise<void> {
    let failures = 0;
    while (this.#unsent.size > 0 && !this.#closing.signal.aborted) {
      const reports = [...this.#unsent.values()].slice(0, AGENT_LIMITS.resultsPerReportMax);
      const answer = await this.options.send(reports);
      if (answer.ok) {
        failures = 0;
        for (const report of reports) if (this.#unsent.get(report.key) === report) this.#unsent.delete(report.key);
        this.#obey(answer.value);
      } else {
        failures += 1;
        await sleep(this.options.clock, Math.min(RETRY_MS_MAX, 50 * 2 ** failures), this.#closing.signal).catch(() => undefined);
      }
    }
  }

  #obey({ controls }: ResultsAnswer): void {
    for (const { key, cancel, bytesPerSecondMax } of controls) {
      const running = this.#running.get(key);
      if (running === undefined) continue;
      running.bytesPerSecondMax = bytesPerSecondMax;
      if (cancel) running.abort.abort(new Error('The manager called it off'));
    }
  }
}

function bug(error: unknown): DriverFailure {
  return { code: 'unexpected', message: String(error).slice(0, 1_000), retryable: false };
}
