/**
 * How many nodes should there be? Target tracking on the mean utilization of each
 * resource: wanted = ceil(n * utilization / target), the largest over resources, inside
 * the bounds. A recommendation only: capacity of a sharded store arrives with its data,
 * so acting on it belongs to the policies with their guards (DESIGN S1-S8).
 */
import { utilizationOf, RESOURCES, type Resource } from '@/lib/contract/resources';
import type { Imbalance } from '@/lib/contract/imbalance';
import type { ScalingDecision } from '@/lib/contract/scaling';
import type { ScalingSettings } from '@/lib/contract/settings';
import type { Node } from '@/lib/contract/node';
import { isLeader, type ClusterState } from '../cluster/cluster-state';

export interface ScalingContext {
  readonly nowMs: number;
  readonly settings: ScalingSettings;
  readonly imbalance: Imbalance;
  readonly imbalanceThreshold: number;
  readonly stale: boolean;
  readonly frozen: boolean;
  readonly operationRunning: boolean;
}

type Condition = ScalingDecision['conditions'][number];
/** Scale-in is recommended only when the smaller cluster would still sit this far below its targets. */
const SCALE_IN_MARGIN = 0.85;

export function decideScaling(state: ClusterState, context: ScalingContext): ScalingDecision {
  const leaders = [...state.nodes.values()].filter((node) => isLeader(node) && (node.lifecycle === 'active' || node.lifecycle === 'joining'));
  const nodeCount = leaders.length;
  const conditions = RESOURCES.map((resource) => conditionOf(resource, leaders, context.settings));
  const known = conditions.filter((condition): condition is Condition & { nodeCountWanted: number } => condition.nodeCountWanted !== null);
  const wanted = known.length === 0 ? nodeCount : Math.max(1, ...known.map((condition) => condition.nodeCountWanted));
  const base = { atMs: context.nowMs, nodeCount, nodeCountRecommended: wanted, conditions };
  const hold = (boundBy: ScalingDecision['boundBy'], message: string): ScalingDecision => ({ ...base, action: 'hold', nodeCountDecided: nodeCount, boundBy, message });

  if (context.settings.mode === 'off') return hold('off', 'Scaling is switched off');
  if (context.stale) return hold('stale-observation', 'The picture is stale; nothing is decided on it');
  if (known.length === 0) return hold('unknown-metrics', 'No resource is known well enough to decide');
  if (wanted === nodeCount) return hold('within-target', withinText(known));
  return wanted > nodeCount ? scaleOut(base, known, context) : scaleIn(base, leaders, conditions, context, hold);
}

type Base = Pick<ScalingDecision, 'atMs' | 'nodeCount' | 'nodeCountRecommended' | 'conditions'>;

function scaleOut(base: Base, known: readonly (Condition & { nodeCountWanted: number })[], context: ScalingContext): ScalingDecision {
  const binding = [...known].sort((a, b) => b.nodeCountWanted - a.nodeCountWanted)[0]!;
  const decided = Math.min(base.nodeCountRecommended, context.settings.nodeCountMax);
  const skew = context.imbalance[binding.resource] ?? 0;
  if (skew > context.imbalanceThreshold && (binding.utilization ?? 0) * (1 + skew) > 1 && (binding.utilization ?? 0) < binding.target) {
    return { ...base, action: 'rebalance', nodeCountDecided: base.nodeCount, boundBy: 'skew', message: `${binding.resource} is uneven by ${skew.toFixed(2)}: rebalance before adding nodes` };
  }
  if (decided <= base.nodeCount) {
    return { ...base, action: 'hold', nodeCountDecided: base.nodeCount, boundBy: 'maximum', message: `${base.nodeCountRecommended} nodes wanted for ${binding.resource}, the maximum is ${context.settings.nodeCountMax}` };
  }
  return { ...base, action: 'scale-out', nodeCountDecided: decided, boundBy: decided < base.nodeCountRecommended ? 'maximum' : 'target-utilization',
    message: `${binding.resource} at ${percent(binding.utilization ?? 0)} of a target of ${percent(binding.target)}: ${decided} nodes instead of ${base.nodeCount}` };
}

/** S2, S6: nothing shrinks while anything is unhealthy, moving, frozen or unknown. */
function scaleIn(base: Base, leaders: readonly Node[], conditions: readonly Condition[], context: ScalingContext, hold: (boundBy: ScalingDecision['boundBy'], message: string) => ScalingDecision): ScalingDecision {
  const unknown = conditions.filter((condition) => condition.utilization === null);
  const memoryUnknown = unknown.some((condition) => condition.resource === 'memory' || condition.resource === 'cpu');
  if (memoryUnknown) return hold('unknown-metrics', `${unknown.map((condition) => condition.resource).join(', ')} unknown: unknown never allows a scale-in`);
  if (leaders.some((node) => node.liveness !== 'alive')) return hold('unhealthy', 'Not every node is alive');
  if (context.frozen) return hold('frozen', 'Automation is frozen');
  if (context.operationRunning) return hold('operation-running', 'An operation is running');
  const smallest = smallestSafe(base.nodeCount, base.nodeCountRecommended, conditions);
  const decided = Math.max(smallest, context.settings.nodeCountMin);
  if (decided >= base.nodeCount) {
    const boundBy = smallest >= base.nodeCount ? 'within-target' : 'minimum';
    return hold(boundBy, boundBy === 'minimum' ? `The minimum is ${context.settings.nodeCountMin} nodes` : 'A smaller cluster would sit too close to its targets');
  }
  return { ...base, action: 'scale-in', nodeCountDecided: decided, boundBy: 'target-utilization',
    message: `${decided === 1 ? '1 node' : `${decided} nodes`} would still keep every resource ${percent(1 - SCALE_IN_MARGIN)} below its target; ${base.nodeCount} run` };
}

function smallestSafe(nodeCount: number, wanted: number, conditions: readonly Condition[]): number {
  for (let count = wanted; count < nodeCount; count += 1) {
    const safe = conditions.every((condition) => condition.utilization === null || (condition.utilization * nodeCount) / count <= condition.target * SCALE_IN_MARGIN);
    if (safe) return count;
  }
  return nodeCount;
}

function conditionOf(resource: Resource, leaders: readonly Node[], settings: ScalingSettings): Condition {
  const target = settings.targetUtilization[resource];
  const values = leaders.map((node) => utilizationOf(node)[resource]).filter((value) => value !== null);
  if (values.length === 0 || values.length < leaders.length * 0.8) return { resource, utilization: null, target, nodeCountWanted: null };
  const utilization = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { resource, utilization, target, nodeCountWanted: Math.ceil((leaders.length * utilization) / target - 1e-9) };
}

function withinText(known: readonly Condition[]): string {
  const closest = [...known].sort((a, b) => (b.utilization ?? 0) / b.target - (a.utilization ?? 0) / a.target)[0]!;
  return `Closest to its target is ${closest.resource}: ${percent(closest.utilization ?? 0)} of ${percent(closest.target)}`;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
