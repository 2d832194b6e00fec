import { sleep, type Clock } from '@/lib/platform/clock';
import { ServerTime } from './server-time';

/**
 * MIGRATE stops the source's only thread, and the target's while it restores. So each
 * source has one burst of MIGRATE under way at a time however many slots are in flight
 * (one-role.ts says which nodes may work together), and the bursts are sized so that one takes
 * about TARGET_MS by the measured time, which also covers values that are slow to
 * serialise. Below the least burst the fixed cost of a round trip is all there is to
 * measure: a busy machine would shrink it for nothing.
 */
const TARGET_MS = 4;
const KEYS = { first: 48, min: 16, max: 400 } as const;
const BYTES = { first: 256 * 1024, min: 64 * 1024, max: 4 * 1024 * 1024 } as const;
/** After a burst that took longer than this, clients get the source to themselves for a quarter of its time. */
const REST_ABOVE_MS = 1.5 * TARGET_MS;
const REST_MS_MAX = 250;
const TIMER_MS = 1;
/** Rest taken too much is remembered up to here: a quiet second is no licence for a rude one. */
const REST_CREDIT_MS_MAX = 4;

export class MigrationLane {
  readonly #clock: Clock;
  readonly #serverTime = new ServerTime();
  #tail: Promise<unknown> = Promise.resolve();
  #open: Promise<unknown> = Promise.resolve();
  #keysMax: number = KEYS.first;
  #bytesMax: number = BYTES.first;
  #restOwedMs = 0;
  #endedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endedAtMs = clock.monotonicMs();
  }

  /** How much the next burst may hold; a larger key goes alone. */
  get burst(): { readonly keysMax: number; readonly bytesMax: number } {
    return { keysMax: Math.floor(this.#keysMax), bytesMax: Math.floor(this.#bytesMax) };
  }

  /**
   * One batch of slots at a time is open on the source. In an open slot, commands on
   * several keys of which one is missing get TRYAGAIN until it has moved, so slots that
   * would only wait for the bursts of others are not opened yet.
   */
  async opened<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#open.then(work);
    // The caller of that turn has the error; the next turn is not concerned.
    this.#open = turn.catch(() => undefined);
    return await turn;
  }

  /** Runs `work` after all that was asked for before; at most one at a time, when `inTurn` lets it. `duty`: share of the time that the source may spend on it, 0..1. */
  async run<T>(size: { keys: number; bytes: number }, { inTurn, duty }: { inTurn: (work: () => Promise<T>) => Promise<T>; duty: () => number }, work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => this.#rest()).then(() => inTurn(async () => {
      const beganAtMs = this.#clock.monotonicMs();
      try {
        return await work();
      } finally {
        this.#endedAtMs = this.#clock.monotonicMs();
        const tookMs = this.#endedAtMs - beganAtMs;
        this.#adapt(size, tookMs);
        this.#restOwedMs += restMs(tookMs, { servedMs: this.#serverTime.of(size, tookMs), duty: duty() });
      }
    }));
    // The caller of that turn has the error; the next turn is not concerned.
    this.#tail = turn.then(() => undefined, () => undefined);
    return await turn;
  }

  /**
   * The source has to itself what it is owed, less the time since the last burst, in which
   * we were listing, storing or waiting anyway. Timers know whole milliseconds: what a
   * rest took too long counts for the next one.
   */
  async #rest(): Promise<void> {
    this.#restOwedMs -= this.#clock.monotonicMs() - this.#endedAtMs;
    if (this.#restOwedMs >= TIMER_MS) {
      const beganAtMs = this.#clock.monotonicMs();
      await sleep(this.#clock, this.#restOwedMs);
      this.#restOwedMs -= this.#clock.monotonicMs() - beganAtMs;
    }
    this.#restOwedMs = Math.max(-REST_CREDIT_MS_MAX, this.#restOwedMs);
  }

  #adapt({ keys, bytes }: { keys: number; bytes: number }, tookMs: number): void {
    if (tookMs > 1.5 * TARGET_MS) {
      if (keys > 1) {
        this.#keysMax = Math.max(KEYS.min, Math.min(this.#keysMax, keys) * 0.7);
        this.#bytesMax = Math.max(BYTES.min, Math.min(this.#bytesMax, bytes) * 0.7);
      }
      return;
    }
    // Only a burst that used its limit proves that there is room above it.
    if (tookMs < TARGET_MS && keys >= 0.8 * this.#keysMax) this.#keysMax = Math.min(KEYS.max, this.#keysMax + 8);
    if (tookMs < TARGET_MS && bytes >= 0.6 * this.#bytesMax) this.#bytesMax = Math.min(BYTES.max, this.#bytesMax + 64 * 1024);
  }
}

function restMs(tookMs: number, { servedMs, duty }: { servedMs: number; duty: number }): number {
  const byDuty = duty >= 1 ? 0 : servedMs * (1 / Math.max(0.05, duty) - 1);
  const afterLong = tookMs > REST_ABOVE_MS ? tookMs / 4 : 0;
  return Math.min(REST_MS_MAX, Math.max(byDuty, afterLong));
}
