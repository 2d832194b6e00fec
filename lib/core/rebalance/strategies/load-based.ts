import { createHash32 } from './hash';
import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import type { Problem } from '@/lib/core/rebalance/problem';
import type { Effort } from '@/lib/core/rebalance/search/effort';
import type { ItemOrder } from '@/lib/core/rebalance/search/item-order';
import { searchLocally } from '@/lib/core/rebalance/search/local-search';
import { searching } from './searching';
import type { PlanningRun, RebalanceStrategy } from './strategy';

const LOAD: readonly BalanceDimension[] = ['cpu', 'operations', 'network', 'data'];

/**
 * Evens the load vector: cpu, operations, network and data as utilization of each node's
 * capacity, as far as they are known. Takes from the node that is furthest above the
 * mean, in its worst dimension, the shards that carry most of that load per byte, the
 * heaviest first, and gives each to the node that evens most; primary roles move before
 * data does. Counts of replicas and primaries only break ties. With no load known it
 * evens bytes and primaries, with no sizes known counts.
 *
 * Memory and disk need no term of their own: `data` is weighed by the place where the
 * engine keeps it, and their capacity is a constraint.
 */
export const loadBased: RebalanceStrategy = {
  name: 'load-based',
  objective: objectiveOf,
  begin: (run) => searching(() => even(run)),
};

function even(run: PlanningRun): Effort {
  return searchLocally({
    run,
    objective: objectiveOf(run.problem, run),
    code: 'evens-load',
    // Past the threshold to half of it, so that the next breath of load does not cross it again.
    target: run.threshold / 2,
    evenEnough: run.threshold,
    order: loadPerByteOrder(run),
  });
}

/** Load per byte in steps of two: within a step the heaviest goes first, since fewer moves are better too. */
export function loadPerByteOrder({ problem, seed }: Pick<PlanningRun, 'problem' | 'seed'>): ItemOrder {
  const hash = createHash32(seed);
  return {
    rank: (item, term) => Math.floor(Math.log2(term.requirement[problem.itemRow[item]!]! / (problem.groupBytes[problem.itemGroup[item]!]! + 1))),
    tieBreak: (item) => hash(problem.itemGroup[item]!),
  };
}

function objectiveOf(problem: Problem, { transferPrimary }: { readonly transferPrimary: boolean }): readonly ObjectiveTerm[] {
  const isCarried = (dimension: BalanceDimension) => {
    const { requirement } = problem.dimensions[problem.dimensionIndex[dimension]]!;
    return requirement !== null && requirement.some((amount) => amount > 0);
  };
  const known = LOAD.filter(isCarried);
  const loadKnown = known.some((dimension) => dimension !== 'data');
  // The primary serves the reads: without a measured load its count is the best guess there is, worth a role but no data.
  const rolesStandIn = !loadKnown && transferPrimary && problem.itemGroup.length > problem.groupCount;
  const roles: ObjectiveTerm = { dimension: 'primaries', weight: rolesStandIn ? 1 : 0.01, relevant: rolesStandIn, data: 'never' };
  if (known.length === 0) return [{ dimension: 'shards', weight: 1, relevant: true }, roles];
  return [
    ...known.map((dimension) => ({ dimension, weight: 1, relevant: true })),
    { dimension: 'shards', weight: 0.01, relevant: false },
    roles,
  ];
}
