import type { ScalingDecision } from '@/lib/contract/scaling';
import { RESOURCES } from '@/lib/contract/resources';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { ChainCode, DecisionRecord } from '@/lib/contract/scaling-record';
import { explainRecord } from './explain';

type BoundBy = ScalingDecision['boundBy'];

const BOUND_BY: Readonly<Record<ChainCode, BoundBy>> = {
  'rules': 'target-utilization', 'prediction': 'prediction', 'schedule-reserve': 'schedule', 'override': 'override', 'schedules-only': 'schedule',
  'out-stabilization': 'stabilization', 'in-stabilization': 'stabilization', 'forecast-need': 'prediction', 'in-tolerance': 'within-target',
  'rate-limit': 'rate-limit', 'schedule-floor': 'schedule', 'schedule-ceiling': 'schedule', 'minimum': 'minimum', 'maximum': 'maximum', 'zone-multiple': 'zone-multiple',
  'off': 'off', 'stale': 'stale-observation', 'frozen': 'frozen', 'metrics-unknown': 'unknown-metrics', 'metrics-stuck': 'unknown-metrics',
  'failed-node': 'unhealthy', 'skew-rebalance': 'skew', 'skew-indivisible': 'skew', 'unhealthy': 'unhealthy', 'operation-running': 'operation-running',
  'cooldown': 'cooldown', 'direction-cooldown': 'cooldown', 'not-allowed-now': 'schedule', 'flap-budget': 'cooldown', 'would-grow-again': 'stabilization',
  'over-line': 'safety-line', 'over-line-after-loss': 'safety-line', 'over-line-during-drain': 'safety-line', 'planner-refused': 'safety-line', 'no-victim': 'safety-line', 'rehearsing': 'rehearsal',
  'approval': 'approval', 'shadow': 'target-utilization', 'manual': 'target-utilization',
};

/** A record in short, as the live summary carries it. */
export function summaryOfRecord(record: DecisionRecord, policy: PolicyDocument): ScalingDecision {
  const last = record.chain.filter((link) => link.code !== 'manual' && link.code !== 'shadow').at(-1);
  const targets = new Map(policy.rules.flatMap((rule) => (rule.kind === 'target' ? [[rule.id, rule.target] as const] : [])));
  return {
    atMs: record.atMs,
    action: record.action === 'repair' || record.action === 'split' ? 'hold' : record.action,
    nodeCount: record.nodeCount,
    effectiveNodes: record.effectiveNodes,
    nodeCountRecommended: record.raw,
    nodeCountDecided: record.decided,
    boundBy: last === undefined ? (policy.mode === 'off' ? 'off' : 'within-target') : BOUND_BY[last.code],
    message: explainRecord(record).slice(0, 500),
    conditions: RESOURCES.flatMap((resource) => {
      const rule = record.rules.find((reading) => reading.metric === resource && reading.kind === 'target' && targets.has(reading.ruleId));
      if (rule === undefined) return [];
      return [{ resource, aggregate: rule.aggregate, utilization: rule.value, target: Math.min(1, targets.get(rule.ruleId)!), nodeCountWanted: rule.wanted }];
    }),
  };
}
