import type { DecisionRecord } from '@/lib/contract/scaling-record';
import type { ScheduleOccurrence } from '@/lib/contract/scaling-schedule';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { MetricReading } from '../pool-reading';
import { PoolScaler } from '../pool-scaler';
import type { SizeChange } from '../situation';
import type { LoadSeries, ReplayController, ReplayStep } from './replay';

export interface PolicyReplay {
  readonly pool: string;
  readonly generation: number;
  /** From the order of a node to its share of the data. */
  readonly leadTimeMs: number;
  /** All occurrences of the policy's schedules in the time of the series, in order of their beginning. */
  readonly occurrences: readonly ScheduleOccurrence[];
  /** Told every record, for charts and logs; left out where only the figures count. */
  readonly onRecord?: (record: DecisionRecord) => void;
}

const DAY_MS = 86_400_000;
const NO_OCCURRENCES: readonly ScheduleOccurrence[] = [];

/** A policy as it would have decided: automatic whatever its mode, approvals given at once. */
export class PolicyController implements ReplayController {
  readonly #scaler: PoolScaler;
  readonly #policy: PolicyDocument;
  readonly #changes: SizeChange[] = [];
  #dueMs = 0;
  #endedMs: number | null = null;
  #moving = false;

  constructor(private readonly series: LoadSeries, policy: PolicyDocument, private readonly options: PolicyReplay) {
    this.#policy = policy.mode === 'scheduled' ? policy : { ...policy, mode: 'automatic' };
    this.#scaler = new PoolScaler(this.#policy, { pool: options.pool, generation: options.generation, readingIntervalMs: series.stepMs, leadTimeMs: options.leadTimeMs, live: false });
  }

  decide(step: ReplayStep): number | null {
    const { monotonicMs, wallMs, nodeCount, effectiveNodes } = step;
    if (this.#moving && !step.moving) this.#endedMs = monotonicMs;
    this.#moving = step.moving;
    const metrics: Record<string, MetricReading> = {};
    for (const { metric, loads } of this.series.metrics) {
      const value = loads[step.at]! / effectiveNodes;
      metrics[metric] = { mean: value, max: value, p90: value };
    }
    this.#scaler.observe({ wallMs, monotonicMs, nodeCount, effectiveNodes, metrics });
    if (monotonicMs < this.#dueMs) return null;
    this.#dueMs = monotonicMs + this.#policy.intervalMs;
    while (this.#changes.length > 0 && this.#changes[0]!.monotonicMs <= monotonicMs - DAY_MS) this.#changes.shift();
    const { leadTimeMs } = this.options;
    const record = this.#scaler.evaluate({ wallMs, monotonicMs, nodeCount, effectiveNodes }, {
      stale: false, frozen: false, failedNodes: 0, doubtfulNodes: 0,
      operation: { running: step.moving, endedMonotonicMs: this.#endedMs },
      override: null, hottest: null, changes: this.#changes, leadTimeMs,
      occurrences: this.options.occurrences.length === 0 ? NO_OCCURRENCES : this.options.occurrences.filter((occurrence) => occurrence.endMs > wallMs && occurrence.startMs - leadTimeMs <= wallMs),
      // Of nodes that are all alike the lines of the guards say everything.
      trial: () => ({ ok: true, victims: [] }),
    });
    this.options.onRecord?.(record);
    if (record.outcome !== 'act' && record.outcome !== 'propose') return null;
    this.#changes.push({ monotonicMs, from: nodeCount, to: record.decided });
    return record.decided;
  }
}
