import type { BalanceTerm } from '@/lib/core/rebalance/balance-model';

/** Which of a node's items is taken first to relieve it in one dimension. */
export interface ItemOrder {
  /** Higher goes first; items of equal rank go heaviest first, then in seeded order. */
  rank(item: number, term: BalanceTerm): number;
  /** Shuffles equals the same way for the same seed. */
  tieBreak(item: number): number;
}

interface SortOptions {
  readonly itemRow: Int32Array;
  readonly term: BalanceTerm;
  readonly order: ItemOrder;
  /** Turns the weight around, not the rank. */
  readonly lightestFirst: boolean;
}

/** The items sorted by the order. */
export function sortedItems(items: Int32Array, { itemRow, term, order, lightestFirst }: SortOptions): Int32Array {
  const { requirement } = term;
  const direction = lightestFirst ? -1 : 1;
  const rank = Float64Array.from(items, (item) => order.rank(item, term));
  const weight = Float64Array.from(items, (item) => direction * requirement[itemRow[item]!]!);
  const tie = Float64Array.from(items, (item) => order.tieBreak(item));
  return Int32Array.from(items, (_, index) => index)
    .sort((a, b) => rank[b]! - rank[a]! || weight[b]! - weight[a]! || tie[a]! - tie[b]! || a - b)
    .map((index) => items[index]!);
}
