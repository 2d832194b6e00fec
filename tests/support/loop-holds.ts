/**
 * How long this process's event loop is held, and what by. A timer of 1 ms notes, each time
 * it comes round, how much time has passed and how much of it this thread was on a CPU: the
 * longest time is what others waited, the most work is what we made them wait for. The
 * difference is the machine's, where more threads want to run than it has cores.
 *
 * The thread's own CPU time is Linux's (/proc/.../schedstat); elsewhere it is unknown.
 */
import { openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

/** One stretch between two turns of the timers. */
export interface Hold {
  /** How late the timers came. */
  readonly wallMs: number;
  /** Of the stretch, at work on a CPU; `null` = not known here. */
  readonly onCpuMs: number | null;
  /** Of the stretch, ready to work while no core was free. */
  readonly queuedMs: number | null;
  /** Of the stretch, pauses of the collector of memory, its waits for helping threads included. */
  readonly collectingMs: number;
}

export interface LoopHolds {
  /** The one that others waited longest for. */
  readonly longest: Hold;
  /** The one with the most work of this thread in it; the longest where that is not known. */
  readonly busiest: Hold;
}

interface Stretch {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly onCpuMs: number | null;
  readonly queuedMs: number | null;
}

interface ThreadTime {
  readonly onCpuMs: number;
  readonly queuedMs: number;
}

const TICK_MS = 1;
/** Pauses are told of in a turn of their own, after the stretch that they were in. */
const SETTLE_MS = 10;
const PAUSES_KEPT_MAX = 10_000;

/** Must be made in the main thread. */
export class LoopHoldWatch {
  readonly #times = openThreadTimes();
  #pauses: { readonly beganMs: number; readonly endedMs: number }[] = [];
  #longest: Stretch | null = null;
  #busiest: Stretch | null = null;
  #tickMs = performance.now();
  #tickTime: ThreadTime | null = null;
  #watching = false;

  /** The holds since it was asked last, once what is being done now is done; from the first time on it watches. */
  async take(): Promise<LoopHolds> {
    await new Promise((resolve) => { setTimeout(resolve, SETTLE_MS); });
    const taken = { longest: this.#holdOf(this.#longest), busiest: this.#holdOf(this.#busiest ?? this.#longest) };
    this.#longest = null;
    this.#busiest = null;
    if (!this.#watching) this.#begin();
    return taken;
  }

  #begin(): void {
    this.#watching = true;
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) this.#pauses.push({ beganMs: startTime, endedMs: startTime + duration });
      if (this.#pauses.length > PAUSES_KEPT_MAX) this.#pauses = this.#pauses.slice(-PAUSES_KEPT_MAX / 2);
    }).observe({ entryTypes: ['gc'] });
    this.#tickMs = performance.now();
    this.#tickTime = this.#times();
    setTimeout(() => { this.#tick(); }, TICK_MS).unref();
  }

  #tick(): void {
    const beganMs = this.#tickMs;
    const before = this.#tickTime;
    this.#tickMs = performance.now();
    this.#tickTime = this.#times();
    const known = before === null || this.#tickTime === null ? null : { onCpuMs: this.#tickTime.onCpuMs - before.onCpuMs, queuedMs: this.#tickTime.queuedMs - before.queuedMs };
    const stretch: Stretch = { beganMs, endedMs: this.#tickMs, onCpuMs: known?.onCpuMs ?? null, queuedMs: known?.queuedMs ?? null };
    if (this.#longest === null || lengthOf(stretch) > lengthOf(this.#longest)) this.#longest = stretch;
    if (stretch.onCpuMs !== null && stretch.onCpuMs > (this.#busiest?.onCpuMs ?? 0)) this.#busiest = stretch;
    setTimeout(() => { this.#tick(); }, TICK_MS).unref();
  }

  #holdOf(stretch: Stretch | null): Hold {
    if (stretch === null) return { wallMs: 0, onCpuMs: null, queuedMs: null, collectingMs: 0 };
    const { beganMs, endedMs, onCpuMs, queuedMs } = stretch;
    const collectingMs = this.#pauses.reduce((sum, pause) => sum + Math.max(0, Math.min(endedMs, pause.endedMs) - Math.max(beganMs, pause.beganMs)), 0);
    return { wallMs: Math.max(0, lengthOf(stretch) - TICK_MS), onCpuMs, queuedMs, collectingMs };
  }
}

function lengthOf({ beganMs, endedMs }: Stretch): number {
  return endedMs - beganMs;
}

/** Reads what the main thread has used since it began. */
function openThreadTimes(): () => ThreadTime | null {
  let file: number;
  try {
    file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    return () => null;
  }
  const text = Buffer.alloc(64);
  return () => {
    // The kernel brings the file up to date of a thread that runs only with its clock's tick, or when that asks for its usage.
    process.cpuUsage();
    const [onCpuNs, queuedNs] = text.toString('latin1', 0, readSync(file, text, 0, text.length, 0)).split(' ');
    return { onCpuMs: Number(onCpuNs) / 1e6, queuedMs: Number(queuedNs) / 1e6 };
  };
}
