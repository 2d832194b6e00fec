import { Worker } from 'node:worker_threads';
import type { Plan } from '@/lib/contract/plan';
import type { ManagerLogger } from '@/lib/manager/manager-logger';
import type { PlanJob, PlanJobOptions, Planner, PlannerFailure } from '@/lib/manager/planner';
import { err, ok, type Result } from '@/lib/platform/result';
import { copyOfState, packWish, unpackPlan } from './plan-transfer';
import type { PlannerReply, PlannerRequest } from './planner.worker';

/** One that plans for an operator need not wait for another. */
const THREADS_MAX = 2;
const WAITING_MAX = 16;
/** A guard, not a budget: searches end by their work long before. */
const TIME_MAX_MS = 30_000;
/** Of this process, whatever cluster they are of. */
const PRACTICE_MAX = 4;

interface Waiting {
  readonly job: PlanJob;
  readonly options: PlanJobOptions;
  readonly settle: (result: Result<Plan, PlannerFailure>) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Takes the next reply, or the end of the thread. */
  listen: ((reply: PlannerReply | { readonly kind: 'ended'; readonly message: string }) => void) | null;
}

/**
 * Plans in threads of their own, so that a search of seconds never holds the server's
 * event loop. Threads start when first needed and stay; one that ends unexpectedly costs
 * its job, not the server.
 */
export class WorkerPlanner implements Planner {
  readonly #idle: Thread[] = [];
  readonly #all = new Set<Thread>();
  readonly #waiting: Waiting[] = [];
  #closed = false;
  /** The plan for practice that is being made. */
  #practice: AbortController | null = null;
  #practised = 0;

  constructor(private readonly logger: ManagerLogger) {}

  plan(job: PlanJob, options: PlanJobOptions = {}): Promise<Result<Plan, PlannerFailure>> {
    // It ends at its next look; the thread that it has warmed is the one to wait for.
    this.#practice?.abort(new Error('Somebody asks for a plan'));
    return this.#enqueue(job, options);
  }

  async practise(job: PlanJob, signal: AbortSignal): Promise<Plan | null> {
    const isBusy = this.#waiting.length > 0 || this.#all.size > this.#idle.length;
    if (isBusy || this.#practised >= PRACTICE_MAX) return null;
    const practice = new AbortController();
    this.#practice = practice;
    const made = await this.#enqueue(job, { signal: AbortSignal.any([practice.signal, signal]) });
    this.#practice = null;
    this.#practised += 1;
    this.#dispatch();
    return made.ok ? made.value : null;
  }

  #enqueue(job: PlanJob, options: PlanJobOptions): Promise<Result<Plan, PlannerFailure>> {
    if (this.#closed || options.signal?.aborted === true) return Promise.resolve(err({ code: 'canceled', message: 'Nobody waits for this plan any more' }));
    if (this.#waiting.length >= WAITING_MAX && options.urgent !== true) {
      return Promise.resolve(err({ code: 'busy', message: `${this.#waiting.length} plans wait to be made already: try again in a moment` }));
    }
    return new Promise((settle) => {
      this.#waiting.push({ job, options, settle });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { settle } of this.#waiting.splice(0)) settle(err({ code: 'canceled', message: 'The server is stopping' }));
    await Promise.all([...this.#all].map(({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.pop() ?? (this.#all.size < THREADS_MAX && !this.#isShort ? this.#start() : null);
      if (thread === null) return;
      void this.#run(thread, this.#waiting.shift()!);
    }
  }

  /** A thread of its own would begin cold: the first that waits gets the one that is practising. */
  get #isShort(): boolean {
    return this.#practice !== null && this.#all.size > 0 && this.#waiting.length === 1;
  }

  async #run(thread: Thread, { job, options, settle }: Waiting): Promise<void> {
    const canceled = new Int32Array(new SharedArrayBuffer(4));
    const cancel = () => { Atomics.store(canceled, 0, 1); };
    const { signal } = options;
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    const { state, buffers } = await copyOfState(job.state);
    const packed = await packWish(job.wish);
    const reply = await new Promise<Exclude<PlannerReply, { kind: 'progress' }> | { readonly kind: 'ended'; readonly message: string }>((resolve) => {
      thread.listen = (said) => {
        if (said.kind === 'progress') options.onProgress?.(said.share);
        else resolve(said);
      };
      if (!this.#all.has(thread)) resolve({ kind: 'ended', message: 'The planning thread had ended' });
      const request: PlannerRequest = { job: { ...job, state, wish: packed.wish }, canceled, timeMaxMs: TIME_MAX_MS };
      thread.worker.postMessage(request, [...buffers, ...packed.buffers]);
    });
    thread.listen = null;
    signal?.removeEventListener('abort', cancel);
    if (this.#all.has(thread)) this.#idle.push(thread);
    this.#dispatch();
    if (reply.kind === 'plan') {
      settle(Atomics.load(canceled, 0) === 1 ? err({ code: 'canceled', message: 'Nobody waits for this plan any more' }) : ok(await unpackPlan(reply.packed)));
      return;
    }
    if (!this.#closed) this.logger.error({ error: reply.message }, 'A plan could not be made: an internal error');
    settle(err({ code: this.#closed ? 'canceled' : 'crashed', message: 'Planning ended by an internal error' }));
  }

  #start(): Thread {
    const worker = startThread();
    const thread: Thread = { worker, listen: null };
    this.#all.add(thread);
    // An idle thread keeps no process alive.
    worker.unref();
    worker.on('message', (reply: PlannerReply) => { thread.listen?.(reply); });
    let message = 'The planning thread ended';
    worker.on('error', (error) => { message = error.stack ?? error.message; });
    worker.on('exit', () => {
      this.#all.delete(thread);
      const at = this.#idle.indexOf(thread);
      if (at >= 0) this.#idle.splice(at, 1);
      thread.listen?.({ kind: 'ended', message });
    });
    return thread;
  }
}

/** The bundle has its threads beside it; from the sources, a thread needs the loader for TypeScript registered anew. */
function startThread(): Worker {
  if (import.meta.url.endsWith('.mjs')) return new Worker(new URL('./planner.worker.mjs', import.meta.url), { execArgv: [] });
  const entry = JSON.stringify(new URL('./planner.worker.ts', import.meta.url).href);
  return new Worker(`import('tsx/esm/api').then(({ register }) => { register(); return import(${entry}); })`, { eval: true, execArgv: [] });
}
