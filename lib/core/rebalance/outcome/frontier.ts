import { FRONTIER_MAX, type FrontierPoint } from '@/lib/contract/plan-proof';
import { BalanceModel } from '@/lib/core/rebalance/balance-model';
import { combinedScore, worstOverload } from '@/lib/core/rebalance/objectives/overload';
import { PlacementCost } from '@/lib/core/rebalance/objectives/placement-cost';
import { crowdedGroups, missingZones } from '@/lib/core/rebalance/objectives/spread';
import { Placement } from '@/lib/core/rebalance/placement';
import type { Outcome } from './outcome';

/**
 * What the first so many steps bring and cost, at no more than 256 points evenly over the
 * steps. The gain is the cost taken off (moves left out); where the strategy is after
 * something else than that cost, as the hash ring is, every step counts alike.
 */
export function frontierOf(outcome: Outcome): FrontierPoint[] {
  const { problem, changes, start, end, planning, scoreBefore, scoreAfter } = outcome;
  if (changes.length === 0) return [];
  const before = new PlacementCost(start, planning.costs).total();
  const gain = before - new PlacementCost(end, planning.costs).total();
  const byCost = planning.request.strategy !== 'consistent-hashing' && planning.request.scope.kind !== 'shards' && gain > 0;
  const pointCount = Math.min(FRONTIER_MAX, changes.length + 1);
  const placement = new Placement(problem);
  const scoreAt = scoring(outcome, placement);
  const cost = new PlacementCost(placement, planning.costs);
  const points: FrontierPoint[] = [{ stepCount: 0, gainShare: 0, bytes: 0, score: scoreBefore }];
  let applied = 0;
  for (let point = 1; point < pointCount; point += 1) {
    const stepCount = Math.round((point * changes.length) / (pointCount - 1));
    for (; applied < stepCount; applied += 1) placement.apply(changes[applied]!);
    const share = byCost ? (before - cost.total()) / gain : stepCount / changes.length;
    const last = stepCount === changes.length;
    points.push({ stepCount, gainShare: last ? 1 : Math.min(1, Math.max(0, share)), bytes: placement.bytesMoved, score: last ? scoreAfter : scoreAt(stepCount) });
  }
  return points;
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
