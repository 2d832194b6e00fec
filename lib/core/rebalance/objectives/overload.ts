import type { Resource } from '@/lib/contract/resources';
import type { Placement } from '@/lib/core/rebalance/placement';

export interface Overload {
  readonly bin: number;
  readonly resource: Resource;
  /** Use over line, above 1. */
  readonly ratio: number;
}

/** Every bin above a safety line once all moves have settled, the worst first. `start` tells what the nodes use beyond their items. */
export function overloadsOf(start: Placement, now: Placement): Overload[] {
  const found: Overload[] = [];
  start.problem.dimensions.forEach(({ name, requirement, capacity }, dimension) => {
    if (capacity === null || !isResource(name)) return;
    for (let bin = 0; bin < capacity.limit.length; bin += 1) {
      const gone = requirement === null ? 0 : start.level[dimension]![bin]! - now.level[dimension]![bin]!;
      const ratio = (capacity.used[bin]! - gone) / capacity.limit[bin]!;
      if (ratio > 1 + 1e-9 && ratio < Infinity) found.push({ bin, resource: name, ratio });
    }
  });
  return found.sort((a, b) => b.ratio - a.ratio || a.bin - b.bin);
}

/** An overload weighs ten times as much as the same share of unevenness. */
const OVERLOAD_WEIGHT = 10;

/**
 * The one number of the strategy `optimal`: the worst imbalance, ten times how far the worst node is above a safety
 * line, and one for every zone that a shard's replicas could be in and are not.
 */
export function combinedScore(worst: { readonly imbalance: number; readonly overload: number; readonly missingZones: number }): number {
  return worst.imbalance + OVERLOAD_WEIGHT * worst.overload + worst.missingZones;
}

/** How far the worst bin is above a safety line, 0 = none is. */
export function worstOverload(start: Placement, now: Placement): number {
  let worst = 0;
  start.problem.dimensions.forEach(({ requirement, capacity }, dimension) => {
    if (capacity === null) return;
    for (let bin = 0; bin < capacity.limit.length; bin += 1) {
      const gone = requirement === null ? 0 : start.level[dimension]![bin]! - now.level[dimension]![bin]!;
      const ratio = (capacity.used[bin]! - gone) / capacity.limit[bin]!;
      if (ratio < Infinity && ratio - 1 > worst) worst = ratio - 1;
    }
  });
  return worst > 1e-9 ? worst : 0;
}

function isResource(name: string): name is Resource {
  return name === 'cpu' || name === 'memory' || name === 'disk' || name === 'network';
}
