import type { BalanceModel, BalanceTerm } from '@/lib/core/rebalance/balance-model';
import type { Problem } from '@/lib/core/rebalance/problem';

/** More zones than this and a list per zone would cost more than it finds. */
const ZONE_LISTS_MAX = 16;

/**
 * Open bins sorted by fill in one dimension, emptiest first, in one list per zone:
 * a replica whose siblings hold the other zones must stay in its own, and would find
 * nothing at the head of one common list. Kept nearly sorted between visits, so an
 * insertion sort brings a list up to date in about one pass.
 */
export class Receivers {
  readonly #lists = new Map<BalanceTerm, Int32Array[]>();

  constructor(readonly model: BalanceModel) {}

  /** The lists, sorted as of now. */
  refreshed(term: BalanceTerm): readonly Int32Array[] {
    let lists = this.#lists.get(term);
    if (lists === undefined) {
      lists = openBinsByZone(this.model.problem);
      for (const list of lists) list.sort((a, b) => this.model.excess(term, a) - this.model.excess(term, b) || a - b);
      this.#lists.set(term, lists);
      return lists;
    }
    for (const list of lists) this.#insertionSort(list, term);
    return lists;
  }

  #insertionSort(list: Int32Array, term: BalanceTerm): void {
    for (let end = 1; end < list.length; end += 1) {
      const bin = list[end]!;
      const excess = this.model.excess(term, bin);
      let at = end;
      while (at > 0 && this.#isAfter(list[at - 1]!, bin, excess, term)) {
        list[at] = list[at - 1]!;
        at -= 1;
      }
      list[at] = bin;
    }
  }

  /** The same total order as the first sort, so that a list does not depend on the way it was come by. */
  #isAfter(other: number, bin: number, excess: number, term: BalanceTerm): boolean {
    const otherExcess = this.model.excess(term, other);
    return otherExcess > excess || (otherExcess === excess && other > bin);
  }
}

function openBinsByZone({ open, zoneOf, zoneCount }: Problem): Int32Array[] {
  const listCount = zoneCount <= ZONE_LISTS_MAX ? zoneCount : 1;
  const lists: number[][] = Array.from({ length: listCount }, () => []);
  for (let bin = 0; bin < open.length; bin += 1) {
    if (open[bin] === 1) lists[listCount === 1 ? 0 : zoneOf[bin]!]!.push(bin);
  }
  return lists.filter((list) => list.length > 0).map((list) => Int32Array.from(list));
}
