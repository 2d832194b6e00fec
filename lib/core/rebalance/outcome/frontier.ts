import { FRONTIER_MAX, type FrontierPoint } from '@/lib/contract/plan-proof';
import { BalanceModel } from '@/lib/core/rebalance/balance-model';
import { combinedScore, worstOverload } from '@/lib/core/rebalance/objectives/overload';
import { PlacementCost } from '@/lib/core/rebalance/objectives/placement-cost';
import { crowdedGroups, missingZones, zonesOfGroup } from '@/lib/core/rebalance/objectives/spread';
import { Placement } from '@/lib/core/rebalance/placement';
import type { Outcome } from './outcome';

/** Of the whole gain: sums in another order. */
const ROUNDING = 1e-9;

/**
 * What the first so many steps bring and cost, at no more than 256 points, about evenly
 * over the steps. The gain is the cost taken off (moves left out); where the strategy is
 * after something else than that cost, as the hash ring is, every step counts alike.
 * Points are places to stop at: one that would bring less than an earlier one (between two
 * steps that only help together, on a detour) is put off to the step that makes up for it.
 */
export function frontierOf(outcome: Outcome): FrontierPoint[] {
  const { problem, changes, planning, scoreBefore, scoreAfter } = outcome;
  if (changes.length === 0) return [];
  const gains = gainsOf(outcome);
  const gain = gains.at(-1)!;
  const byCost = planning.request.strategy !== 'consistent-hashing' && planning.request.scope.kind !== 'shards' && gain > 0;
  const pointCount = Math.min(FRONTIER_MAX, changes.length + 1);
  const placement = new Placement(problem);
  const scoreAt = scoring(outcome, placement);
  const points: FrontierPoint[] = [{ stepCount: 0, gainShare: 0, bytes: 0, score: scoreBefore }];
  let applied = 0;
  let most = 0;
  for (let point = 1; point < pointCount; point += 1) {
    const wanted = Math.round((point * changes.length) / (pointCount - 1));
    if (wanted <= applied) continue;
    let reached = most;
    do {
      placement.apply(changes[applied]!);
      applied += 1;
      reached = gains[applied - 1]!;
      if (applied < wanted) most = Math.max(most, reached);
    } while (applied < changes.length && (applied < wanted || (byCost && reached < most - ROUNDING * gain)));
    most = Math.max(most, reached);
    const last = applied === changes.length;
    const share = byCost ? Math.min(1, most / gain) : applied / changes.length;
    points.push({ stepCount: applied, gainShare: last ? 1 : share, bytes: placement.bytesMoved, score: last ? scoreAfter : scoreAt(applied) });
  }
  return points;
}

/** After each step, the cost taken off since the start, moves left out. */
function gainsOf({ problem, changes, start, planning: { costs } }: Outcome): Float64Array {
  const placement = new Placement(problem);
  const cost = new PlacementCost(placement, costs);
  const crowded = new Set(crowdedGroups(start));
  const gains = new Float64Array(changes.length);
  let gain = 0;
  for (const [index, change] of changes.entries()) {
    const { kind, group, from, to } = change;
    const other = kind === 'transfer' ? placement.itemOn(group, to) : -1;
    gain -= cost.delta(from, to, problem.itemRow[placement.itemOn(group, from)]!, other < 0 ? -1 : problem.itemRow[other]!);
    const zones = crowded.has(group) ? zonesOfGroup(placement, group) : 0;
    placement.apply(change);
    if (crowded.has(group)) gain += (zonesOfGroup(placement, group) - zones) * costs.perCrowded;
    gains[index] = gain;
  }
  return gains;
}

/** The plan's own score of what `placement` is by then; where it is a share of what is to be done, each step takes its part. */
function scoring({ start, planning, changes, scoreBefore, scoreAfter }: Outcome, placement: Placement): (stepCount: number) => number {
  const { request, objective } = planning;
  const byStep = request.scope.kind !== 'cluster' || request.strategy === 'consistent-hashing';
  if (byStep) return (stepCount) => scoreBefore + ((scoreAfter - scoreBefore) * stepCount) / changes.length;
  const model = new BalanceModel(placement, objective);
  const crowded = crowdedGroups(start);
  return () => {
    const imbalance = model.score();
    if (request.strategy !== 'optimal') return imbalance;
    return combinedScore({ imbalance, overload: worstOverload(start, placement), missingZones: missingZones(start, placement, crowded) });
  };
}
