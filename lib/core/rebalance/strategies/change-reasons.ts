import { BalanceModel, type ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import { overloadsOf } from '@/lib/core/rebalance/objectives/overload';
import { crowdedGroups } from '@/lib/core/rebalance/objectives/spread';
import type { Placement } from '@/lib/core/rebalance/placement';
import type { Way } from '@/lib/core/rebalance/ordering/pending-changes';

/** Why a searched change is made: what weighed most on its source at the start. */
export function reasonsOf(start: Placement, terms: readonly ObjectiveTerm[]): Way['reasonOf'] {
  const { problem } = start;
  const model = new BalanceModel(start, terms);
  const overloads = new Map(overloadsOf(start, start).reverse().map(({ bin, resource }) => [bin, resource]));
  const crowded = new Set(crowdedGroups(start));
  const worstOf = problem.binIds.map((_, bin) => model.worstTerm(bin));
  const counts = terms.every(({ dimension, relevant }) => !relevant || dimension === 'shards' || dimension === 'primaries');
  return (group, from, to): Pick<Change, 'code' | 'dimension'> => {
    if (problem.evacuating[from] === 1) return { code: 'evacuates', dimension: 'shards' };
    if (crowded.has(group) && problem.zoneOf[from] !== problem.zoneOf[to]) return { code: 'repairs-constraint', dimension: 'shards' };
    const overload = overloads.get(from);
    if (overload !== undefined) return { code: 'relieves-overload', dimension: overload };
    const term = worstOf[from];
    const dimension = term === null || term === undefined ? 'shards' : problem.dimensions[term.dimension]!.name;
    return { code: counts ? 'evens-count' : 'evens-load', dimension };
  };
}
