/** The words of the policy form. */
import type { ScalingMetric } from '@/lib/contract/scaling-rules';
import { SCALING_METRICS } from '@/lib/contract/scaling-rules';
import type { Choice } from './policy-inputs';

export const METRIC_WORDS: Readonly<Record<ScalingMetric, string>> = {
  cpu: 'CPU', memory: 'Memory', disk: 'Disk', network: 'Network', queriesPerSecond: 'Queries/s per node', transactionsPerSecond: 'Transactions/s per node', connections: 'Connections per node', latencyP99Ms: 'Latency p99',
};

export const METRIC_CHOICES: readonly Choice[] = SCALING_METRICS.map((value) => ({ value, label: METRIC_WORDS[value] }));

export const AGGREGATE_WORDS = { mean: 'Mean', max: 'Highest node', p90: '90th percentile' } as const;
export const AGGREGATE_CHOICES: readonly Choice[] = Object.entries(AGGREGATE_WORDS).map(([value, label]) => ({ value, label }));

export const RULE_WORDS = {
  'target': 'Target tracking',
  'threshold': 'Threshold and duration',
  'steps': 'Steps by distance',
  'disk-projection': 'Disks that will be full',
} as const;

/** The modes of an active policy. */
export const MODES = [
  { value: 'off', label: 'Off', about: 'Nothing is evaluated.' },
  { value: 'manual', label: 'Manual', about: 'Recommends; a person acts.' },
  { value: 'scheduled', label: 'Scheduled', about: 'Follows its schedules; the rules only advise.' },
  { value: 'automatic', label: 'Automatic', about: 'Acts by itself, with the approvals it asks for.' },
] as const;

export const DAY_NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
