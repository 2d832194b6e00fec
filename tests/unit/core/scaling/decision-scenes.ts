/** Scenes whose decision records are kept as reviewed text in decision-records.txt. */
import type { DecisionRecord } from '@/lib/contract/scaling-record';
import type { ScalingRule } from '@/lib/contract/scaling-rules';
import { Pool, policyWith, QUIET, START_MS } from '../../../support/scaling-pool';

const base = policyWith({ prediction: { ...policyWith().prediction, enabled: false } });
const MINUTE_MS = 60_000;
const OPERATOR = { kind: 'operator', name: 'ada' } as const;

const latency: ScalingRule = { kind: 'threshold', id: 'latency', metric: 'latencyP99Ms', aggregate: 'max', out: { above: 25, durationMs: 300_000, nodes: 2 }, in: { below: 10, shortWindowMs: 600_000, longWindowMs: 1_800_000, nodes: 1 } };
const steps: ScalingRule = { kind: 'steps', id: 'steps', metric: 'queriesPerSecond', aggregate: 'mean', line: 10_000, durationMs: 120_000, steps: [{ distance: 0, nodes: 1 }, { distance: 0.5, nodes: 4 }], in: { below: 4_000, windowMs: 600_000, nodes: 1 } };
const disks: ScalingRule = { kind: 'disk-projection', id: 'disk-full', line: 0.8, trendMs: 6 * 3_600_000, horizonMs: 48 * 3_600_000 };
const memory: ScalingRule = { kind: 'target', id: 'memory', metric: 'memory', aggregate: 'mean', target: 0.65, outTolerance: 0.08, inTolerance: 0.15 };
const hottest: ScalingRule = { kind: 'target', id: 'hottest', metric: 'cpu', aggregate: 'max', target: 0.65, outTolerance: 0.08, inTolerance: 0.15 };

export const SCENES: Readonly<Record<string, () => DecisionRecord>> = {
  'within the target': () => new Pool(base, 10).minutes(70, { cpu: 0.62 }),
  'grows to the target': () => new Pool(base, 10).minutes(2, { cpu: 0.9 }),
  'grows, held by the rate limit': () => new Pool(base, 4).minute({ cpu: 1.9 }),
  'grows to the maximum': () => new Pool(policyWith({ ...base, bounds: { nodeCountMin: 3, nodeCountMax: 12, multipleOf: 1 } }), 10).minute({ cpu: 0.99 }),
  'grows by whole zones': () => new Pool(policyWith({ ...base, bounds: { nodeCountMin: 3, nodeCountMax: 30, multipleOf: 3 } }), 9).minute({ cpu: 0.75 }),
  'would shrink, but the window is not over': () => new Pool(base, 10).minutes(30, { cpu: 0.3 }),
  'shrinks by one': () => new Pool(base, 10).minutes(70, { cpu: 0.3 }),
  'would shrink, still cooling down': () => {
    const pool = new Pool(base, 10);
    pool.minutes(69, { cpu: 0.3 });
    return pool.minute({ cpu: 0.3 }, { operation: { running: false, endedMonotonicMs: pool.monotonicMs - 3 * MINUTE_MS } });
  },
  'would shrink, over the line after losing a node': () => new Pool(base, 5).minutes(70, { cpu: 0.5 }),
  'would shrink, the planner refuses': () => new Pool(base, 10).minutes(70, { cpu: 0.3 }, { trial: () => ({ ok: false, code: 'planner-refused', numbers: { replicasLeft: 12 } }) }),
  'would shrink, and it is not known yet whether it could': () => new Pool(base, 10).minutes(70, { cpu: 0.3 }, { trial: () => ({ ok: false, code: 'rehearsing', numbers: { nodes: 1 } }) }),
  'would shrink, one metric is unknown': () => new Pool(policyWith({ ...base, rules: [...base.rules, memory] }), 10).minutes(70, { cpu: 0.3, memory: null }),
  'would shrink, all must agree': () => new Pool(policyWith({ ...base, rules: [...base.rules, memory] }), 10).minutes(70, { cpu: 0.2, memory: 0.64 }),
  'a failed node is repaired, not scaled around': () => new Pool(base, 10).minute({ cpu: 0.69 }, { failedNodes: 1 }, 9),
  'a failed node and more load than the pool could carry': () => new Pool(base, 10).minute({ cpu: 0.95 }, { failedNodes: 1 }, 9),
  'the mean is low, one node is hot': () => new Pool(base, 10).minute({ cpu: 0.5 }, { hottest: { nodeId: 'n4', metric: 'cpu', value: 0.93, largestShardShare: 0.2 } }),
  'one shard is hotter than a node may be': () => new Pool(base, 10).minute({ cpu: 0.5 }, { hottest: { nodeId: 'n4', metric: 'cpu', value: 0.97, largestShardShare: 0.9 } }),
  'the hottest node asks for more, the mean does not': () => new Pool(policyWith({ ...base, rules: [...base.rules, hottest] }), 10).minute({ cpu: { mean: 0.5, max: 0.93, p90: 0.6 } }, { hottest: { nodeId: 'n4', metric: 'cpu', value: 0.93, largestShardShare: 0.1 } }),
  'latency stayed above its line': () => new Pool(policyWith({ ...base, rules: [...base.rules, latency] }), 6).minutes(8, { cpu: 0.6, latencyP99Ms: 31 }),
  'latency was above its line too short': () => new Pool(policyWith({ ...base, rules: [...base.rules, latency] }), 6).minutes(3, { cpu: 0.6, latencyP99Ms: 31 }),
  'steps by distance, the near one': () => new Pool(policyWith({ ...base, rules: [steps] }), 6).minutes(4, { queriesPerSecond: 11_000 }),
  'steps by distance, the far one': () => new Pool(policyWith({ ...base, rules: [steps] }), 6).minutes(4, { queriesPerSecond: 16_000 }),
  'disks that will be full in two days': () => {
    const pool = new Pool(policyWith({ ...base, rules: [disks] }), 6);
    let last = pool.minute({ disk: 0.6 });
    for (let minute = 1; minute < 360; minute += 1) last = pool.minute({ disk: 0.6 + minute * 0.0001 });
    return last;
  },
  'an override above what the rules want': () => {
    const pool = new Pool(base, 6);
    return pool.minutes(70, { cpu: 0.3 }, { override: { nodeCount: 9, expiresAtMs: START_MS + 3 * 3_600_000, reason: 'sale', setBy: OPERATOR } });
  },
  'an override that is over': () => new Pool(base, 6).minutes(70, { cpu: 0.6 }, { override: { nodeCount: 9, expiresAtMs: START_MS + 600_000, reason: 'sale', setBy: OPERATOR } }),
  'a schedule that begins within the lead time': () => new Pool(base, 6).minute({ cpu: 0.5 }, { occurrences: [{ scheduleId: 'morning', startMs: START_MS + 12 * MINUTE_MS, endMs: START_MS + 120 * MINUTE_MS, floor: 9, ceiling: null, reserve: 0 }] }),
  'a schedule that begins later': () => new Pool(base, 6).minute({ cpu: 0.6 }, { occurrences: [{ scheduleId: 'morning', startMs: START_MS + 48 * MINUTE_MS, endMs: START_MS + 120 * MINUTE_MS, floor: 9, ceiling: null, reserve: 0 }] }),
  'stale': () => new Pool(base, 10).minute({ cpu: 0.9 }, { stale: true }),
  'frozen': () => new Pool(base, 10).minute({ cpu: 0.9 }, { frozen: true }),
  'an operation is running': () => new Pool(base, 10).minute({ cpu: 0.9 }, { operation: { running: true, endedMonotonicMs: null } }),
  'grows, and somebody has to agree': () => new Pool(policyWith({ ...base, approval: { ...base.approval, out: { fromNodes: 3 } } }), 10).minute({ cpu: 0.9 }),
  'recommends only': () => new Pool({ ...base, mode: 'manual' }, 10).minute({ cpu: 0.9 }),
  'a shadow policy': () => new Pool({ ...base, mode: 'shadow' }, 10).minute({ cpu: 0.9 }),
  'a metric that repeats itself': () => {
    const pool = new Pool(base, 10);
    let last = pool.minute({ cpu: 0.3 });
    for (let minute = 1; minute < 90; minute += 1) last = pool.minute({ cpu: 0.3 });
    return last;
  },
  'nothing known at all': () => new Pool(base, 10).minutes(10, { cpu: null }, QUIET),
};
