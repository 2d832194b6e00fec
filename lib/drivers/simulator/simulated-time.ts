import type { Clock } from '@/lib/platform/clock';
import { assert } from '@/lib/platform/assert';

/** Simulated time on a real clock: so many simulated milliseconds pass per real one. */
export class SimulatedTime {
  #simulatedStartMs: number;
  #clockStartMs: number;
  #speed: number;

  constructor(private readonly clock: Clock, startMs: number, speed: number) {
    this.#simulatedStartMs = startMs;
    this.#clockStartMs = clock.monotonicMs();
    this.#speed = speed;
  }

  get speed(): number {
    return this.#speed;
  }

  /** Changes from now on; 1..100, as in a connection. */
  set speed(speed: number) {
    assert(speed >= 1 && speed <= 100, `The speed is 1 to 100, not ${speed}`);
    this.#simulatedStartMs = this.nowMs();
    this.#clockStartMs = this.clock.monotonicMs();
    this.#speed = speed;
  }

  /** Simulated milliseconds. */
  nowMs(): number {
    return this.#simulatedStartMs + (this.clock.monotonicMs() - this.#clockStartMs) * this.#speed;
  }

  /** Milliseconds of the clock until a simulated instant; 0 when it has passed, Infinity for never. */
  clockMsUntil(simulatedMs: number): number {
    return Math.max(0, (simulatedMs - this.nowMs()) / this.#speed);
  }
}
