import type { CostModel } from '@/lib/core/rebalance/objectives/cost-lines';
import { Placement } from '@/lib/core/rebalance/placement';
import type { Problem } from '@/lib/core/rebalance/problem';
import { costBoundOf, type CostBound } from './cost-bound';
import { movablesOf } from './free-shares';

/** The bound on a problem's cost, kept once it is known. */
export function boundOnce(problem: Problem, costs: CostModel, transferPrimary: boolean): () => CostBound {
  let known: CostBound | null = null;
  return () => {
    if (known !== null) return known;
    const start = new Placement(problem);
    known = costBoundOf(start, costs, movablesOf(start, transferPrimary));
    return known;
  };
}
