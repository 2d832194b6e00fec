/** A decision record in words, for the log, the events and the reviewed golden records. */
import type { ChainCode, ChainLink, Counterfactual, DecisionRecord } from '@/lib/contract/scaling-record';
import type { ScalingMetric } from '@/lib/contract/scaling-rules';

const WORDS: Readonly<Record<ChainCode, string>> = {
  'rules': 'rules', 'prediction': 'prediction', 'schedule-reserve': 'schedule reserve', 'override': 'override', 'schedules-only': 'schedules',
  'out-stabilization': 'steady need', 'in-stabilization': 'highest need of the window', 'forecast-need': 'needed again by the forecast', 'in-tolerance': 'too little to be worth a move',
  'rate-limit': 'rate limit', 'schedule-floor': 'schedule floor', 'schedule-ceiling': 'schedule ceiling', 'minimum': 'minimum', 'maximum': 'maximum', 'zone-multiple': 'zone multiple',
  'off': 'scaling is off', 'stale': 'the picture is stale', 'frozen': 'automation is frozen', 'metrics-unknown': 'metrics unknown', 'metrics-stuck': 'a metric repeats itself',
  'failed-node': 'a failed node is to be repaired', 'skew-rebalance': 'uneven: rebalance instead', 'skew-indivisible': 'one shard is too hot and cannot be split', 'unhealthy': 'not every node is alive',
  'operation-running': 'an operation is running', 'cooldown': 'cooldown', 'direction-cooldown': 'cooldown after the opposite', 'not-allowed-now': 'not in the allowed hours', 'flap-budget': 'too many changes of direction',
  'would-grow-again': 'it would ask for the nodes again', 'over-line': 'a node would be over its line', 'over-line-after-loss': 'over the line after losing a node', 'over-line-during-drain': 'over the line during the drain',
  'planner-refused': 'the planner refused', 'no-victim': 'no node can leave', 'rehearsing': 'being tried out',
  'approval': 'waits for approval', 'shadow': 'shadow policy', 'manual': 'recommendation only',
};

/** "raw 9 -> rate limit 6 -> cooldown: hold, next in 7 min. Would act at cpu >= 71 %, now 68 %" */
export function explainRecord(record: DecisionRecord): string {
  const steps = record.chain.map((link, at) => stepText(link, record, at === 0));
  const chain = steps.length === 0 ? `${plural(record.nodeCount)} fit` : steps.join(' -> ');
  const counterfactual = record.counterfactual === null || record.action === 'scale-out' || record.action === 'scale-in' ? '' : `. ${counterfactualText(record.counterfactual)}`;
  return `${chain}${counterfactual}`;
}

function stepText(link: ChainLink, record: DecisionRecord, first: boolean): string {
  if (link.stage !== 'guard') return `${first && link.code === 'rules' ? 'raw' : WORDS[link.code]} ${link.after}`;
  const numbers = Object.entries(link.numbers).map(([name, value]) => `${name} ${Math.round(value * 100) / 100}`);
  const detail = numbers.length === 0 ? '' : ` (${numbers.join(', ')})`;
  const held = link.after === record.nodeCount ? ': hold' : '';
  const until = link.untilMs === null ? '' : `, next in ${durationText(link.untilMs - record.atMs)}`;
  return `${WORDS[link.code]}${detail}${held}${until}`;
}

function counterfactualText({ metric, direction, value, threshold }: Counterfactual): string {
  return `Would ${direction === 'out' ? 'grow' : 'shrink'} at ${metric} ${direction === 'out' ? '>=' : '<='} ${valueText(metric, threshold)}, now ${valueText(metric, value)}`;
}

function valueText(metric: ScalingMetric, value: number): string {
  if (metric === 'cpu' || metric === 'memory' || metric === 'disk' || metric === 'network') return `${Math.round(value * 1_000) / 10} %`;
  return metric === 'latencyP99Ms' ? `${Math.round(value * 10) / 10} ms` : String(Math.round(value * 10) / 10);
}

function durationText(ms: number): string {
  if (ms < 90_000) return `${Math.max(0, Math.ceil(ms / 1_000))} s`;
  return ms < 5_400_000 ? `${Math.ceil(ms / 60_000)} min` : `${Math.ceil(ms / 3_600_000)} h`;
}

function plural(count: number): string {
  return `${count} node${count === 1 ? '' : 's'}`;
}
