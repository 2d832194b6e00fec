import type { BalanceTerm } from '@/lib/core/rebalance/balance-model';

/** Which of a node's items is taken first to relieve it in one dimension. */
export interface ItemOrder {
  /** Higher goes first; items of equal rank go heaviest first, then in seeded order. */
  rank(item: number, term: BalanceTerm): number;
  /** Shuffles equals the same way for the same seed. */
  tieBreak(item: number): number;
}

/** The items sorted by the order (`lightestFirst` turns the weight around); those that weigh nothing in the dimension are left out. */
export function sortedItems(items: Iterable<number>, itemRow: Int32Array, term: BalanceTerm, order: ItemOrder, lightestFirst = false): number[] {
  const direction = lightestFirst ? -1 : 1;
  const candidates: { item: number; rank: number; weight: number; tie: number }[] = [];
  for (const item of items) {
    const weight = term.requirement[itemRow[item]!]!;
    if (weight > 0) candidates.push({ item, rank: order.rank(item, term), weight, tie: order.tieBreak(item) });
  }
  candidates.sort((a, b) => b.rank - a.rank || direction * (b.weight - a.weight) || a.tie - b.tie || a.item - b.item);
  return candidates.map(({ item }) => item);
}
