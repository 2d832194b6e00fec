/**
 * Plans whose moves are known before: the way back of an operation, and the data of one
 * node to another that stands in for it. Nothing is searched for; each wish is held
 * against the same constraints as any plan's step, in order, and one that does not hold
 * is a refusal and left out.
 */
import { PLAN_DEFAULTS, type BalancePicture, type MoveReason, type Plan, type PlannedScope, type Refusal, type Strategy } from '@/lib/contract/plan';
import type { Actor } from '@/lib/contract/primitives';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { shardDemandOf } from '@/lib/core/load/shard-demand';
import type { Change } from './change';
import { checkState, type PlanningNumbers } from './check-input';
import { mayPlace, mayTransfer, refusalOfPlacement } from './constraints/registry';
import { explainStay, mayLeave } from './constraints/source';
import { holdingsOfPlacement, imbalanceOfPlacement, stepsOf } from './explain';
import { Placement } from './placement';
import { isPrimaryItem } from './problem';
import { refusal, RefusalTally } from './refusals';
import { risksOf } from './risks';
import { problemFromState } from './state-problem';
import { verdict } from './verdict';

/** A replica that is to go from one node to another, or the primary role alone. */
export interface MoveWish {
  readonly kind: 'move' | 'transfer';
  readonly shardId: number;
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
}

export interface GivenMovesRequest {
  readonly scope: Extract<PlannedScope, { kind: 'reverse' | 'replace' }>;
  readonly wishes: readonly MoveWish[];
  /** Why wishes were left out before they came here. */
  readonly refusals: readonly Refusal[];
  /** Carried along for the record: nothing is searched for by it. */
  readonly strategy: Strategy;
  readonly threshold: number;
}

export interface GivenMovesContext extends PlanningNumbers {
  readonly planId: string;
  readonly createdBy: Actor;
  readonly capabilities: { readonly transferPrimary: boolean };
}

/** The score is the share of the wishes still to be done, so every prefix improves it. */
export function planGivenMoves(state: ClusterState, request: GivenMovesRequest, context: GivenMovesContext): Plan {
  const refusals = new RefusalTally();
  refusals.addAll(request.refusals);
  const broken = checkState(state, context.nowMs);
  refusals.addAll(broken);
  const evacuate = new Set(request.scope.kind === 'replace' ? [request.scope.nodeId] : []);
  const problem = problemFromState(state, { nowMs: context.nowMs, safetyLines: context.safetyLines, evacuate });
  const placement = new Placement(problem);
  const changes: Change[] = [];
  for (const wish of broken.length > 0 ? [] : request.wishes) {
    const change = changeOf(placement, wish, codeOf(request.scope.kind), context, refusals);
    if (change === null) continue;
    placement.apply(change);
    changes.push(change);
  }
  placement.rebuild();
  const demand = shardDemandOf(state.shards);
  const steps = stepsOf(problem, changes, demand);
  const bytes = changes.reduce((sum, { kind, group }) => sum + (kind === 'shift' ? problem.groupBytes[group]! : 0), 0);
  const wanted = Math.max(1, request.wishes.length);
  const picture = (at: Placement, left: number): BalancePicture => ({ imbalance: imbalanceOfPlacement(at), score: left / wanted, holdings: holdingsOfPlacement(at, demand) });
  return {
    ...PLAN_DEFAULTS,
    id: context.planId, clusterId: state.clusterId, createdAtMs: Math.floor(context.nowMs), expiresAtMs: Math.floor(context.nowMs + context.expiresAfterMs),
    createdBy: context.createdBy, status: 'proposed', strategy: request.strategy, scope: request.scope, threshold: request.threshold, seed: 0,
    revision: state.revision, epoch: state.epoch,
    steps,
    before: picture(new Placement(problem), request.wishes.length),
    after: picture(placement, request.wishes.length - steps.length),
    bytes,
    keyCount: steps.reduce((sum, step) => sum + (step.kind === 'move' ? step.keyCount ?? demand.keys.fill : 0), 0),
    estimatedSeconds: context.estimateSeconds({ bytes, moves: steps.length }),
    verdict: verdictOn(request, steps.length, refusals),
    refusals: refusals.toArray(),
    risks: risksOf(state, problem, steps, []),
  };
}

function codeOf(kind: GivenMovesRequest['scope']['kind']): MoveReason['code'] {
  return kind === 'reverse' ? 'reverses' : 'evacuates';
}

function verdictOn({ scope, wishes }: GivenMovesRequest, steps: number, refusals: RefusalTally): Plan['verdict'] {
  const numbers = { wished: wishes.length, steps, left: wishes.length - steps };
  const left = numbers.left === 0 ? '' : `, ${numbers.left} cannot: the refusals say why`;
  if (steps === 0) return verdict('nothing-feasible', refusals.toArray()[0]?.message ?? 'There is nothing left to move', numbers);
  return scope.kind === 'reverse'
    ? verdict('reverses', `${steps} of ${wishes.length} replicas and roles go back to where they came from${left}`, numbers)
    : verdict('replaces', `${steps} of ${wishes.length} replicas go from ${scope.nodeId} to ${scope.targetNodeId}${left}`, numbers);
}

/** The wish as a change of this placement; `null`, with a refusal, where it does not hold. */
function changeOf(placement: Placement, wish: MoveWish, code: MoveReason['code'], { capabilities }: GivenMovesContext, refusals: RefusalTally): Change | null {
  const { problem } = placement;
  const { shardId, sourceNodeId, targetNodeId } = wish;
  const refuse = (found: Refusal) => {
    refusals.add(`${found.constraint}/${found.nodeId ?? ''}`, () => found);
    return null;
  };
  const from = problem.binOfId.get(sourceNodeId);
  const to = problem.binOfId.get(targetNodeId);
  if (from === undefined || to === undefined) {
    const nodeId = from === undefined ? sourceNodeId : targetNodeId;
    return refuse(refusal('unknown-node', `${nodeId} is no longer a node that carries shards`, { nodeId, shardId }));
  }
  const item = shardId < problem.groupCount ? placement.itemOn(shardId, from) : -1;
  if (item < 0) return refuse(refusal('plan-superseded', `${sourceNodeId} does not hold shard ${shardId} any more: it has moved on`, { nodeId: sourceNodeId, shardId }));
  if (!mayLeave(placement, item)) return refuse(explainStay(placement, item));
  const ends = { group: shardId, from, to, code };
  if (wish.kind === 'transfer') {
    const secondary = placement.itemOn(shardId, to);
    if (!capabilities.transferPrimary || secondary < 0 || !isPrimaryItem(problem, item)) {
      return refuse(refusal('plan-superseded', `The primary role of shard ${shardId} cannot go from ${sourceNodeId} to ${targetNodeId}: they do not both hold it, or another is its primary`, { shardId, nodeId: targetNodeId }));
    }
    if (mayTransfer(placement, item, secondary)) return { kind: 'transfer', ...ends, dimension: 'primaries' };
    return refuse(problem.closedBecause[to] ?? refusal('capacity', `${targetNodeId} has no room for the load of shard ${shardId}`, { nodeId: targetNodeId, shardId }));
  }
  if (problem.open[to] === 1 && mayPlace(placement, item, to)) return { kind: 'shift', ...ends, dimension: 'shards' };
  return refuse(refusalOfPlacement(placement, item, to) ?? refusal('no-eligible-target', `${targetNodeId} cannot take shard ${shardId}`, { nodeId: targetNodeId, shardId }));
}
