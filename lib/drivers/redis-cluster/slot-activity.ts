import type { Clock } from '@/lib/platform/clock';

/** A finished slot is remembered this long: a reading that began before it ended still shows it half-way. */
const REMEMBERED_MS = 60_000;

/**
 * Which slots this driver itself is changing. Two steps for one slot run one after the
 * other (M1), and a reading does not report our own half-done hand-over as a stranger's.
 */
export class SlotActivity {
  readonly #clock: Clock;
  readonly #queues = new Map<number, Promise<void>>();
  readonly #endedAtMs = new Map<number, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` when no other work on this slot runs. */
  async exclusively<T>(slot: number, work: () => Promise<T>): Promise<T> {
    return await this.exclusivelyAll([slot], work);
  }

  /** The same for several slots. They are taken in ascending order, so that two batches never wait for each other. */
  async exclusivelyAll<T>(slots: readonly number[], work: () => Promise<T>): Promise<T> {
    const { promise, release } = gate();
    const taken = new Map<number, Promise<void>>();
    try {
      for (const slot of [...new Set(slots)].sort((a, b) => a - b)) {
        const before = this.#queues.get(slot);
        const mine = before === undefined ? promise : before.then(() => promise);
        this.#queues.set(slot, mine);
        taken.set(slot, mine);
        if (before !== undefined) await before;
      }
      return await work();
    } finally {
      const nowMs = this.#clock.monotonicMs();
      for (const [slot, mine] of taken) {
        this.#endedAtMs.delete(slot);
        this.#endedAtMs.set(slot, nowMs);
        if (this.#queues.get(slot) === mine) this.#queues.delete(slot);
      }
      this.#forgetOld();
      release();
    }
  }

  /** Was the slot ours at any time since `sinceMs` (monotonic)? */
  touchedSince(slot: number, sinceMs: number): boolean {
    return this.#queues.has(slot) || (this.#endedAtMs.get(slot) ?? -Infinity) >= sinceMs;
  }

  /** Monotonic time at which work on the slot last ended; -Infinity when none is remembered. */
  endedAtMs(slot: number): number {
    return this.#endedAtMs.get(slot) ?? -Infinity;
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all(this.#queues.values());
  }

  /** Oldest first: `#endedAtMs` is kept in the order of the ends. */
  #forgetOld(): void {
    const limitMs = this.#clock.monotonicMs() - REMEMBERED_MS;
    for (const [slot, endedAtMs] of this.#endedAtMs) {
      if (endedAtMs >= limitMs) return;
      this.#endedAtMs.delete(slot);
    }
  }
}

function gate(): { promise: Promise<void>; release: () => void } {
  let release: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => { release = resolve; });
  return { promise, release };
}
