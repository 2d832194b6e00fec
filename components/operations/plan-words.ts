/** The words of plans: strategies, scopes and reasons, the same wherever a plan is shown. */
import { formatByteRate, formatBytes, formatCores, formatCount, formatRate, plural } from '@/lib/client/format';
import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { MoveReason, PlannedScope, PlanStep, Strategy } from '@/lib/contract/plan';

export const STRATEGY_WORDS: Readonly<Record<Strategy, { readonly label: string; readonly about: string }>> = {
  'load-based': { label: 'Load based', about: 'Evens what nodes carry: cpu, operations and data, heaviest first, with the fewest bytes moved.' },
  'round-robin': { label: 'Round robin', about: 'Evens the number of shards per node, moving as few as possible from where they are.' },
  'consistent-hashing': { label: 'Consistent hashing', about: 'Places shards on a hash ring weighted by capacity; no node above its share by more than a bound.' },
  optimal: { label: 'Optimal', about: 'Searches for the best placement by weighted objectives, shows how far from the best possible it is, and moves no more than that is worth.' },
};

export const DIMENSION_WORDS: Readonly<Record<BalanceDimension, string>> = {
  cpu: 'CPU', memory: 'Memory', disk: 'Disk', network: 'Network', operations: 'Operations', data: 'Data', shards: 'Shards', primaries: 'Primaries',
};

export function scopeWords(scope: PlannedScope, nameOf: (nodeId: string) => string): string {
  switch (scope.kind) {
    case 'cluster': return 'whole cluster';
    case 'evacuate': return `empty ${scope.nodeIds.map(nameOf).join(', ')}`;
    case 'shards': return `${plural(scope.shardIds.length, 'chosen shard')}${scope.targetNodeId === null ? '' : ` to ${nameOf(scope.targetNodeId)}`}`;
    case 'reverse': return 'back to where an operation took it from';
    case 'replace': return `from ${nameOf(scope.nodeId)} to ${nameOf(scope.targetNodeId)}`;
  }
}

export function stepWords(step: PlanStep): string {
  if (step.kind === 'transfer') return 'primary role';
  return step.role === 'primary' ? 'primary and its data' : 'secondary';
}

/** A reason tells what its node holds of the dimension, in the dimension's own unit. */
const PRINTERS: Readonly<Record<BalanceDimension, (value: number | null) => string>> = {
  cpu: formatCores, memory: formatBytes, disk: formatBytes, data: formatBytes, network: formatByteRate,
  operations: (value) => formatRate(value, 'ops'), shards: formatCount, primaries: formatCount,
};

const REASONS: Readonly<Record<MoveReason['code'], string>> = {
  'evens-load': 'evens',
  'evens-count': 'evens the count of',
  'follows-ring': 'follows the ring; ',
  'bounds-ring-load': 'keeps the ring’s bound on',
  'evacuates': 'empties the source; ',
  'relieves-overload': 'relieves an overload of',
  'repairs-constraint': 'mends a broken rule; ',
  'selected-by-operator': 'chosen by you; ',
  'makes-room': 'makes room; ',
  'reverses': 'takes an earlier move back; ',
};

/** "evens cpu: source 3.7 cores to 3.6 cores, target 2.6 cores to 2.7 cores". */
export function reasonWords(reason: MoveReason): string {
  const print = PRINTERS[reason.dimension];
  return `${REASONS[reason.code]} ${DIMENSION_WORDS[reason.dimension].toLowerCase()}: source ${print(reason.sourceBefore)} to ${print(reason.sourceAfter)}, target ${print(reason.targetBefore)} to ${print(reason.targetAfter)}`.replace(';  ', '; ');
}
