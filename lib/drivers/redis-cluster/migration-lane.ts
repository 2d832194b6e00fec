import { sleep, type Clock } from '@/lib/platform/clock';

/**
 * MIGRATE stops the source's only thread, and the target's while it restores. So each
 * source has one MIGRATE under way at a time however many slots are in flight, and the
 * batches are sized so that one takes about TARGET_MS by the measured time, which also
 * covers values that are slow to serialise. Below the least batch the fixed cost of a
 * round trip is all there is to measure: a busy machine would shrink it for nothing.
 */
const TARGET_MS = 4;
const KEYS = { first: 32, min: 16, max: 400 } as const;
const BYTES = { first: 256 * 1024, min: 64 * 1024, max: 4 * 1024 * 1024 } as const;
/** After a batch that took longer than this, clients get the source to themselves for a quarter of its time. */
const REST_ABOVE_MS = 1.5 * TARGET_MS;
const REST_MS_MAX = 250;

export class MigrationLane {
  readonly #clock: Clock;
  #tail: Promise<unknown> = Promise.resolve();
  #keysMax: number = KEYS.first;
  #bytesMax: number = BYTES.first;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How much the next batch may hold; a larger key goes alone. */
  get batch(): { readonly keysMax: number; readonly bytesMax: number } {
    return { keysMax: Math.floor(this.#keysMax), bytesMax: Math.floor(this.#bytesMax) };
  }

  /** Runs `work` after all that was asked for before; at most one at a time. */
  async run<T>(size: { keys: number; bytes: number }, work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(async () => {
      const beganAtMs = this.#clock.monotonicMs();
      const value = await work();
      const tookMs = this.#clock.monotonicMs() - beganAtMs;
      this.#adapt(size, tookMs);
      return { value, restMs: tookMs > REST_ABOVE_MS ? Math.min(REST_MS_MAX, tookMs / 4) : 0 };
    });
    this.#tail = turn.then(
      async ({ restMs }) => { if (restMs > 0) await sleep(this.#clock, restMs); },
      // The caller of that turn has the error; the next turn is not concerned.
      () => undefined,
    );
    return (await turn).value;
  }

  #adapt({ keys, bytes }: { keys: number; bytes: number }, tookMs: number): void {
    if (tookMs > 1.5 * TARGET_MS) {
      if (keys > 1) {
        this.#keysMax = Math.max(KEYS.min, Math.min(this.#keysMax, keys) * 0.7);
        this.#bytesMax = Math.max(BYTES.min, Math.min(this.#bytesMax, bytes) * 0.7);
      }
      return;
    }
    // Only a batch that used its limit proves that there is room above it.
    if (tookMs < TARGET_MS && keys >= 0.8 * this.#keysMax) this.#keysMax = Math.min(KEYS.max, this.#keysMax + 8);
    if (tookMs < TARGET_MS && bytes >= 0.6 * this.#bytesMax) this.#bytesMax = Math.min(BYTES.max, this.#bytesMax + 64 * 1024);
  }
}
