import { sleep, type Clock } from '@/lib/platform/clock';

/** A changed limit is noticed within this time, also while waiting. */
const SLICE_MS = 200;
/** Unused allowance is kept for no longer than this. */
const BURST_SECONDS = 0.1;

/**
 * Holds one step to its bytes per second. A batch goes when nothing is owed and is owed
 * for afterwards, so a key larger than a second's allowance still passes, and the mean
 * holds from the second batch on.
 */
export class ByteThrottle {
  readonly #clock: Clock;
  readonly #bytesPerSecondMax: () => number | null;
  #allowance = 0;
  #filledAtMs: number;

  constructor(options: { clock: Clock; bytesPerSecondMax: () => number | null }) {
    this.#clock = options.clock;
    this.#bytesPerSecondMax = options.bytesPerSecondMax;
    this.#filledAtMs = options.clock.monotonicMs();
  }

  /** What one batch may hold so that progress stays smooth; Infinity without a limit. */
  get batchBytesMax(): number {
    const limit = this.#bytesPerSecondMax();
    return limit === null ? Infinity : limit / 4;
  }

  /** Waits until the next batch may go; false when the signal ended the wait. */
  async ready(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const limit = this.#fill();
      if (limit === null || this.#allowance >= 0) return true;
      // Nothing but the signal makes a sleep reject.
      await sleep(this.#clock, Math.min(SLICE_MS, (-this.#allowance / limit) * 1000), signal).catch(() => undefined);
    }
    return false;
  }

  spent(bytes: number): void {
    this.#allowance -= bytes;
  }

  #fill(): number | null {
    const nowMs = this.#clock.monotonicMs();
    const limit = this.#bytesPerSecondMax();
    this.#allowance = limit === null ? 0 : Math.min(limit * BURST_SECONDS, this.#allowance + (limit * (nowMs - this.#filledAtMs)) / 1000);
    this.#filledAtMs = nowMs;
    return limit;
  }
}
