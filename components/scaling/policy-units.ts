/** In which unit the form shows a number of a policy, by its path. */
import { UTILIZATION_METRICS } from '@/lib/contract/scaling-rules';
import { textAt, type PolicyDraft } from './policy-draft';

export interface FieldUnit {
  /** One of the form is so many of the document. */
  readonly scale: number;
  readonly suffix: string;
  readonly print: (value: number) => string;
}

const PERCENT = unit(0.01, ' %');
const SECONDS = unit(1_000, ' s');
const MINUTES = unit(60_000, ' min');
const HOURS = unit(3_600_000, ' h');
const PLAIN = unit(1, '');

/** Shares of something, wherever they stand. */
const SHARES = new Set(['outTolerance', 'inTolerance', 'distance', 'quantile', 'coverageMin']);
/** In the unit of the rule's metric. */
const OF_METRIC = new Set(['target', 'above', 'below', 'line']);
const IN_HOURS = new Set(['paybackMs', 'trendMs']);

function unit(scale: number, suffix: string): FieldUnit {
  return { scale, suffix, print: (value) => `${toForm(value, scale).toLocaleString('en-US')}${suffix}` };
}

/** Without the dust of binary fractions: 0.7 is 70 % and not 70.00000000000001 %. */
export function toForm(value: number, scale: number): number {
  return Number((value / scale).toPrecision(10));
}

export function fromForm(value: number, scale: number): number {
  return Number((value * scale).toPrecision(10));
}

export function unitOf(path: readonly string[], draft: PolicyDraft): FieldUnit {
  const leaf = path.at(-1) ?? '';
  if (path[0] === 'lines' || SHARES.has(leaf)) return PERCENT;
  if (path[0] === 'rules' && OF_METRIC.has(leaf)) return unitOfMetric(metricOfRule(draft, Number(path[1])));
  if (leaf === 'percent') return unit(1, ' %');
  if (leaf === 'intervalMs') return SECONDS;
  if (IN_HOURS.has(leaf) || (path[0] === 'rules' && leaf === 'horizonMs')) return HOURS;
  return leaf.endsWith('Ms') && leaf !== 'fromMs' && leaf !== 'toMs' ? MINUTES : PLAIN;
}

export function metricOfRule(draft: PolicyDraft, index: number): string {
  return textAt(draft, ['rules', index, 'kind']) === 'disk-projection' ? 'disk' : textAt(draft, ['rules', index, 'metric']);
}

export function unitOfMetric(metric: string): FieldUnit {
  if (isUtilization(metric)) return PERCENT;
  if (metric === 'latencyP99Ms') return unit(1, ' ms');
  return metric === 'connections' ? PLAIN : unit(1, ' /s');
}

export function isUtilization(metric: string): boolean {
  return UTILIZATION_METRICS.some((known) => known === metric);
}
