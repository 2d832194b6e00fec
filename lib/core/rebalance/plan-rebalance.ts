import type { Actor } from '@/lib/contract/primitives';
import { PLAN_DEFAULTS, type BalancePicture, type Plan, type PlanStep, type PlanVerdict, type Refusal, type Risk } from '@/lib/contract/plan';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { shardDemandOf } from '@/lib/core/load/shard-demand';
import { assertNever } from '@/lib/platform/assert';
import { BalanceModel, type ObjectiveTerm } from './balance-model';
import type { Change } from './change';
import { checkInput, type PlanningNumbers, type RebalanceRequest } from './check-input';
import { coalesced } from './coalesce';
import { evacuate, type TargetGuide } from './evacuate';
import { holdingsOfPlacement, imbalanceOfPlacement, stepsOf } from './explain';
import { moveSelected } from './move-selected';
import { Placement } from './placement';
import type { Problem } from './problem';
import { RefusalTally } from './refusals';
import { risksOf } from './risks';
import { problemFromState } from './state-problem';
import { strategyOf } from './strategies/registry';
import type { PlanningRun } from './strategies/strategy';
import { tallyStuck } from './stuck';
import { indivisibleItem, verdict, verdictOnSearch, verdictOnStart, worstDimensionOf } from './verdict';

export interface RebalanceContext extends PlanningNumbers {
  readonly planId: string;
  /** Wall time of the request; also decides whether quarantine and maintenance are over. */
  readonly nowMs: number;
  readonly createdBy: Actor;
  readonly capabilities: { readonly transferPrimary: boolean };
}

/** What a scope brings to the plan besides its changes. */
interface ScopeResult {
  readonly scoreBefore: number;
  readonly scoreAfter: number;
  readonly changes: readonly Change[];
  readonly zonesGivenUp: readonly number[];
  readonly verdict: (made: { readonly steps: readonly PlanStep[]; readonly bytes: number }) => PlanVerdict;
}

interface Planning extends TargetGuide {
  readonly run: PlanningRun;
  readonly changes: readonly Change[];
  readonly objective: readonly ObjectiveTerm[];
  readonly refusals: RefusalTally;
  readonly request: RebalanceRequest;
}

/**
 * The rebalancing decision: from a state and a wish, a plan whose every prefix is
 * feasible (P2, P3, P4) and has no higher score than the start, or one without steps
 * that says why.
 * Pure and deterministic: the same arguments give a byte-identical plan (P6).
 *
 * The score is what the scope is after, 0 = reached: the largest relevant imbalance
 * (strategies load-based and round-robin), the share of replicas and roles that are not
 * where the ring puts them (consistent-hashing), the share of the cluster's replicas and
 * roles still on the nodes to be emptied (evacuate), the share of the chosen shards
 * still to be moved (shards).
 *
 * Never throws for bad input (P9): the verdict is then `invalid` and the refusals say
 * what is wrong. Moves in flight count as landed, and their shards are left alone.
 */
export function planRebalance(state: ClusterState, request: RebalanceRequest, context: RebalanceContext): Plan {
  const invalid = checkInput(state, request, context);
  if (invalid.length > 0) return invalidPlan(state, request, context, invalid);
  const evacuated = request.scope.kind === 'evacuate' ? request.scope.nodeIds : [];
  const problem = problemFromState(state, { nowMs: context.nowMs, safetyLines: context.safetyLines, evacuate: new Set(evacuated) });
  const planning = beginPlanning(problem, request, context);
  const result = planScope(planning);
  const demand = shardDemandOf(state.shards);
  const end = new Placement(problem);
  for (const change of result.changes) end.apply(change);
  end.rebuild();
  const start = new Placement(problem);
  const steps = stepsOf(problem, result.changes, demand);
  const moved = result.changes.filter(({ kind }) => kind === 'shift');
  const bytes = moved.reduce((sum, { group }) => sum + problem.groupBytes[group]!, 0);
  const picture = (placement: Placement, score: number): BalancePicture => ({ imbalance: imbalanceOfPlacement(placement), score, holdings: holdingsOfPlacement(placement, demand) });
  return {
    ...PLAN_DEFAULTS,
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
  };
}

function beginPlanning(problem: Problem, request: RebalanceRequest, context: RebalanceContext): Planning {
  const changes: Change[] = [];
  const placement = new Placement(problem);
  const run: PlanningRun = {
    problem,
    placement,
    threshold: request.threshold,
    seed: request.seed,
    transferPrimary: context.capabilities.transferPrimary,
    commit: (change) => {
      placement.apply(change);
      changes.push(change);
    },
  };
  const definition = strategyOf(request.strategy);
  return { run, changes, strategy: definition.begin(run), objective: definition.objective(problem, context.capabilities), refusals: new RefusalTally(), request };
}

function planScope(planning: Planning): ScopeResult {
  const { scope } = planning.request;
  switch (scope.kind) {
    case 'cluster': return planCluster(planning);
    case 'evacuate': return planEvacuation(planning);
    case 'shards': return planSelection(planning, scope.shardIds, scope.targetNodeId);
    default: return assertNever(scope);
  }
}

function planCluster(planning: Planning): ScopeResult {
  const { run, objective, strategy, request, refusals } = planning;
  const { problem, placement } = run;
  const scoreOf = strategy.score ?? (() => {
    placement.rebuild();
    return new BalanceModel(placement, objective).score();
  });
  const scoreBefore = scoreOf();
  const before = worstDimensionOf(placement, objective);
  const early = verdictOnStart(placement, objective, request.threshold);
  if (early?.code !== 'already-balanced') refusals.addAll(problem.closedBecause.filter((reason) => reason !== null));
  if (early !== null) return { scoreBefore, scoreAfter: scoreBefore, changes: [], zonesGivenUp: [], verdict: () => early };
  strategy.propose();
  const scoreAfter = scoreOf();
  const after = worstDimensionOf(placement, objective);
  const changes = strategy.score === undefined ? coalesced({ problem, changes: planning.changes, objective, transferPrimary: run.transferPrimary }) : planning.changes;
  const turnedDown = after === null || after.imbalance <= request.threshold ? 0 : tallyStuck(run, objective, refusals);
  return {
    scoreBefore,
    scoreAfter,
    changes,
    zonesGivenUp: [],
    verdict: ({ steps, bytes }) => verdictOnSearch({
      strategy: request.strategy, threshold: request.threshold, stepCount: steps.length, bytes, before, after, scoreAfter,
      refused: turnedDown > 0,
      indivisible: after === null || after.imbalance <= request.threshold ? null : indivisibleItem(placement, objective, request.threshold),
    }),
  };
}

function planEvacuation(planning: Planning): ScopeResult {
  const { run, changes, refusals } = planning;
  const { problem, placement } = run;
  const scoreBefore = shareEvacuating(placement);
  const { zonesGivenUp } = evacuate(planning, refusals);
  const scoreAfter = shareEvacuating(placement);
  const left = evacuatingItems(placement);
  const nodes = problem.evacuating.reduce((count, each) => count + each, 0);
  return {
    scoreBefore,
    scoreAfter,
    changes,
    zonesGivenUp,
    verdict: ({ steps, bytes }) => {
      const numbers = { nodes, steps: steps.length, bytes, replicasLeft: left };
      const what = nodes === 1 ? 'The node' : `The ${nodes} nodes`;
      if (left > 0) return verdict('cannot-evacuate', `${what} cannot be emptied: ${left} replicas find no place elsewhere. The steps move what can be moved; the refusals name the shards and what is in their way`, numbers);
      if (steps.length === 0) return verdict('evacuates', `${what} ${nodes === 1 ? 'holds' : 'hold'} nothing already`, numbers);
      return verdict('evacuates', `${steps.length} steps leave ${nodes === 1 ? 'the node' : 'the nodes'} empty`, numbers);
    },
  };
}

function planSelection(planning: Planning, shardIds: readonly number[], targetNodeId: string | null): ScopeResult {
  const { run, changes, refusals } = planning;
  const target = targetNodeId === null ? null : run.problem.binOfId.get(targetNodeId) ?? null;
  const chosen = new Set(shardIds).size;
  const refused = moveSelected(planning, shardIds, target, refusals);
  const straight = coalesced({ problem: run.problem, changes, objective: [], transferPrimary: run.transferPrimary });
  return {
    scoreBefore: (straight.length + refused) / chosen,
    scoreAfter: refused / chosen,
    changes: straight,
    zonesGivenUp: [],
    verdict: ({ steps, bytes }) => {
      const numbers = { chosen, steps: steps.length, refused, bytes };
      if (steps.length > 0) return verdict('improves', `${steps.length} of ${chosen} chosen shards move${refused > 0 ? `, ${refused} cannot` : ''}`, numbers);
      if (refused > 0) return verdict('nothing-feasible', `None of the ${chosen} chosen shards can be moved: the refusals say why`, numbers);
      return verdict('already-balanced', `The chosen shards are where they should be: nothing is to be moved`, numbers);
    },
  };
}

function evacuatingItems({ problem, itemBin }: Placement): number {
  let count = 0;
  for (const bin of itemBin) count += bin >= 0 ? problem.evacuating[bin]! : 0;
  return count;
}

/** Replicas and primary roles on evacuating bins, of all there are. */
function shareEvacuating(placement: Placement): number {
  const { problem, itemBin } = placement;
  let roles = 0;
  for (let group = 0; group < problem.groupCount; group += 1) {
    const bin = problem.hasPrimary[group] === 1 ? itemBin[problem.groupStart[group]!]! : -1;
    if (bin >= 0) roles += problem.evacuating[bin]!;
  }
  return (evacuatingItems(placement) + roles) / Math.max(1, problem.itemGroup.length + problem.groupCount);
}

type PlanHead = Pick<Plan, 'id' | 'clusterId' | 'createdAtMs' | 'expiresAtMs' | 'createdBy' | 'status' | 'strategy' | 'scope' | 'threshold' | 'seed' | 'revision' | 'epoch'>;

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
  };
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
    ...PLAN_DEFAULTS,
    ...headOf(state, request, context),
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
