import { assert } from './assert';
import type { Clock } from './clock';
import { nextTurn } from './in-turns';

interface Timer {
  readonly dueMs: number;
  /** Order of setting; ties run in that order. */
  readonly number: number;
  callback: (() => void) | null;
}

export interface VirtualClockOptions {
  /** Wall time at monotonic 0, milliseconds since the Unix epoch. */
  readonly wallStartMs?: number;
  /**
   * Lets the asynchronous work started so far run until it waits for a timer. The
   * default yields to the event loop once, which drains every promise chain; work that
   * waits for real I/O (a database file) needs a `flush` that knows when it is over.
   */
  readonly flush?: () => Promise<void>;
}

/** A timer that sets itself again without delay would never let time go on. */
const TIMERS_PER_INSTANT_MAX = 1_000_000;

/**
 * Time that stands still until it is told to go on, and then goes as fast as the CPU
 * allows. Due timers run in order of their time, ties in order of setting, and the
 * asynchronous work that each one starts is flushed before the next runs, so a run is
 * the same every time. For tests, rehearsals and backtests, on the server only.
 */
export class VirtualClock implements Clock {
  /** Latest first, so that the next one is popped off the end. */
  readonly #timers: Timer[] = [];
  readonly #flush: () => Promise<void>;
  #wallOffsetMs: number;
  #nowMs = 0;
  #nextNumber = 0;
  #advancing = false;

  constructor(options: VirtualClockOptions = {}) {
    this.#wallOffsetMs = options.wallStartMs ?? Date.UTC(2026, 0, 1);
    this.#flush = options.flush ?? nextTurn;
  }

  wallMs(): number {
    return Math.floor(this.#wallOffsetMs + this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Disposable {
    assert(delayMs >= 0, `A delay is 0 ms or more, not ${delayMs}`);
    const timer: Timer = { dueMs: this.#nowMs + delayMs, number: this.#nextNumber, callback };
    this.#nextNumber += 1;
    this.#timers.splice(this.#positionOf(timer), 0, timer);
    return { [Symbol.dispose]: () => { timer.callback = null; } };
  }

  /** Moves the wall clock alone, as an operator or NTP does; durations do not notice. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Timers set and neither run nor disposed of: 0 after everything was stopped. */
  get timersPending(): number {
    return this.#timers.filter((timer) => timer.callback !== null).length;
  }

  /** Lets `ms` pass. Rejects with what a timer's callback throws. */
  async advance(ms: number): Promise<void> {
    assert(ms >= 0 && Number.isFinite(ms), `Time passes by 0 ms or more, not ${ms}`);
    await this.#run(this.#nowMs + ms, () => false);
  }

  /**
   * Lets time pass until `predicate` holds, at most `limitMs`. Asked after every timer
   * and its work; time stands where it became true. False when the limit came first.
   */
  async advanceUntil(predicate: () => boolean, limitMs: number): Promise<boolean> {
    assert(limitMs >= 0 && Number.isFinite(limitMs), `The limit is 0 ms or more, not ${limitMs}`);
    return this.#run(this.#nowMs + limitMs, predicate);
  }

  async #run(untilMs: number, reached: () => boolean): Promise<boolean> {
    assert(!this.#advancing, 'Time is already being advanced: await the first call before the second');
    this.#advancing = true;
    try {
      await this.#flush();
      let timersAtThisInstant = 0;
      while (!reached()) {
        const timer = this.#timers.at(-1);
        if (timer === undefined || timer.dueMs > untilMs) {
          this.#nowMs = Math.max(this.#nowMs, untilMs);
          return reached();
        }
        this.#timers.pop();
        if (timer.callback === null) continue;
        timersAtThisInstant = timer.dueMs > this.#nowMs ? 0 : timersAtThisInstant + 1;
        assert(timersAtThisInstant < TIMERS_PER_INSTANT_MAX, 'Timers keep setting themselves again without delay');
        this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
        const { callback } = timer;
        timer.callback = null;
        callback();
        await this.#flush();
      }
      return true;
    } finally {
      this.#advancing = false;
    }
  }

  #positionOf(timer: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle]!;
      const runsLater = other.dueMs > timer.dueMs || (other.dueMs === timer.dueMs && other.number > timer.number);
      if (runsLater) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
