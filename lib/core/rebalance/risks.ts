import type { EngineWarning } from '@/lib/contract/observation';
import type { PlanStep, Risk } from '@/lib/contract/plan';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import type { Problem } from './problem';

const RISKS_MAX = 100;

/** What could make the plan turn out otherwise than predicted; an empty plan has none. */
export function risksOf(state: ClusterState, problem: Problem, steps: readonly PlanStep[], zonesGivenUp: readonly number[]): Risk[] {
  if (steps.length === 0) return [];
  const { quality } = state.shards;
  const risks: Risk[] = [];
  const add = (code: Risk['code'], severity: Risk['severity'], message: string, at: { nodeId?: string | null; shardId?: number | null } = {}) =>
    risks.push({ code, severity, message, nodeId: at.nodeId ?? null, shardId: at.shardId ?? null });
  for (const shardId of zonesGivenUp) {
    add('zone-spread', 'warning', `Shard ${shardId} will have two replicas in one zone: no zone of its own has room`, { shardId });
  }
  if (problem.unknownSizeCount > 0) {
    add('unknown-size', 'warning', `The size of ${problem.unknownSizeCount} shards is unknown; they count as the mean of the others`);
  }
  if (quality.size === 'sampled') {
    add('estimated-values', 'notice', `Sizes are estimated from ${quality.sizeSampleCount} sampled keys`);
  }
  if (quality.load === 'estimated') add('estimated-values', 'notice', 'Loads are estimates: the engine does not measure them per shard');
  if (quality.load === 'unknown') add('estimated-values', 'notice', 'The engine does not tell the load of single shards');
  for (const nodeId of targetsWithoutLimit(state, steps)) {
    add('target-memory', 'warning', `The memory capacity of ${nodeId} is unknown: nothing tells beforehand whether it has room`, { nodeId });
  }
  for (const warning of state.warnings) {
    const code = codeOf(warning.code);
    if (code !== null) add(code, 'warning', warning.message.slice(0, 500), warning);
  }
  return risks.slice(0, RISKS_MAX);
}

function codeOf(code: EngineWarning['code']): Risk['code'] | null {
  return code === 'open-slot' || code === 'evicting-policy' ? code : null;
}

/** Receivers that keep data in memory (no disk is reported) and do not say how much they have. */
function targetsWithoutLimit(state: ClusterState, steps: readonly PlanStep[]): Set<string> {
  const targets = new Set(steps.flatMap((step) => (step.kind === 'move' ? [step.targetNodeId] : [])));
  return new Set([...targets].filter((nodeId) => {
    const node = state.nodes.get(nodeId);
    return node !== undefined && node.capacity.memory === null && node.capacity.disk === null;
  }));
}
