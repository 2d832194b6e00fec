import { mayLeave } from '@/lib/core/rebalance/constraints/source';
import type { Placement } from '@/lib/core/rebalance/placement';
import { isPrimaryItem, type Problem } from '@/lib/core/rebalance/problem';

/** What may leave each bin, and what of it costs no bytes: the facts that all bounds rest on. */
export interface Movables {
  /** 1 = the item may leave its bin. */
  readonly movable: Uint8Array;
  /** Row of the sibling that weighs least in a dimension is what a primary leaves behind when it only hands over its role; -1 = no such sibling. */
  readonly handsOver: (item: number) => boolean;
}

export function movablesOf(start: Placement, transferPrimary: boolean): Movables {
  const { problem } = start;
  const groupMoves = movableGroups(start);
  const movable = Uint8Array.from(problem.itemRow, (_, item) => (mayLeave(start, item) && groupMoves(problem.itemGroup[item]!) ? 1 : 0));
  return {
    movable,
    handsOver: (item) => transferPrimary && isPrimaryItem(problem, item) && problem.groupStart[problem.itemGroup[item]! + 1]! - item > 1,
  };
}

/** Where nodes are emptied, what does not lie on them stays out of it. */
export function movableGroups({ problem, itemBin }: Placement): (group: number) => boolean {
  if (!problem.evacuating.includes(1)) return () => true;
  return (group) => {
    for (let item = problem.groupStart[group]!; item < problem.groupStart[group + 1]!; item += 1) {
      if (itemBin[item]! >= 0 && problem.evacuating[itemBin[item]!] === 1) return true;
    }
    return false;
  };
}

/** What of the item's requirement can leave its bin without a byte, by handing the primary role to a sibling. */
export function freePartOf(problem: Problem, requirement: Float64Array, item: number): number {
  const own = requirement[problem.itemRow[item]!]!;
  const end = problem.groupStart[problem.itemGroup[item]! + 1]!;
  let least = own;
  for (let sibling = item + 1; sibling < end; sibling += 1) least = Math.min(least, requirement[problem.itemRow[sibling]!]!);
  return own - least;
}
