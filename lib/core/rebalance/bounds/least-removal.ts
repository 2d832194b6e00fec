import type { Problem } from '@/lib/core/rebalance/problem';
import { freePartOf, type Movables } from './free-shares';

/** One piece that can be taken off a bin: how much of the dimension it takes along and what that costs. */
export interface Piece {
  readonly amount: number;
  readonly cost: number;
}

interface Removal {
  readonly problem: Problem;
  readonly requirement: Float64Array;
  readonly movables: Movables;
  /** Of moving the item's data. */
  readonly costOf: (item: number) => number;
  /** Of the requirement, at most this much counts; absent: all. */
  readonly amountMax?: number;
}

/**
 * Everything that can be taken off a bin, the cheapest per amount first. Taken in
 * fractions this costs no more than any real choice of moves (the continuous knapsack
 * relaxation): a sound base for lower bounds.
 */
export function piecesOf({ problem, requirement, movables, costOf, amountMax = Infinity }: Removal, items: ArrayLike<number>): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at]!;
    const amount = Math.min(amountMax, requirement[problem.itemRow[item]!]!);
    if (!(amount > 0) || movables.movable[item] === 0) continue;
    const free = movables.handsOver(item) ? Math.min(amount, freePartOf(problem, requirement, item)) : 0;
    if (free > 0) pieces.push({ amount: free, cost: 0 });
    if (amount > free) pieces.push({ amount: amount - free, cost: costOf(item) });
  }
  return pieces.sort((a, b) => a.cost * b.amount - b.cost * a.amount);
}

/** Least cost of taking `needed` off the bin, in fractions; `null` when all pieces together are not enough. */
export function leastCostOf(pieces: readonly Piece[], needed: number): number | null {
  let left = needed;
  let cost = 0;
  for (const piece of pieces) {
    if (left <= 0) return cost;
    const share = Math.min(1, left / piece.amount);
    cost += share * piece.cost;
    left -= piece.amount;
  }
  return left <= needed * 1e-9 ? cost : null;
}
