/**
 * A program of the operator's own (Terraform, kubectl, Ansible behind a script). Started
 * without a shell, by an absolute path that only the configuration file can say. The
 * request is on its standard input, the answer on its standard output. It is the head of a
 * process group, and what is left of the group is ended with it: a program that hangs, or
 * leaves helpers behind, holds nothing up.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { ProvisionerFailure } from '@/lib/contract/provisioner';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { failureOf, INTERRUPTED, messageOf } from '../failures';
import { ANSWER_BYTES_MAX, type HookRequest, type HookTransport } from './hook-protocol';

export interface ProgramOptions {
  /** Absolute. */
  readonly path: string;
  readonly arguments: readonly string[];
  /** Besides PATH, HOME and LANG; nothing else of ours reaches it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const KILLED_AFTER_MS = 2_000;
/** Helpers that hold its output open are not waited for longer than this. */
const OUTPUT_CLOSED_WITHIN_MS = 500;
const COMPLAINT_CHARS = 2_000;

export class ProgramTransport implements HookTransport {
  constructor(private readonly options: ProgramOptions) {}

  async send(request: HookRequest, signal: AbortSignal): Promise<Result<string, ProvisionerFailure>> {
    const { path, timeoutMs } = this.options;
    try {
      accessSync(path, constants.X_OK);
      if (!statSync(path).isFile()) return err(failureOf('not-executable', 'The program is no file'));
    } catch (error) {
      return err(failureOf('not-executable', `The program cannot be started: ${messageOf(error)}`));
    }
    const run = new ProgramRun(this.#spawn(), this.options.clock);
    const ended = await run.until({ input: `${JSON.stringify(request)}\n`, timeoutMs, signal });
    return ended.ok ? answerOf(ended.value) : ended;
  }

  #spawn(): Child {
    const { path, environment } = this.options;
    const inherited = ['PATH', 'HOME', 'LANG'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
    return spawn(path, this.options.arguments, {
      shell: false, detached: true, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], env: { NODE_ENV: 'production', ...Object.fromEntries(inherited), ...environment },
    });
  }
}

interface Ended {
  readonly output: string;
  readonly complaint: string;
  readonly exitCode: number | null;
}

/** One run of the program, from its start until nothing of it is left. */
class ProgramRun {
  #output = '';
  #outputBytes = 0;
  #complaint = '';
  #ended = false;
  readonly #timers: Disposable[] = [];

  constructor(private readonly child: Child, private readonly clock: Clock) {}

  until({ input, timeoutMs, signal }: { readonly input: string; readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<Result<Ended, ProvisionerFailure>> {
    const { child } = this;
    return new Promise((resolve) => {
      let failure: ProvisionerFailure | null = null;
      const giveUp = (why: ProvisionerFailure) => {
        failure ??= why;
        this.#signalGroup('SIGTERM');
        this.#after(KILLED_AFTER_MS, () => { this.#signalGroup('SIGKILL'); });
      };
      const onAbort = () => { giveUp(INTERRUPTED); };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#after(timeoutMs, () => { giveUp(failureOf('timeout', `The program did not end within ${timeoutMs} ms`)); });
      const end = (exitCode: number | null) => {
        if (this.#ended) return;
        this.#ended = true;
        signal.removeEventListener('abort', onAbort);
        for (const timer of this.#timers) timer[Symbol.dispose]();
        this.#signalGroup('SIGKILL');
        child.stdout.destroy();
        child.stderr.destroy();
        resolve(failure === null ? ok({ output: this.#output, complaint: this.#complaint, exitCode }) : err(failure));
      };
      child.stdout.on('data', (chunk: Buffer) => {
        this.#outputBytes += chunk.length;
        if (this.#outputBytes > ANSWER_BYTES_MAX) giveUp(failureOf('bad-answer', `The answer is longer than ${ANSWER_BYTES_MAX} bytes`));
        else this.#output += chunk.toString();
      });
      child.stderr.on('data', (chunk: Buffer) => { this.#complaint = (this.#complaint + chunk.toString()).slice(-COMPLAINT_CHARS); });
      // It need not read what it is asked; that it did not is no failure of ours.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
      child.once('error', (error) => {
        failure ??= failureOf('not-executable', `The program cannot be started: ${error.message}`);
        end(null);
      });
      child.once('exit', (exitCode) => { this.#after(OUTPUT_CLOSED_WITHIN_MS, () => { end(exitCode); }); });
      child.once('close', end);
    });
  }

  #after(delayMs: number, callback: () => void): void {
    this.#timers.push(this.clock.after(delayMs, callback));
  }

  /** To all of its group; none of it may be left. */
  #signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

/** A program that fails may say why in its answer; else its last words on standard error do. */
function answerOf({ output, complaint, exitCode }: Ended): Result<string, ProvisionerFailure> {
  if (exitCode === 0 || output.includes('"error"')) return ok(output);
  const words = complaint.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  return err(failureOf('unavailable', `The program ended with exit code ${exitCode ?? 'none'}${words === '' ? '' : `: ${words}`}`));
}
