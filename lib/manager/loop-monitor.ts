import type { Clock } from '@/lib/platform/clock';

const TICK_MS = 250;
/** Lateness below this is ordinary scheduling noise. */
const TOLERATED_MS = 500;

/**
 * Measures how long this process itself stood still, by a timer that should fire every
 * 250 ms. Silence of nodes during that time is nobody's silence (N4).
 */
export class LoopMonitor implements Disposable {
  #timer: Disposable | null = null;
  #pausedMs = 0;

  constructor(private readonly clock: Clock) {
    this.#arm();
  }

  /** Milliseconds stood still since it was asked last. */
  takePausedMs(): number {
    const pausedMs = this.#pausedMs;
    this.#pausedMs = 0;
    return pausedMs;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #arm(): void {
    const expectedMs = this.clock.monotonicMs() + TICK_MS;
    this.#timer = this.clock.after(TICK_MS, () => {
      const lateMs = this.clock.monotonicMs() - expectedMs;
      if (lateMs > TOLERATED_MS) this.#pausedMs += lateMs;
      this.#arm();
    });
  }
}
