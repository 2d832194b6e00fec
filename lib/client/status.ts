import type { ClusterSummary } from '@/lib/contract/cluster';
import type { DomainEvent } from '@/lib/contract/events';
import type { Lifecycle, Liveness, Node } from '@/lib/contract/node';
import type { ExecutionStatus, MoveStatus, Stage } from '@/lib/contract/operation';

/** What a status means to the eye. A tone always comes with its word and icon. */
export type Tone = 'ok' | 'busy' | 'notice' | 'warning' | 'critical' | 'unknown' | 'neutral';

export interface StatusWords {
  readonly tone: Tone;
  readonly label: string;
}

const HEALTH: Record<ClusterSummary['health']['status'], StatusWords> = {
  healthy: { tone: 'ok', label: 'Healthy' },
  degraded: { tone: 'warning', label: 'Degraded' },
  critical: { tone: 'critical', label: 'Critical' },
  unknown: { tone: 'unknown', label: 'Unknown' },
};

const LIVENESS: Record<Liveness, StatusWords> = {
  alive: { tone: 'ok', label: 'Alive' },
  suspect: { tone: 'warning', label: 'Suspect' },
  unreachable: { tone: 'critical', label: 'Unreachable' },
  dead: { tone: 'critical', label: 'Dead' },
};

const LIFECYCLE: Record<Lifecycle, StatusWords> = {
  joining: { tone: 'busy', label: 'Joining' },
  active: { tone: 'ok', label: 'Active' },
  draining: { tone: 'busy', label: 'Draining' },
  drained: { tone: 'notice', label: 'Drained' },
  decommissioning: { tone: 'busy', label: 'Decommissioning' },
  decommissioned: { tone: 'neutral', label: 'Decommissioned' },
};

const EXECUTION: Record<ExecutionStatus, StatusWords> = {
  pending: { tone: 'neutral', label: 'Queued' },
  running: { tone: 'busy', label: 'Running' },
  pausing: { tone: 'notice', label: 'Pausing' },
  paused: { tone: 'warning', label: 'Paused' },
  canceling: { tone: 'notice', label: 'Stopping' },
  canceled: { tone: 'neutral', label: 'Canceled' },
  succeeded: { tone: 'ok', label: 'Succeeded' },
  failed: { tone: 'critical', label: 'Failed' },
  expired: { tone: 'neutral', label: 'Expired' },
  superseded: { tone: 'neutral', label: 'Superseded' },
};

const MOVE: Record<MoveStatus, StatusWords> = {
  pending: { tone: 'neutral', label: 'Pending' },
  copying: { tone: 'busy', label: 'Copying' },
  verifying: { tone: 'busy', label: 'Verifying' },
  committing: { tone: 'busy', label: 'Committing' },
  done: { tone: 'ok', label: 'Done' },
  failed: { tone: 'critical', label: 'Failed' },
  reverted: { tone: 'notice', label: 'Reverted' },
};

const STAGE: Record<Stage['status'], StatusWords> = {
  pending: { tone: 'neutral', label: 'Pending' },
  running: { tone: 'busy', label: 'Running' },
  done: { tone: 'ok', label: 'Done' },
  failed: { tone: 'critical', label: 'Failed' },
  compensated: { tone: 'notice', label: 'Undone' },
  skipped: { tone: 'neutral', label: 'Skipped' },
};

const SEVERITY: Record<DomainEvent['severity'], StatusWords> = {
  info: { tone: 'neutral', label: 'Info' },
  notice: { tone: 'notice', label: 'Notice' },
  warning: { tone: 'warning', label: 'Warning' },
  critical: { tone: 'critical', label: 'Critical' },
};

export const healthWords = (status: ClusterSummary['health']['status']): StatusWords => HEALTH[status];
export const livenessWords = (liveness: Liveness): StatusWords => LIVENESS[liveness];
export const lifecycleWords = (lifecycle: Lifecycle): StatusWords => LIFECYCLE[lifecycle];
export const executionWords = (status: ExecutionStatus): StatusWords => EXECUTION[status];
export const moveWords = (status: MoveStatus): StatusWords => MOVE[status];
export const stageWords = (status: Stage['status']): StatusWords => STAGE[status];
export const severityWords = (severity: DomainEvent['severity']): StatusWords => SEVERITY[severity];

/** One word for a node: what is wrong before what is wanted before what is normal. */
export function nodeWords(node: Node, nowMs: number): StatusWords {
  if (node.maintenanceUntilMs !== null && node.maintenanceUntilMs > nowMs) return { tone: 'notice', label: 'Maintenance' };
  if (node.liveness !== 'alive') return LIVENESS[node.liveness];
  if (node.quarantinedUntilMs !== null && node.quarantinedUntilMs > nowMs) return { tone: 'warning', label: 'Quarantined' };
  if (node.lifecycle !== 'active') return LIFECYCLE[node.lifecycle];
  if (node.cordoned) return { tone: 'notice', label: 'Cordoned' };
  return LIFECYCLE.active;
}
