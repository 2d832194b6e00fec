import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { DecisionRecord } from '@/lib/contract/scaling-record';
import type { DecisionEntry, PolicyVersion } from '@/lib/contract/scaling-view';
import type { ScheduleOccurrence } from '@/lib/contract/scaling-schedule';
import { explainRecord } from '@/lib/core/scaling/explain';
import { PoolScaler } from '@/lib/core/scaling/pool-scaler';
import type { PoolReading } from '@/lib/core/scaling/pool-reading';
import type { PoolSituation } from '@/lib/core/scaling/situation';
import { RingBuffer } from '@/lib/platform/ring-buffer';
import type { LoadHistory } from './load-history';
import { expandSchedules } from './schedule-expansion';

const RECORDS_MAX = 500;
const DAY_MS = 86_400_000;
const OCCURRENCES_AHEAD_MS = 8 * DAY_MS;
/** Occurrences are expanded again well before those that are known run out. */
const OCCURRENCES_FRESH_MS = DAY_MS;
const BUCKET_MS = 300_000;
/** A decision that waits for its rehearsal is looked at again after so long. */
const REHEARSED_MS = 5_000;
/** What surrounded the past is not known, and nothing is decided on it. */
const PAST: PoolSituation = {
  stale: false, frozen: false, failedNodes: 0, doubtfulNodes: 0, operation: { running: false, endedMonotonicMs: null },
  override: null, occurrences: [], changes: [], hottest: null, leadTimeMs: 0, trial: () => ({ ok: true, victims: [] }),
};

/** One policy at work on one pool: the active one, or a shadow beside it. */
export class PolicyEvaluator {
  readonly #scaler: PoolScaler;
  readonly #records = new RingBuffer<DecisionRecord>(RECORDS_MAX);
  #occurrences: readonly ScheduleOccurrence[] = [];
  #expandedAtMs = -Infinity;
  #dueMonotonicMs = -Infinity;
  #hasRead = false;
  evaluations = 0;
  agreed = 0;

  /** `version` is `null` for the policy that follows from the cluster's settings. */
  constructor(readonly policy: PolicyDocument, readonly version: PolicyVersion | null, options: { readonly pool: string; readonly readingIntervalMs: number; readonly leadTimeMs: number }) {
    this.#scaler = new PoolScaler(policy, { ...options, generation: version?.generation ?? 1, live: true });
  }

  get latest(): DecisionEntry | null {
    const record = this.#records.newest();
    return record === undefined ? null : { record, text: explainRecord(record) };
  }

  /** Newest first. */
  entries(limit: number): readonly DecisionEntry[] {
    return this.#records.toArray().reverse().slice(0, limit).map((record) => ({ record, text: explainRecord(record) }));
  }

  observe(reading: PoolReading): void {
    this.#hasRead = true;
    this.#scaler.observe(reading);
  }

  /** Not before the first reading: a policy that was just saved knows nothing yet. */
  isDue(monotonicMs: number): boolean {
    return this.#hasRead && monotonicMs >= this.#dueMonotonicMs;
  }

  evaluate(reading: PoolReading, situation: Omit<PoolSituation, 'occurrences'>): DecisionRecord {
    const record = this.#scaler.evaluate(reading, { ...situation, occurrences: this.occurrences(reading.wallMs) });
    const { intervalMs } = this.policy;
    this.#dueMonotonicMs = reading.monotonicMs + (record.bindingCode === 'rehearsing' ? Math.min(intervalMs, REHEARSED_MS) : intervalMs);
    this.#records.push(record);
    this.evaluations += 1;
    return record;
  }

  /** Those that are not over, as far as a week ahead. */
  occurrences(wallMs: number): readonly ScheduleOccurrence[] {
    if (Math.abs(wallMs - this.#expandedAtMs) > OCCURRENCES_FRESH_MS) {
      this.#expandedAtMs = wallMs;
      this.#occurrences = expandSchedules(this.policy.schedules, { fromMs: wallMs, toMs: wallMs + OCCURRENCES_AHEAD_MS });
    }
    return this.#occurrences.filter((occurrence) => occurrence.endMs > wallMs);
  }

  /** Goes through readings of the last minutes, as if it had been at work then; nothing is decided on them. */
  catchUp(readings: readonly PoolReading[]): void {
    let dueMonotonicMs = -Infinity;
    for (const reading of readings) {
      this.observe(reading);
      if (reading.monotonicMs < dueMonotonicMs) continue;
      dueMonotonicMs = reading.monotonicMs + this.policy.intervalMs;
      this.#scaler.evaluate(reading, PAST);
    }
  }

  /** Fills windows and forecasts with what was recorded, as if it had been evaluated all along; nothing is decided on it. */
  learn(history: LoadHistory, now: { readonly wallMs: number; readonly monotonicMs: number; readonly nodeCount: number }): void {
    const { length } = history.metrics[0]!.loads;
    // Steps longer than a bucket of the forecast are told once per bucket, so that none stays empty.
    const parts = Math.max(1, Math.round(history.stepMs / BUCKET_MS));
    for (let part = 0; part < length * parts; part += 1) {
      const at = Math.floor(part / parts);
      const wallMs = history.startMs + (part * history.stepMs) / parts;
      const reading: PoolReading = {
        wallMs, monotonicMs: now.monotonicMs - (now.wallMs - wallMs), nodeCount: now.nodeCount, effectiveNodes: now.nodeCount,
        metrics: Object.fromEntries(history.metrics.map(({ metric, loads }) => {
          const value = loads[at]! / now.nodeCount;
          return [metric, { mean: value, max: value, p90: value }];
        })),
      };
      this.#scaler.observe(reading);
      this.#scaler.evaluate(reading, PAST);
    }
  }
}
