import type { BalanceModel, BalanceTerm } from '@/lib/core/rebalance/balance-model';
import type { Problem } from '@/lib/core/rebalance/problem';

export interface ReceiverList {
  /** `null` = of all zones. */
  readonly zone: number | null;
  /** Emptiest first. */
  readonly bins: Int32Array;
}

/** More zones than this and a list per zone would cost more than it finds. */
const ZONE_LISTS_MAX = 16;

/**
 * Open bins sorted by fill in one dimension, emptiest first, in one list per zone:
 * a replica whose siblings hold the other zones must stay in its own, and would find
 * nothing at the head of one common list. Kept nearly sorted between visits, so an
 * insertion sort brings a list up to date in about one pass.
 */
export class Receivers {
  readonly #lists = new Map<BalanceTerm, ReceiverList[]>();
  /** Every shard is in every zone there is: then no replica can change zones, and other zones' lists are no use. */
  readonly #zoneBound: boolean;

  constructor(readonly model: BalanceModel) {
    this.#zoneBound = model.problem.zoneCount <= ZONE_LISTS_MAX && isZoneBound(model.problem);
  }

  /** Where the donor's items may go, as of now. */
  refreshed(term: BalanceTerm, donor: number): readonly ReceiverList[] {
    const lists = this.#sorted(term);
    return this.#zoneBound ? lists.filter(({ zone }) => zone === this.model.problem.zoneOf[donor]) : lists;
  }

  #sorted(term: BalanceTerm): readonly ReceiverList[] {
    let lists = this.#lists.get(term);
    if (lists === undefined) {
      lists = openBinsByZone(this.model.problem);
      for (const { bins } of lists) bins.sort((a, b) => this.model.excess(term, a) - this.model.excess(term, b) || a - b);
      this.#lists.set(term, lists);
      return lists;
    }
    for (const { bins } of lists) this.#insertionSort(bins, term);
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

function isZoneBound({ groupCount, groupStart, itemBin, zoneOf, zoneCount }: Problem): boolean {
  const seenBy = new Int32Array(zoneCount).fill(-1);
  for (let group = 0; group < groupCount; group += 1) {
    let zones = 0;
    for (let item = groupStart[group]!; item < groupStart[group + 1]!; item += 1) {
      const bin = itemBin[item]!;
      if (bin < 0 || seenBy[zoneOf[bin]!] === group) continue;
      seenBy[zoneOf[bin]!] = group;
      zones += 1;
    }
    if (zones < zoneCount) return false;
  }
  return true;
}

function openBinsByZone({ open, zoneOf, zoneCount }: Problem): ReceiverList[] {
  const listCount = zoneCount <= ZONE_LISTS_MAX ? zoneCount : 1;
  const lists: number[][] = Array.from({ length: listCount }, () => []);
  for (let bin = 0; bin < open.length; bin += 1) {
    if (open[bin] === 1) lists[listCount === 1 ? 0 : zoneOf[bin]!]!.push(bin);
  }
  return lists
    .map((list, zone) => ({ zone: zoneCount === listCount ? zone : null, bins: Int32Array.from(list) }))
    .filter(({ bins }) => bins.length > 0);
}
