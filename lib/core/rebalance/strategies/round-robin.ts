import type { ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import { isPrimaryItem, type Problem } from '@/lib/core/rebalance/problem';
import { searchLocally } from '@/lib/core/rebalance/search/local-search';
import type { Effort } from '@/lib/core/rebalance/search/effort';
import { createHash32 } from './hash';
import { searching } from './searching';
import type { PlanningRun, RebalanceStrategy } from './strategy';

/**
 * Even counts: every node the same number of replicas and of primaries, whatever they
 * weigh and whatever the node is. Starts from where things are, so only what is above
 * the even count moves, and primaries are evened by handing roles over where the engine can.
 * Which shards go is a seeded draw: a fair sample of what their node holds, not its
 * first, largest or smallest. Neighbours take its place where they weigh the same (contiguous.ts).
 */
export const roundRobin: RebalanceStrategy = {
  name: 'round-robin',
  objective: objectiveOf,
  begin: (run) => searching(() => even(run)),
};

function even(run: PlanningRun): Effort {
  const hash = createHash32(run.seed);
  const { itemGroup } = run.problem;
  return searchLocally({
    run,
    objective: objectiveOf(run.problem, run),
    code: 'evens-count',
    target: 0,
    evenEnough: 0,
    order: {
      // Secondaries first when counts are evened: a primary that stays need not be evened back.
      rank: (item, term) => (isPrimaryItem(run.problem, item) && run.problem.dimensions[term.dimension]!.name === 'shards' ? 0 : 1),
      tieBreak: (item) => hash(itemGroup[item]!),
    },
  });
}

function objectiveOf(problem: Problem, { transferPrimary }: { readonly transferPrimary: boolean }): readonly ObjectiveTerm[] {
  const replicated = problem.itemGroup.length > problem.groupCount;
  return [
    { dimension: 'shards', weight: 1, relevant: true },
    // Where roles can be handed over, no data moves for their sake.
    ...(replicated ? [{ dimension: 'primaries', weight: 1, relevant: true, data: transferPrimary ? 'never' : 'last-resort' } as const] : []),
  ];
}
