/** What tests of the scaler need around it: policies from edits, a quiet situation, a replay with every record. */
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { DecisionRecord } from '@/lib/contract/scaling-record';
import { PolicyController } from '@/lib/core/scaling/backtest/policy-controller';
import { replay, type ReplayModel, type ReplayResult } from '@/lib/core/scaling/backtest/replay';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';
import { PoolScaler } from '@/lib/core/scaling/pool-scaler';
import type { MetricReading } from '@/lib/core/scaling/pool-reading';
import type { PoolSituation } from '@/lib/core/scaling/situation';
import type { Shape } from './load-shapes';

export const START_MS = Date.UTC(2026, 0, 5);
export const LEAD_MS = 900_000;

export function policyWith(edit: Partial<PolicyDocument> = {}): PolicyDocument {
  const base = defaultPolicy();
  return { ...base, mode: 'automatic', bounds: { nodeCountMin: 3, nodeCountMax: 40, multipleOf: 1 }, ...edit };
}

export const QUIET: PoolSituation = {
  stale: false, frozen: false, failedNodes: 0, doubtfulNodes: 0, operation: { running: false, endedMonotonicMs: null },
  override: null, occurrences: [], changes: [], hottest: null, leadTimeMs: LEAD_MS, trial: () => ({ ok: true, victims: ['n1'] }),
};

export function replayShape(source: Shape, policy: PolicyDocument, edit: Partial<ReplayModel> = {}): ReplayResult & { readonly records: readonly DecisionRecord[] } {
  const records: DecisionRecord[] = [];
  const series = { startMs: START_MS, stepMs: source.stepMs, metrics: [{ metric: 'cpu' as const, loads: source.loads }] };
  const first = source.loads.find((load) => !Number.isNaN(load)) ?? 0;
  const controller = new PolicyController(series, policy, { pool: 'default', generation: 1, leadTimeMs: LEAD_MS, occurrences: [], onRecord: (record) => records.push(record) });
  const result = replay(series, controller, {
    fullCopyMs: 3_600_000, provisionMs: 0, nodeCountMin: policy.bounds.nodeCountMin, nodeCountMax: policy.bounds.nodeCountMax,
    nodeCountStart: Math.min(policy.bounds.nodeCountMax, Math.max(policy.bounds.nodeCountMin, Math.ceil(first / 0.65))), line: policy.lines.cpu, target: 0.65, skipMs: 0, ...edit,
  });
  return { ...result, records };
}

/** A scaler that is told one load after the other, every minute, and answers what it decided on the last. */
export class Pool {
  readonly scaler: PoolScaler;
  #monotonicMs = 0;

  constructor(policy: PolicyDocument, public nodeCount: number, private readonly startMs = START_MS) {
    this.scaler = new PoolScaler(policy, { pool: 'default', generation: 3, readingIntervalMs: 60_000, leadTimeMs: LEAD_MS, live: true });
  }

  get monotonicMs(): number {
    return this.#monotonicMs;
  }

  get wallMs(): number {
    return this.startMs + this.#monotonicMs;
  }

  /** `values`: per node; a number is mean, max and p90 alike. */
  minute(values: Readonly<Record<string, number | MetricReading | null>>, situation: Partial<PoolSituation> = {}, effectiveNodes = this.nodeCount): DecisionRecord {
    this.#monotonicMs += 60_000;
    const metrics = Object.fromEntries(Object.entries(values).map(([metric, value]) => [metric, typeof value === 'number' || value === null ? { mean: value, max: value, p90: value } : value]));
    const tick = { wallMs: this.wallMs, monotonicMs: this.#monotonicMs, nodeCount: this.nodeCount, effectiveNodes };
    this.scaler.observe({ ...tick, metrics });
    return this.scaler.evaluate(tick, { ...QUIET, ...situation });
  }

  minutes(count: number, values: Readonly<Record<string, number | null>>, situation: Partial<PoolSituation> = {}): DecisionRecord {
    // No real load is the same to the last bit for an hour.
    const stirred = (at: number) => Object.fromEntries(Object.entries(values).map(([metric, value]) => [metric, value === null ? null : value * (1 - (at % 7) * 1e-6)]));
    let last = this.minute(stirred(count), situation);
    for (let at = count - 1; at > 0; at -= 1) last = this.minute(stirred(at - 1), situation);
    return last;
  }
}
