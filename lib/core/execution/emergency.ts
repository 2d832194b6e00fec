import type { PlanStep } from '@/lib/contract/plan';
import { utilizationOf } from '@/lib/contract/resources';
import type { SafetyLines } from '@/lib/contract/settings';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';

/**
 * What is at stake when this does not run at once; `null` when it can wait its turn. Two
 * things cannot: emptying a node that fails, and relieving one whose data has passed its
 * line (disk; memory where no disk is reported, as with engines that hold data in memory).
 */
export function emergencyOf(state: ClusterState, work: { readonly emptied: readonly string[]; readonly steps: readonly PlanStep[] }, lines: SafetyLines, nowMs: number): string | null {
  for (const nodeId of work.emptied) {
    const node = state.nodes.get(nodeId);
    if (node === undefined) continue;
    if (node.liveness !== 'alive') return `${node.name} is ${node.liveness}: it is emptied while it still can be read`;
    if (node.quarantinedUntilMs !== null && node.quarantinedUntilMs > nowMs) return `${node.name} is in quarantine: it keeps coming and going`;
  }
  for (const nodeId of new Set(work.steps.flatMap((step) => (step.kind === 'move' ? [step.sourceNodeId] : [])))) {
    const node = state.nodes.get(nodeId);
    if (node === undefined) continue;
    const resource = node.capacity.disk === null ? 'memory' : 'disk';
    const used = utilizationOf(node)[resource];
    if (used !== null && used > lines[resource]) return `${node.name} uses ${Math.round(used * 100)} % of its ${resource}, over its line of ${Math.round(lines[resource] * 100)} %`;
  }
  return null;
}
