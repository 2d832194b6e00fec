import type { Plan, PlanStep, Refusal } from '@/lib/contract/plan';
import type { SafetyLines } from '@/lib/contract/settings';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { atOnce, ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import { checkingState } from './check-input';
import { mayPlace, mayTransfer, refusalOfPlacement } from './constraints/registry';
import { explainStay, isReadable } from './constraints/source';
import { zoneSpread } from './constraints/zone-spread';
import { Placement, sumStartLevels } from './placement';
import { isPrimaryItem } from './problem';
import { refusal, RefusalTally } from './refusals';
import { problemInTurns } from './state-problem';

export interface ValidationContext {
  /** Wall time; decides expiry and whether quarantine and maintenance are over. */
  readonly nowMs: number;
  readonly safetyLines: SafetyLines;
  /** True once the plan has been approved or started: a plan that runs does not expire. */
  readonly ignoreExpiry?: boolean;
  /** Indexes of steps that are finished; with any, the plan counts as started. */
  readonly stepsDone?: ReadonlySet<number>;
}

/**
 * Is the plan still true? Walks the steps that remain over the state as it is now, in
 * order, under the same constraints that made them: every source still holds the shard in
 * its role, every target is still eligible and has room for all that the plan sends it.
 * The state may have moved on to later revisions as long as every step still holds; a
 * step that is already true, or in flight as planned, holds. Empty = run it.
 */
export function validatePlan(plan: Plan, state: ClusterState, context: ValidationContext): Refusal[] {
  return atOnce(validation(plan, state, context));
}

/** `validatePlan` as work with rests: over 100,000 steps it would hold everybody for half a second. */
export function* validation(plan: Plan, state: ClusterState, context: ValidationContext): Generator<void, Refusal[]> {
  const stepsDone = context.stepsDone ?? new Set<number>();
  const started = context.ignoreExpiry === true || stepsDone.size > 0;
  if (plan.clusterId !== state.clusterId) return [refusal('plan-superseded', `The plan was made for cluster ${plan.clusterId}`)];
  if (!started && context.nowMs > plan.expiresAtMs) {
    const lateMs = context.nowMs - plan.expiresAtMs;
    return [refusal('plan-expired', `The plan expired ${Math.ceil(lateMs / 1000)} s ago: make a new one`, { numbers: { lateMs } })];
  }
  const broken = yield* checkingState(state, context.nowMs);
  if (broken.length > 0) return broken;
  yield;
  const evacuate = new Set(plan.scope.kind === 'evacuate' ? plan.scope.nodeIds : plan.scope.kind === 'replace' ? [plan.scope.nodeId] : []);
  const problem = yield* problemInTurns(state, { ...context, evacuate, constraints: plan.options.constraints });
  yield* sumStartLevels(problem);
  const placement = new Placement(problem);
  const walk: Walk = { placement, evacuating: evacuate.size > 0, ownInFlight: ownInFlight(plan, state), refusals: new RefusalTally() };
  const reclaims = new Set(plan.waves.filter((wave) => wave.reclaims).map(({ fromStep }) => fromStep));
  for (const [index, step] of plan.steps.entries()) {
    if (index % ITEMS_PER_TURN === 0) yield;
    if (reclaims.has(index)) placement.reclaim();
    if (!stepsDone.has(index)) check(walk, step);
  }
  return walk.refusals.toArray();
}

interface Walk {
  readonly placement: Placement;
  readonly evacuating: boolean;
  readonly ownInFlight: ReadonlySet<number>;
  readonly refusals: RefusalTally;
}

/** Shards whose move in flight is one of the plan's own steps. */
function ownInFlight(plan: Plan, state: ClusterState): Set<number> {
  const keyOf = (shardId: number, source: string, target: string) => `${shardId}/${source}/${target}`;
  if (state.inFlight.length === 0) return new Set();
  const planned = new Set(plan.steps.map((step) => keyOf(step.shardId, step.sourceNodeId, step.targetNodeId)));
  return new Set(state.inFlight.filter((move) => planned.has(keyOf(move.shardId, move.sourceNodeId, move.targetNodeId))).map(({ shardId }) => shardId));
}

/** Refuses the step, or applies it so that the next is judged by what it leaves. */
function check(walk: Walk, step: PlanStep): void {
  const { placement, refusals } = walk;
  const { problem } = placement;
  const from = problem.binOfId.get(step.sourceNodeId);
  const to = problem.binOfId.get(step.targetNodeId);
  if (from === undefined || to === undefined || step.shardId >= problem.groupCount) {
    const nodeId = from === undefined ? step.sourceNodeId : step.targetNodeId;
    refusals.add(`gone/${nodeId}`, () => refusal('unknown-node', `${nodeId} is no longer a node that carries shards`, { nodeId, shardId: step.shardId }));
    return;
  }
  if (isDone(placement, step, from, to)) return;
  const found = refusalOfStep(walk, step, from, to);
  if (found !== null) refusals.add(`${found.constraint}/${found.nodeId ?? ''}`, () => found);
  else placement.apply({ kind: step.kind === 'move' ? 'shift' : 'transfer', group: step.shardId, from, to, code: step.reason.code, dimension: step.reason.dimension });
}

function isDone(placement: Placement, step: PlanStep, from: number, to: number): boolean {
  const onTarget = placement.itemOn(step.shardId, to);
  if (step.kind === 'move') return onTarget >= 0 && placement.itemOn(step.shardId, from) < 0;
  return onTarget >= 0 && isPrimaryItem(placement.problem, onTarget);
}

function refusalOfStep({ placement, evacuating, ownInFlight: own }: Walk, step: PlanStep, from: number, to: number): Refusal | null {
  const { problem } = placement;
  const item = placement.itemOn(step.shardId, from);
  const at = { nodeId: step.sourceNodeId, shardId: step.shardId };
  const role = step.kind === 'move' ? step.role : 'primary';
  if (item < 0) return refusal('plan-superseded', `${step.sourceNodeId} no longer holds shard ${step.shardId}`, at);
  if (isPrimaryItem(problem, item) !== (role === 'primary')) {
    return refusal('plan-superseded', `${step.sourceNodeId} is no longer the ${role} of shard ${step.shardId}`, at);
  }
  if (!isReadable(placement, item) || (problem.inFlight[step.shardId] === 1 && !own.has(step.shardId))) return explainStay(placement, item);
  if (step.kind === 'transfer') {
    const secondary = placement.itemOn(step.shardId, to);
    if (secondary < 0) return refusal('plan-superseded', `${step.targetNodeId} holds no replica of shard ${step.shardId} to hand the primary role to`, { ...at, nodeId: step.targetNodeId });
    if (mayTransfer(placement, item, secondary)) return null;
    return problem.closedBecause[to] ?? refusal('capacity', `${step.targetNodeId} has no room for the load of shard ${step.shardId}`, { ...at, nodeId: step.targetNodeId });
  }
  // A node that must be emptied may have had to crowd a zone; the plan said so as a risk.
  const allowed = problem.open[to] === 1 && mayPlace(placement, item, to, evacuating ? zoneSpread : undefined);
  return allowed ? null : refusalOfPlacement(placement, item, to);
}
