import { formatByteRate, formatBytes, formatCores, formatDuration } from '@/lib/client/format';
import type { Node } from '@/lib/contract/node';
import type { Resource } from '@/lib/contract/resources';
import { assertNever } from '@/lib/platform/assert';

/** What a node's values may be late by on their way here, on top of two observation intervals. */
const DELIVERY_MS = 1_000;

/** Age of a node's values; `null` when they were never read. */
export function ageOf(node: Pick<Node, 'observedAtMs'>, nowMs: number): number | null {
  return node.observedAtMs === null ? null : Math.max(0, nowMs - node.observedAtMs);
}

export interface StaleRule {
  /** The cluster's last complete observation. A node is late against the others; when the whole picture is old, the panel around it says so. */
  readonly observedAtMs: number | null;
  readonly observationIntervalMs: number;
}

/** Two intervals behind the cluster's last observation, or never read: shown hatched and with its age. */
export function isNodeStale(node: Pick<Node, 'observedAtMs'>, { observedAtMs, observationIntervalMs }: StaleRule): boolean {
  if (node.observedAtMs === null) return true;
  return observedAtMs !== null && observedAtMs - node.observedAtMs > 2 * observationIntervalMs + DELIVERY_MS;
}

/** Why the node has its liveness, with the rule's numbers. */
export function livenessSentence({ code, silentMs, limitMs }: Node['livenessReason']): string {
  const silent = formatDuration(silentMs);
  const limit = formatDuration(limitMs);
  switch (code) {
    case 'answering': return limitMs > 0 ? `Answers; called suspect after ${limit} of silence` : 'Answers';
    case 'first-seen': return 'Seen for the first time and not yet asked twice';
    case 'beats-missed': return `Silent for ${silent}, more than the ${limit} that make a node suspect`;
    case 'silent-and-probe-failed': return `Silent for ${silent} (limit ${limit}) and a direct probe failed too`;
    case 'silent-past-death-timeout': return `Silent for ${silent}, past the ${limit} after which a node counts as dead`;
    case 'engine-reports-failure': return `The other nodes report it as failed; silent for ${silent}`;
    case 'slow-answer': return `Its last answer is ${silent} old; suspect after ${limit}`;
    case 'only-probe-answers': return `No heartbeat for ${silent} (limit ${limit}), but it answers when asked directly`;
    case 'manager-was-late': return 'The manager itself stood still: nothing is held against the node meanwhile';
    case 'nobody-answers': return `Silent for ${silent}, but no other node answers either: the fault may be on the manager's side, so nobody is called dead`;
    case 'death-withheld': return `Silent for ${silent}, past the ${limit} after which a node counts as dead; too many at once, so it is not called dead before a human has looked`;
    case 'in-maintenance': return `Silent for ${silent}; it is in maintenance, so that is expected`;
    default: return assertNever(code);
  }
}

export const RESOURCE_LABELS: Readonly<Record<Resource, string>> = { cpu: 'CPU', memory: 'Memory', disk: 'Disk', network: 'Network' };

/** "3.2 GiB of 8 GiB"; unknown parts say so. */
export function usageWords(node: Pick<Node, 'usage' | 'capacity'>, resource: Resource): string {
  const format = resource === 'cpu' ? formatCores : resource === 'network' ? formatByteRate : formatBytes;
  return `${format(node.usage[resource])} of ${format(node.capacity[resource])}`;
}
