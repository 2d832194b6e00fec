import type { AssignmentModel } from './assignment-model';

/** What no assignment can go below. */
export interface LowerBound {
  readonly total: number;
  readonly parts: readonly { readonly kind: 'line' | 'balance'; /** Resource, or index of the balance term. */ readonly index: number; readonly cost: number }[];
}

/**
 * A sum of bounds, each of one term alone, moves being free.
 *
 * A line: what all items require has to lie somewhere, and below its line a bin takes in no
 * more than its line, its capacity and, where nothing may arrive, what is there at the start
 * allow. Or, if that says more: an item that is larger than the room below any line stands out
 * of it wherever it lies. A balance term: a sum of positive parts is at least the positive
 * part of the sum.
 */
export function lowerBound(model: AssignmentModel): LowerBound {
  const startUsage = startUsageOf(model);
  const lines = Array.from({ length: model.resourceCount }, (_, resource) => ({ kind: 'line' as const, index: resource, cost: lineBound(model, resource, startUsage) }));
  const balances = model.balances.map((_, index) => ({ kind: 'balance' as const, index, cost: balanceBound(model, index, startUsage) }));
  const parts = [...lines, ...balances].filter(({ cost }) => cost > 0);
  return { total: parts.reduce((sum, { cost }) => sum + cost, 0), parts };
}

function startUsageOf({ baseUsage, itemCount, resourceCount, initial, itemRow, requirement }: AssignmentModel): Float64Array {
  const usage = baseUsage.slice();
  for (let item = 0; item < itemCount; item += 1) {
    for (let r = 0; r < resourceCount; r += 1) usage[initial[item]! * resourceCount + r]! += requirement[itemRow[item]! * resourceCount + r]!;
  }
  return usage;
}

function lineBound({ binCount, itemCount, resourceCount, baseUsage, capacity, line, lineWeight, open, pinned, itemRow, initial, requirement }: AssignmentModel, resource: number, startUsage: Float64Array): number {
  const weight = lineWeight[resource]!;
  if (weight === 0) return 0;
  const fixed = new Float64Array(binCount);
  for (let bin = 0; bin < binCount; bin += 1) fixed[bin] = baseUsage[bin * resourceCount + resource]!;
  for (let item = 0; item < itemCount; item += 1) {
    if (pinned[item] === 1) fixed[initial[item]!]! += requirement[itemRow[item]! * resourceCount + resource]!;
  }
  let over = 0;
  let room = 0;
  let roomMost = 0;
  for (let bin = 0; bin < binCount; bin += 1) {
    const at = bin * resourceCount + resource;
    over += Math.max(0, fixed[bin]! - line[at]!);
    const top = Math.min(line[at]!, capacity[at]!, open[bin] === 1 ? Infinity : startUsage[at]!);
    const below = Math.max(0, top - fixed[bin]!);
    room += below;
    if (below > roomMost) roomMost = below;
  }
  let required = 0;
  let standingOut = 0;
  for (let item = 0; item < itemCount; item += 1) {
    if (pinned[item] === 1) continue;
    const need = requirement[itemRow[item]! * resourceCount + resource]!;
    required += need;
    standingOut += Math.max(0, need - roomMost);
  }
  return weight * (over + Math.max(0, required - room, standingOut));
}

function balanceBound({ binCount, resourceCount, capacity, balances }: AssignmentModel, index: number, startUsage: Float64Array): number {
  const { resource1, resource2, target, weight } = balances[index]!;
  if (weight === 0) return 0;
  let missing = 0;
  for (let bin = 0; bin < binCount; bin += 1) {
    const first = bin * resourceCount + resource1;
    const second = bin * resourceCount + resource2;
    missing += target * (capacity[first]! - startUsage[first]!) - (capacity[second]! - startUsage[second]!);
  }
  return weight * Math.max(0, missing);
}
