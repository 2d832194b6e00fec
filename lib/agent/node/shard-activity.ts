import type { Clock } from '@/lib/platform/clock';

const LATENCIES_KEPT = 2_000;
const WINDOW_MS_MIN = 500;

interface Counts { reads: number; writes: number; bytes: number }

export interface Rates { readonly readsPerSecond: number; readonly writesPerSecond: number; readonly networkBytesPerSecond: number }

const QUIET: Rates = { readsPerSecond: 0, writesPerSecond: 0, networkBytesPerSecond: 0 };

/** What clients ask of each shard, as rates over the last while; and how long they waited. */
export class ShardActivity {
  #counts = new Map<number, Counts>();
  #rates = new Map<number, Rates>();
  #sinceMs: number;
  readonly #latenciesMs: number[] = [];
  #next = 0;

  constructor(private readonly clock: Clock) {
    this.#sinceMs = clock.monotonicMs();
  }

  count(shardId: number, kind: 'read' | 'write', bytes: number, tookMs: number): void {
    const counts = this.#counts.get(shardId) ?? { reads: 0, writes: 0, bytes: 0 };
    if (kind === 'read') counts.reads += 1;
    else counts.writes += 1;
    counts.bytes += bytes;
    this.#counts.set(shardId, counts);
    this.#latenciesMs[this.#next] = tookMs;
    this.#next = (this.#next + 1) % LATENCIES_KEPT;
  }

  ratesOf(shardId: number): Rates {
    this.#roll();
    return this.#rates.get(shardId) ?? QUIET;
  }

  totals(): Rates {
    this.#roll();
    let [readsPerSecond, writesPerSecond, networkBytesPerSecond] = [0, 0, 0];
    for (const rates of this.#rates.values()) {
      readsPerSecond += rates.readsPerSecond;
      writesPerSecond += rates.writesPerSecond;
      networkBytesPerSecond += rates.networkBytesPerSecond;
    }
    return { readsPerSecond, writesPerSecond, networkBytesPerSecond };
  }

  /** Of the last requests; null while there are too few to tell. */
  latencyP99Ms(): number | null {
    if (this.#latenciesMs.length < 20) return null;
    const sorted = [...this.#latenciesMs].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))]!;
  }

  #roll(): void {
    const nowMs = this.clock.monotonicMs();
    const seconds = (nowMs - this.#sinceMs) / 1_000;
    if (seconds * 1_000 < WINDOW_MS_MIN) return;
    this.#rates = new Map([...this.#counts].map(([shardId, counts]) => [shardId, {
      readsPerSecond: counts.reads / seconds, writesPerSecond: counts.writes / seconds, networkBytesPerSecond: counts.bytes / seconds,
    }]));
    this.#counts = new Map();
    this.#sinceMs = nowMs;
  }
}
