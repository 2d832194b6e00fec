import type { Random } from '@/lib/platform/random';
import type { AssignmentModel } from './assignment-model';
import { BinContents } from './bin-contents';
import { BinRoom } from './bin-room';
import { compileTerms } from './compiled-terms';
import { DisplacedItems } from './displaced-items';
import { GroupRules } from './group-rules';
import { MoveCosts } from './move-costs';

/**
 * An assignment under change, with everything kept that makes asking "what if" cheap: the
 * excess of every term per bin, the room under every limit, and the counters of groups.
 * Asking allocates nothing and changes nothing; `shift` and `swap` change it and expect a
 * change that was found feasible.
 *
 * A sum of positive parts is taken as half the sum of x + |x|: no branch to mispredict.
 */
export class SearchState {
  readonly binCount: number;
  readonly itemCount: number;
  readonly itemBin: Int32Array;
  readonly itemGroup: Int32Array;
  readonly initial: Int32Array;
  readonly displaced: DisplacedItems;
  readonly contents: BinContents;
  /** B, the cost of the terms on the bin. */
  readonly binCost: Float64Array;
  readonly moveCosts: MoveCosts;
  readonly groupRules: GroupRules;
  readonly room: BinRoom;
  /** Exact on integer input, within rounding otherwise. */
  cost = 0;

  readonly #itemRow: Int32Array;
  readonly #termCount: number;
  readonly #emptyExcess: Float64Array;
  readonly #excess: Float64Array;
  readonly #coefficient: Float64Array;

  constructor(model: AssignmentModel) {
    const terms = compileTerms(model);
    this.binCount = model.binCount;
    this.itemCount = model.itemCount;
    this.itemGroup = model.itemGroup;
    this.initial = model.initial;
    this.#itemRow = model.itemRow;
    this.#termCount = terms.termCount;
    this.#emptyExcess = terms.emptyExcess;
    this.#coefficient = terms.coefficient;
    this.room = new BinRoom(model, terms);

    this.itemBin = new Int32Array(model.itemCount);
    this.contents = new BinContents(model.binCount, model.itemCount);
    this.binCost = new Float64Array(model.binCount);
    this.moveCosts = new MoveCosts(model);
    this.groupRules = new GroupRules(model);
    this.#excess = new Float64Array(terms.emptyExcess.length);
    this.displaced = new DisplacedItems(model.itemCount);
    this.reset(model.initial);
  }

  /** Starts again from an assignment; sums are taken anew, so rounding does not pile up. */
  reset(assignment: Int32Array): void {
    this.itemBin.set(assignment);
    this.contents.clear();
    this.moveCosts.clear();
    this.groupRules.clear();
    this.#excess.set(this.#emptyExcess);
    this.room.clear();
    let moving = 0;
    this.displaced.clear();
    for (let item = 0; item < this.itemCount; item += 1) {
      const bin = this.itemBin[item]!;
      const start = this.initial[item]!;
      this.#addLoad(item, start, 1);
      this.room.take(item, bin);
      this.groupRules.add(item, bin);
      this.contents.add(item, bin);
      if (bin === start) continue;
      this.displaced.add(item);
      this.#addLoad(item, start, -1);
      this.#addLoad(item, bin, 1);
      this.moveCosts.move(item, start, bin);
      moving += this.moveCosts.at(item, bin);
    }
    let onBins = 0;
    for (let bin = 0; bin < this.binCount; bin += 1) {
      this.binCost[bin] = this.#costOf(bin);
      onBins += this.binCost[bin]!;
      this.room.note(bin);
    }
    this.cost = onBins + moving + this.moveCosts.groupCost;
  }

  /** What the item would cost a bin that is beyond every line. */
  weight(item: number): number {
    const itemAt = this.#itemRow[item]! * this.#termCount;
    let sum = 0;
    for (let term = 0; term < this.#termCount; term += 1) sum += Math.abs(this.#coefficient[itemAt + term]!);
    return sum;
  }

  /** How much the items differ in what they may cost a bin. */
  distance(first: number, second: number): number {
    const coefficient = this.#coefficient;
    const firstAt = this.#itemRow[first]! * this.#termCount;
    const secondAt = this.#itemRow[second]! * this.#termCount;
    let sum = 0;
    for (let term = 0; term < this.#termCount; term += 1) sum += Math.abs(coefficient[firstAt + term]! - coefficient[secondAt + term]!);
    return sum;
  }

  /** The items in the order of a mixture of their terms: all alike, or at random. */
  itemsByMixture(random: Random | null): Int32Array {
    const shares = Float64Array.from({ length: this.#termCount }, () => random === null ? 1 : random.next());
    const weights = Float64Array.from(this.#itemRow, (row) => {
      let sum = 0;
      for (let term = 0; term < this.#termCount; term += 1) sum += shares[term]! * this.#coefficient[row * this.#termCount + term]!;
      return sum;
    });
    return this.#itemRow.map((_, item) => item).sort((a, b) => weights[a]! - weights[b]! || a - b);
  }

  allowsShift(item: number, to: number): boolean {
    return !this.groupRules.conflicts(item, to) && this.room.has(item, to) && this.groupRules.allowsShift(item, this.itemBin[item]!, to);
  }

  allowsSwap(first: number, second: number): boolean {
    const firstBin = this.itemBin[first]!;
    const secondBin = this.itemBin[second]!;
    const kin = this.itemGroup[first] === this.itemGroup[second];
    if (!kin && (this.groupRules.conflicts(first, secondBin) || this.groupRules.conflicts(second, firstBin))) return false;
    return this.room.hasFor(first, secondBin, second) && this.room.hasFor(second, firstBin, first)
      && (kin || this.groupRules.allowsSwap(first, second, firstBin, secondBin));
  }

  /** What the bin would cost with the item gone. */
  costWithout(item: number): number {
    const termCount = this.#termCount;
    const excessOf = this.#excess;
    const coefficient = this.#coefficient;
    const bin = this.itemBin[item]!;
    const excessAt = bin * termCount;
    const itemAt = this.#itemRow[item]! * termCount;
    let sum = 0;
    for (let term = 0; term < termCount; term += 1) {
      const excess = excessOf[excessAt + term]! - coefficient[itemAt + term]!;
      sum += excess + Math.abs(excess);
    }
    return sum * 0.5;
  }

  /** What the bin would cost with the item there too. */
  costWith(item: number, bin: number): number {
    const termCount = this.#termCount;
    const excessOf = this.#excess;
    const coefficient = this.#coefficient;
    const excessAt = bin * termCount;
    const itemAt = this.#itemRow[item]! * termCount;
    let sum = 0;
    for (let term = 0; term < termCount; term += 1) {
      const excess = excessOf[excessAt + term]! + coefficient[itemAt + term]!;
      sum += excess + Math.abs(excess);
    }
    return sum * 0.5;
  }

  /** What the bin would cost with one item in place of another. */
  costReplacing(bin: number, leaving: number, arriving: number): number {
    const termCount = this.#termCount;
    const excessOf = this.#excess;
    const coefficient = this.#coefficient;
    const excessAt = bin * termCount;
    const leavingAt = this.#itemRow[leaving]! * termCount;
    const arrivingAt = this.#itemRow[arriving]! * termCount;
    let sum = 0;
    for (let term = 0; term < termCount; term += 1) {
      const excess = excessOf[excessAt + term]! - coefficient[leavingAt + term]! + coefficient[arrivingAt + term]!;
      sum += excess + Math.abs(excess);
    }
    return sum * 0.5;
  }

  shiftDelta(item: number, to: number): number {
    const from = this.itemBin[item]!;
    return this.costWithout(item) - this.binCost[from]! + this.costWith(item, to) - this.binCost[to]!
      + this.moveCosts.at(item, to) - this.moveCosts.at(item, from) + this.moveCosts.groupDelta(item, from, to);
  }

  swapDelta(first: number, second: number): number {
    const firstBin = this.itemBin[first]!;
    const secondBin = this.itemBin[second]!;
    return this.costReplacing(firstBin, first, second) - this.binCost[firstBin]!
      + this.costReplacing(secondBin, second, first) - this.binCost[secondBin]!
      + this.moveCosts.at(first, secondBin) - this.moveCosts.at(first, firstBin)
      + this.moveCosts.at(second, firstBin) - this.moveCosts.at(second, secondBin)
      + this.moveCosts.swapGroupDelta(first, second, firstBin, secondBin);
  }

  /** Of an item that goes to where another is, which goes to a third bin; not exact in the group term where both groups have most items away. */
  ejectDelta(item: number, ejected: number, to: number): number {
    const from = this.itemBin[item]!;
    const via = this.itemBin[ejected]!;
    return this.costWithout(item) - this.binCost[from]! + this.costReplacing(via, ejected, item) - this.binCost[via]! + this.costWith(ejected, to) - this.binCost[to]!
      + this.moveCosts.at(item, via) - this.moveCosts.at(item, from) + this.moveCosts.groupDelta(item, from, via)
      + this.moveCosts.at(ejected, to) - this.moveCosts.at(ejected, via) + this.moveCosts.groupDelta(ejected, via, to);
  }

  shift(item: number, to: number): void {
    const from = this.itemBin[item]!;
    const groupCost = this.moveCosts.groupCost;
    this.#relocate(item, from, to);
    this.cost += this.#recost(from) + this.#recost(to) + this.moveCosts.groupCost - groupCost;
  }

  swap(first: number, second: number): void {
    const firstBin = this.itemBin[first]!;
    const secondBin = this.itemBin[second]!;
    const groupCost = this.moveCosts.groupCost;
    this.#relocate(first, firstBin, secondBin);
    this.#relocate(second, secondBin, firstBin);
    // Of one group, the second removal has cleared the bit that the first arrival had set.
    if (this.itemGroup[first] === this.itemGroup[second]) this.groupRules.restore(first, secondBin);
    this.cost += this.#recost(firstBin) + this.#recost(secondBin) + this.moveCosts.groupCost - groupCost;
  }

  #relocate(item: number, from: number, to: number): void {
    this.cost += this.moveCosts.at(item, to) - this.moveCosts.at(item, from);
    this.#addLoad(item, from, -1);
    this.#addLoad(item, to, 1);
    this.room.give(item, from);
    this.room.take(item, to);
    this.groupRules.remove(item, from);
    this.groupRules.add(item, to);
    this.contents.remove(item, from);
    this.contents.add(item, to);
    this.moveCosts.move(item, from, to);
    this.itemBin[item] = to;
    const initial = this.initial[item]!;
    if (from === initial) this.displaced.add(item);
    else if (to === initial) this.displaced.remove(item);
  }

  #addLoad(item: number, bin: number, sign: 1 | -1): void {
    const termCount = this.#termCount;
    const excessAt = bin * termCount;
    const itemAt = this.#itemRow[item]! * termCount;
    for (let term = 0; term < termCount; term += 1) this.#excess[excessAt + term]! += sign * this.#coefficient[itemAt + term]!;
  }

  #recost(bin: number): number {
    const before = this.binCost[bin]!;
    const after = this.#costOf(bin);
    this.binCost[bin] = after;
    this.room.note(bin);
    return after - before;
  }

  #costOf(bin: number): number {
    const termCount = this.#termCount;
    const excessOf = this.#excess;
    const excessAt = bin * termCount;
    let sum = 0;
    for (let term = 0; term < termCount; term += 1) {
      const excess = excessOf[excessAt + term]!;
      sum += excess + Math.abs(excess);
    }
    return sum * 0.5;
  }
}
