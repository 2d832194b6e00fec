import type { AssignmentModel } from './assignment-model';

/** What being away from home costs: per item, per pair of bins, and by the group with most items away. */
export class MoveCosts {
  readonly #itemGroup: Int32Array;
  readonly #initial: Int32Array;
  readonly #binCount: number;
  /** N, weighted. */
  readonly #awayCost: Float64Array;
  readonly #binMoveCost: Float64Array | null;
  readonly #binMoveWeight: number;
  readonly #groupMoveWeight: number;
  /** With homes by group: one bit per (group, bin); else null. */
  readonly #homeBits: Int32Array | null;
  readonly #words: number;

  /** G, items away. */
  readonly #away: Int32Array;
  /** Groups by their number of items away. */
  readonly #groupsWithAway: Int32Array;
  #awayMax = 0;

  constructor(model: AssignmentModel) {
    this.#itemGroup = model.itemGroup;
    this.#initial = model.initial;
    this.#binCount = model.binCount;
    this.#awayCost = model.itemMoveCost.map((cost) => cost * model.itemMoveWeight);
    this.#binMoveWeight = model.binMoveWeight;
    this.#binMoveCost = model.binMoveWeight > 0 ? model.binMoveCost : null;
    this.#groupMoveWeight = model.groupMoveWeight;
    this.#words = (model.binCount + 31) >>> 5;
    this.#homeBits = model.home === 'group' ? new Int32Array(model.groupCount * this.#words) : null;
    if (this.#homeBits !== null) {
      for (let item = 0; item < model.itemCount; item += 1) {
        const bin = model.initial[item]!;
        this.#homeBits[model.itemGroup[item]! * this.#words + (bin >>> 5)]! |= 1 << (bin & 31);
      }
    }
    this.#away = new Int32Array(model.groupCount);
    this.#groupsWithAway = new Int32Array(model.itemCount + 2);
  }

  /** Everything is at home. */
  clear(): void {
    this.#away.fill(0);
    this.#groupsWithAway.fill(0);
    this.#groupsWithAway[0] = this.#away.length;
    this.#awayMax = 0;
  }

  isAway(item: number, bin: number): boolean {
    if (this.#initial[item] === bin) return false;
    const bits = this.#homeBits;
    return bits === null || (bits[this.#itemGroup[item]! * this.#words + (bin >>> 5)]! & (1 << (bin & 31))) === 0;
  }

  /** Of the item alone. */
  at(item: number, bin: number): number {
    const own = this.isAway(item, bin) ? this.#awayCost[item]! : 0;
    const byBin = this.#binMoveCost;
    return byBin === null ? own : own + this.#binMoveWeight * byBin[this.#initial[item]! * this.#binCount + bin]!;
  }

  /** Of the group term, were the item to go from bin to bin. */
  groupDelta(item: number, from: number, to: number): number {
    if (this.#groupMoveWeight === 0) return 0;
    const wasAway = this.isAway(item, from);
    if (wasAway === this.isAway(item, to)) return 0;
    const away = this.#away[this.#itemGroup[item]!]!;
    if (wasAway) return away === this.#awayMax && this.#groupsWithAway[away] === 1 ? -this.#groupMoveWeight : 0;
    return away === this.#awayMax ? this.#groupMoveWeight : 0;
  }

  /** The same for two items that change bins with one another. */
  swapGroupDelta(first: number, second: number, firstBin: number, secondBin: number): number {
    if (this.#groupMoveWeight === 0) return 0;
    const firstStays = this.isAway(first, firstBin) === this.isAway(first, secondBin);
    const secondStays = this.isAway(second, secondBin) === this.isAway(second, firstBin);
    if (firstStays) return secondStays ? 0 : this.groupDelta(second, secondBin, firstBin);
    if (secondStays) return this.groupDelta(first, firstBin, secondBin);
    const before = this.#awayMax;
    this.move(first, firstBin, secondBin);
    this.move(second, secondBin, firstBin);
    const after = this.#awayMax;
    this.move(second, firstBin, secondBin);
    this.move(first, secondBin, firstBin);
    return this.#groupMoveWeight * (after - before);
  }

  get groupCost(): number {
    return this.#groupMoveWeight * this.#awayMax;
  }

  move(item: number, from: number, to: number): void {
    const wasAway = this.isAway(item, from);
    if (wasAway === this.isAway(item, to)) return;
    const group = this.#itemGroup[item]!;
    const before = this.#away[group]!;
    const after = before + (wasAway ? -1 : 1);
    this.#away[group] = after;
    this.#groupsWithAway[before]! -= 1;
    this.#groupsWithAway[after]! += 1;
    if (after > this.#awayMax) this.#awayMax = after;
    else if (before === this.#awayMax && this.#groupsWithAway[before] === 0) this.#awayMax = after;
  }
}
