import { assertNever } from '@/lib/platform/assert';
import { BalanceModel } from './balance-model';
import { coalesced } from './coalesce';
import { inRanges } from './contiguous';
import { evacuate } from './evacuate';
import { moveSelected } from './move-selected';
import { overloadsOf } from './objectives/overload';
import { crowdedGroups } from './objectives/spread';
import { Placement } from './placement';
import type { Planning, ScopeResult } from './planning';
import { tallyStuck } from './stuck';
import { indivisibleItem, verdict, verdictOnSearch, verdictOnStart, worstDimensionOf } from './verdict';

export function planScope(planning: Planning): ScopeResult {
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
  const start = new Placement(problem);
  const scoreOf = strategy.score?.bind(strategy) ?? (() => {
    placement.rebuild();
    return new BalanceModel(placement, objective).score();
  });
  const scoreBefore = scoreOf();
  const before = worstDimensionOf(placement, objective);
  const urgent = strategy.isUrgent?.() === true;
  const early = verdictOnStart(placement, objective, request.threshold);
  if (early?.code !== 'already-balanced') refusals.addAll(problem.closedBecause.filter((reason) => reason !== null));
  if (early !== null && !urgent) return { scoreBefore, scoreAfter: scoreBefore, changes: [], zonesGivenUp: [], reclaims: [], verdict: () => early };
  strategy.propose();
  const scoreAfter = scoreOf();
  const after = worstDimensionOf(placement, objective);
  const direct = strategy.isOrdered === true || strategy.score !== undefined;
  const searched = direct ? planning.changes : coalesced({ problem, changes: planning.changes, objective, transferPrimary: run.transferPrimary, search: run.search });
  // The ring says by its number where a shard belongs; to all others equal shards are equal.
  const changes = request.strategy === 'consistent-hashing' ? searched : inRanges(problem, searched, direct ? null : objective.map(({ dimension }) => dimension));
  const turnedDown = after === null || after.imbalance <= request.threshold ? 0 : tallyStuck(run, objective, refusals);
  if (early !== null && changes.length === 0 && overloadsOf(start, start).length === 0) return { scoreBefore, scoreAfter, changes, zonesGivenUp: [], reclaims: [], verdict: () => early };
  const overloads = urgent ? { before: overloadsOf(start, start), after: overloadsOf(start, placement) } : null;
  return {
    scoreBefore,
    scoreAfter,
    changes,
    zonesGivenUp: [],
    reclaims: strategy.report?.().reclaims ?? [],
    verdict: ({ steps, bytes }) => verdictOnSearch({
      strategy: request.strategy, threshold: request.threshold, stepCount: steps.length, bytes, before, after, scoreAfter,
      refused: turnedDown > 0,
      indivisible: after === null || after.imbalance <= request.threshold ? null : indivisibleItem(placement, objective, request.threshold),
      overloads, binIds: problem.binIds,
      crowded: urgent ? { before: crowdedGroups(start).length, after: crowdedGroups(placement).length } : { before: 0, after: 0 },
    }),
  };
}

function planEvacuation(planning: Planning): ScopeResult {
  const { run, refusals, strategy, request } = planning;
  const { problem, placement } = run;
  const scoreBefore = shareEvacuating(placement);
  const { zonesGivenUp, changes: found, reclaims } = strategy.refine === undefined ? { ...evacuate(planning, refusals), changes: planning.changes, reclaims: [] } : evacuateRefined(planning);
  const scoreAfter = shareEvacuating(placement);
  const left = evacuatingItems(placement);
  // All of them go, so it only matters what each target gets in sum. Where one stays its refusal names it, and the ring says by its number where a shard belongs.
  const changes = left > 0 || request.strategy === 'consistent-hashing' ? found : inRanges(problem, found, []);
  const nodes = problem.evacuating.reduce((count, each) => count + each, 0);
  return {
    scoreBefore,
    scoreAfter,
    changes,
    zonesGivenUp,
    reclaims,
    verdict: ({ steps, bytes }) => {
      const numbers = { nodes, steps: steps.length, bytes, replicasLeft: left };
      const what = nodes === 1 ? 'The node' : `The ${nodes} nodes`;
      if (left > 0) return verdict('cannot-evacuate', `${what} cannot be emptied: ${left} replicas find no place elsewhere. The steps move what can be moved; the refusals name the shards and what is in their way`, numbers);
      if (steps.length === 0) return verdict('evacuates', `${what} ${nodes === 1 ? 'holds' : 'hold'} nothing already`, numbers);
      return verdict('evacuates', `${steps.length} steps leave ${nodes === 1 ? 'the node' : 'the nodes'} empty`, numbers);
    },
  };
}

/**
 * The way by hand, then improved. Where that left a copy behind, or had to let one join a
 * sibling's zone, it stays as it is: its refusals and risks name just these.
 */
function evacuateRefined(planning: Planning): Pick<ScopeResult, 'zonesGivenUp' | 'changes' | 'reclaims'> {
  const { run, strategy, refusals } = planning;
  const scratch = new Placement(run.problem);
  const made: Planning['changes'][number][] = [];
  const { zonesGivenUp } = evacuate({
    ...planning,
    run: { ...run, placement: scratch, commit: (change) => { scratch.apply(change); made.push(change); } },
  }, refusals);
  const improvable = zonesGivenUp.length === 0 && evacuatingItems(scratch) === 0 && made.length > 0;
  if (improvable) strategy.refine!(scratch.itemBin);
  if (improvable && evacuatingItems(run.placement) === 0) return { zonesGivenUp, changes: planning.changes, reclaims: strategy.report?.().reclaims ?? [] };
  const { itemBin } = new Placement(run.problem);
  run.placement.itemBin.set(itemBin);
  for (const change of made) run.placement.apply(change);
  run.placement.rebuild();
  return { zonesGivenUp, changes: made, reclaims: [] };
}

function planSelection(planning: Planning, shardIds: readonly number[], targetNodeId: string | null): ScopeResult {
  const { run, changes, refusals } = planning;
  const target = targetNodeId === null ? null : run.problem.binOfId.get(targetNodeId) ?? null;
  const chosen = new Set(shardIds).size;
  const refused = moveSelected(planning, shardIds, target, refusals);
  const straight = coalesced({ problem: run.problem, changes, objective: [], transferPrimary: run.transferPrimary, search: run.search });
  return {
    scoreBefore: (straight.length + refused) / chosen,
    scoreAfter: refused / chosen,
    changes: straight,
    zonesGivenUp: [],
    reclaims: [],
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
