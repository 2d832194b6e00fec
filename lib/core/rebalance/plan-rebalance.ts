import type { Actor } from '@/lib/contract/primitives';
import { PLAN_DEFAULTS, type BalancePicture, type Plan, type Refusal, type Risk } from '@/lib/contract/plan';
import { NO_CONSTRAINTS, type PlanOptions } from '@/lib/contract/plan-options';
import type { SafetyLines } from '@/lib/contract/settings';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { shardDemandOf } from '@/lib/core/load/shard-demand';
import { checkInput, type PlanningNumbers, type RebalanceRequest } from './check-input';
import { holdingsOfPlacement, imbalanceOfPlacement, stepsOf } from './explain';
import { objectivesOf } from './objectives/objectives';
import { frontierOf } from './outcome/frontier';
import { guardRailsOf } from './outcome/guard-rails';
import { proofOf } from './outcome/proof';
import { wavesOf } from './outcome/waves';
import { alternativesOf } from './outcome/alternatives';
import { Placement } from './placement';
import { planScope } from './plan-scopes';
import { beginPlanning, workMaxOf } from './planning';
import { risksOf } from './risks';
import { problemFromState } from './state-problem';
import type { Interruption } from './strategies/strategy';
import { verdict } from './verdict';

export interface RebalanceContext extends PlanningNumbers {
  readonly planId: string;
  /** Wall time of the request; also decides whether quarantine and maintenance are over. */
  readonly nowMs: number;
  readonly createdBy: Actor;
  readonly capabilities: { readonly transferPrimary: boolean };
  readonly search?: {
    /** Evaluations that a search may use; absent: by the size of the cluster. */
    readonly workMax?: number | undefined;
    /** Asked now and then: somebody canceled, or the guard on time struck. */
    readonly interruptedBy?: (() => Interruption | null) | undefined;
    /** Share of the work that is done, 0..1. */
    readonly onProgress?: ((share: number) => void) | undefined;
  } | undefined;
}

/**
 * The rebalancing decision: from a state and a wish, a plan whose every prefix is
 * feasible (P2, P3, P4) and has no higher score than the start, or one without steps
 * that says why.
 * Pure and deterministic: the same arguments give a byte-identical plan (P6), unless it
 * was interrupted, which the plan then says.
 *
 * The score is what the scope is after, 0 = reached: the largest relevant imbalance
 * (strategies load-based and round-robin), with ten times the worst overload on top
 * (optimal), the share of replicas and roles that are not where the ring puts them
 * (consistent-hashing), the share of the cluster's replicas and roles still on the nodes
 * to be emptied (evacuate), the share of the chosen shards still to be moved (shards).
 *
 * Never throws for bad input (P9): the verdict is then `invalid` and the refusals say
 * what is wrong. Moves in flight count as landed, and their shards are left alone.
 */
export function planRebalance(state: ClusterState, request: RebalanceRequest, given: RebalanceContext): Plan {
  const context: RebalanceContext = { ...given, safetyLines: linesOf(given.safetyLines, request) };
  const invalid = checkInput(state, request, context);
  if (invalid.length > 0) return invalidPlan(state, request, context, invalid);
  const evacuated = request.scope.kind === 'evacuate' ? request.scope.nodeIds : [];
  const problem = problemFromState(state, { nowMs: context.nowMs, safetyLines: context.safetyLines, evacuate: new Set(evacuated), constraints: request.constraints });
  const { transferPrimary } = context.capabilities;
  const planning = beginPlanning(problem, request, {
    transferPrimary,
    search: {
      workMax: context.search?.workMax ?? workMaxOf({ binCount: problem.binIds.length, itemCount: problem.itemRow.length }, request),
      interruptedBy: context.search?.interruptedBy ?? (() => null),
      onProgress: context.search?.onProgress ?? (() => undefined),
    },
  });
  const result = planScope(planning);
  const demand = shardDemandOf(state.shards);
  const start = new Placement(problem);
  const end = new Placement(problem);
  for (const change of result.changes) end.apply(change);
  end.rebuild();
  const steps = stepsOf(problem, result.changes, demand);
  const { bytesMoved: bytes } = end;
  const picture = (placement: Placement, score: number): BalancePicture => ({ imbalance: imbalanceOfPlacement(placement), score, holdings: holdingsOfPlacement(placement, demand) });
  const outcome = { problem, start, end, changes: result.changes, reclaims: result.reclaims, planning, scoreBefore: result.scoreBefore, scoreAfter: result.scoreAfter };
  return {
    ...headOf(state, request, context),
    steps,
    before: picture(start, result.scoreBefore),
    after: picture(end, result.scoreAfter),
    bytes,
    keyCount: steps.reduce((sum, step) => sum + (step.kind === 'move' ? step.keyCount ?? demand.keys.fill : 0), 0),
    estimatedSeconds: context.estimateSeconds({ bytes, moves: steps.length }),
    verdict: result.verdict({ steps, bytes }),
    refusals: planning.refusals.toArray(),
    risks: risksOf(state, problem, steps, result.zonesGivenUp),
    proof: proofOf(outcome),
    waves: wavesOf(outcome),
    frontier: frontierOf(outcome),
    guardRails: guardRailsOf(outcome),
    alternatives: alternativesOf(outcome),
  };
}

function linesOf(lines: SafetyLines, { safetyLines: overrides }: RebalanceRequest): SafetyLines {
  if (overrides === undefined) return lines;
  return { cpu: overrides.cpu ?? lines.cpu, memory: overrides.memory ?? lines.memory, disk: overrides.disk ?? lines.disk, network: overrides.network ?? lines.network };
}

type PlanHead = Pick<Plan, 'id' | 'clusterId' | 'createdAtMs' | 'expiresAtMs' | 'createdBy' | 'status' | 'strategy' | 'scope' | 'threshold' | 'seed' | 'revision' | 'epoch' | 'options'>;

function headOf(state: ClusterState, request: RebalanceRequest, context: RebalanceContext): PlanHead {
  return {
    id: context.planId,
    clusterId: state.clusterId,
    createdAtMs: Math.floor(context.nowMs),
    expiresAtMs: Math.floor(context.nowMs + context.expiresAfterMs),
    createdBy: context.createdBy,
    status: 'proposed',
    strategy: request.strategy,
    scope: request.scope,
    threshold: request.threshold,
    seed: request.seed,
    revision: state.revision,
    epoch: state.epoch,
    options: optionsOf(request),
  };
}

function optionsOf(request: RebalanceRequest): PlanOptions {
  const common = { constraints: request.constraints ?? NO_CONSTRAINTS, safetyLines: request.safetyLines ?? null };
  if (request.strategy !== 'optimal') return { preset: null, weights: {}, ...common };
  const { preset, weights } = objectivesOf({ ...request, evacuates: request.scope.kind === 'evacuate' });
  return { preset, weights, ...common };
}

/** A plan of nothing, with all that is wrong; numbers that could not be written down are left at 0. */
function invalidPlan(state: ClusterState, request: RebalanceRequest, context: RebalanceContext, refusals: readonly Refusal[]): Plan {
  const orZero = (value: number) => (value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : 0);
  const nothing: BalancePicture = {
    imbalance: { cpu: null, memory: null, disk: null, network: null, operations: null, data: null, shards: null, primaries: null }, score: 0, holdings: [],
  };
  const risks: Risk[] = [];
  const first = refusals[0]!.message;
  return {
    ...headOf(state, request, context),
    ...PLAN_DEFAULTS,
    createdAtMs: orZero(context.nowMs),
    expiresAtMs: orZero(context.nowMs + context.expiresAfterMs),
    threshold: request.threshold >= 0 && request.threshold <= 1 ? request.threshold : 0,
    seed: orZero(request.seed),
    steps: [],
    before: nothing,
    after: nothing,
    bytes: 0,
    keyCount: 0,
    estimatedSeconds: { low: 0, high: 0 },
    verdict: verdict('invalid', refusals.length === 1 ? first : `${first}; and ${refusals.length - 1} more`, { refusals: refusals.length }),
    refusals: [...refusals],
    risks,
  };
}
