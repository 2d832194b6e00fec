import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import { POLICY_FORMAT } from '@/lib/contract/scaling-policy';
import type { UTILIZATION_METRICS } from '@/lib/contract/scaling-rules';

type UtilizationMetric = (typeof UTILIZATION_METRICS)[number];

const TARGETS: Readonly<Record<UtilizationMetric, number>> = { cpu: 0.65, memory: 0.65, disk: 0.7, network: 0.6 };
const HOUR_MS = 3_600_000;

/**
 * The policy a pool has until somebody saves another: it recommends and changes nothing.
 * Only metrics that the engine reports have a rule, because one that is never known would
 * for ever forbid to shrink. Its numbers were judged on the bundled series and others of
 * their kinds, by means over groups and by the worst case (ADR "capacity that arrives
 * with its data").
 */
export function defaultPolicy(reported: readonly UtilizationMetric[] = ['cpu']): PolicyDocument {
  return {
    format: POLICY_FORMAT,
    name: 'Default',
    mode: 'manual',
    intervalMs: 60_000,
    rules: reported.map((metric) => ({ kind: 'target', id: metric, metric, aggregate: 'mean', target: TARGETS[metric], outTolerance: 0.08, inTolerance: 0.15 })),
    bounds: { nodeCountMin: 3, nodeCountMax: 100, multipleOf: 1 },
    lines: { cpu: 0.8, memory: 0.8, disk: 0.85, network: 0.8 },
    out: { stabilizationMs: 0, step: { nodes: 4, percent: 100, periodMs: 300_000 } },
    in: {
      stabilizationMs: HOUR_MS, step: { nodes: 1, percent: 10, periodMs: 300_000 }, cooldownMs: 600_000,
      allowed: [], reversalsPerDayMax: 12, paybackMs: 8 * HOUR_MS,
    },
    schedules: [],
    prediction: { enabled: true, quantile: 0.9, coverageMin: 0.8, sizeAheadMs: HOUR_MS, horizonMs: HOUR_MS, outTolerance: 0.15 },
    approval: { out: { fromNodes: null }, in: { fromNodes: null }, expiresAfterMs: HOUR_MS },
  };
}
