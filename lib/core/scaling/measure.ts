/**
 * The value of one metric at each evaluation: the mean of the readings since the last
 * one, so that a policy evaluated every minute is not at the mercy of one second. Also
 * notices a metric that stopped moving: real load is never the same to the last bit for an
 * hour, so that is a reporter that repeats itself, and nothing shrinks on its word.
 */
import type { Aggregate, ScalingMetric } from '@/lib/contract/scaling-rules';
import { known, type PoolReading } from './pool-reading';

const STUCK_AFTER_MS = 3_600_000;
const STUCK_VALUES_MIN = 12;
/** Data at rest does stand still, and so may the number of connections. */
const MOVES: ReadonlySet<ScalingMetric> = new Set(['cpu', 'network', 'queriesPerSecond', 'transactionsPerSecond']);

export interface Measured {
  /** Per node; `null` = unknown. */
  readonly value: number | null;
  /** Times what the nodes are worth: independent of the pool's size. */
  readonly load: number | null;
  readonly stuck: boolean;
}

export class Measure {
  #values = 0;
  #loads = 0;
  #count = 0;
  #last: number | null = null;
  #sinceMs = 0;
  #repeats = 0;

  constructor(private readonly metric: ScalingMetric, private readonly aggregate: Aggregate, private readonly live: boolean) {}

  add(reading: PoolReading): void {
    const value = known(reading.metrics[this.metric]?.[this.aggregate]);
    if (value === null) return;
    this.#values += value;
    this.#loads += value * reading.effectiveNodes;
    this.#count += 1;
  }

  /** What was gathered since the last call. */
  take(monotonicMs: number): Measured {
    if (this.#count === 0) return { value: null, load: null, stuck: false };
    const value = this.#values / this.#count;
    const load = this.#loads / this.#count;
    this.#values = 0;
    this.#loads = 0;
    this.#count = 0;
    if (load !== this.#last) {
      this.#last = load;
      this.#sinceMs = monotonicMs;
      this.#repeats = 0;
    } else this.#repeats += 1;
    return { value, load, stuck: this.live && MOVES.has(this.metric) && this.#repeats >= STUCK_VALUES_MIN && monotonicMs - this.#sinceMs >= STUCK_AFTER_MS };
  }
}
