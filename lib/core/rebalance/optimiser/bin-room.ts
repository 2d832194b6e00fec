import type { AssignmentModel } from './assignment-model';
import type { CompiledTerms } from './compiled-terms';

/**
 * The room left under every limit of every bin. A search either keeps to it (`has`, `hasFor`), or
 * pays for what a bin lacks (`lackWith` and its like) at a price per limit.
 *
 * A transient resource stays taken where its item began, wherever the item is: arrivals use up
 * what there was at the start, and returning takes nothing.
 *
 * Room and need are kept in units of the price. Prices are powers of two, so that nothing is
 * rounded by changing them, and whether there is room is the same question in any unit.
 */
export class BinRoom {
  readonly limitCount: number;
  /** The first so many limits are of transient resources. */
  readonly transientCount: number;
  /** B, price of what is lacking; kept up to date by `note`, once there are prices. */
  readonly lack: Float64Array;
  /** Bins where something is lacking. */
  shortCount = 0;
  #isPriced = false;

  readonly #itemRow: Int32Array;
  readonly #initial: Int32Array;
  readonly #open: Uint8Array;
  /** B x limits, with nothing there that could be elsewhere. */
  readonly #most: Float64Array;
  readonly #room: Float64Array;
  /** W x limits. */
  readonly #need: Float64Array;

  constructor({ itemRow, initial, open, itemCount, binCount }: AssignmentModel, { limitCount, transientCount, emptyRoom, need }: CompiledTerms) {
    this.limitCount = limitCount;
    this.transientCount = transientCount;
    this.#itemRow = itemRow;
    this.#initial = initial;
    this.#open = open;
    this.#need = need;
    this.#most = emptyRoom;
    for (let item = 0; item < itemCount; item += 1) {
      for (let limit = 0; limit < transientCount; limit += 1) this.#most[initial[item]! * limitCount + limit]! -= need[itemRow[item]! * limitCount + limit]!;
    }
    this.#room = this.#most.slice();
    this.lack = new Float64Array(binCount);
  }

  clear(): void {
    this.#room.set(this.#most);
  }

  take(item: number, bin: number): void {
    const needAt = this.#itemRow[item]! * this.limitCount;
    const roomAt = bin * this.limitCount;
    for (let limit = this.#initial[item] === bin ? this.transientCount : 0; limit < this.limitCount; limit += 1) this.#room[roomAt + limit]! -= this.#need[needAt + limit]!;
  }

  give(item: number, bin: number): void {
    const needAt = this.#itemRow[item]! * this.limitCount;
    const roomAt = bin * this.limitCount;
    for (let limit = this.#initial[item] === bin ? this.transientCount : 0; limit < this.limitCount; limit += 1) this.#room[roomAt + limit]! += this.#need[needAt + limit]!;
  }

  /** May the item go to the bin (which is not its own)? */
  has(item: number, to: number): boolean {
    const isReturn = this.#initial[item] === to;
    if (!isReturn && this.#open[to] === 0) return false;
    const limitCount = this.limitCount;
    const need = this.#need;
    const roomOf = this.#room;
    const needAt = this.#itemRow[item]! * limitCount;
    const roomAt = to * limitCount;
    for (let limit = isReturn ? this.transientCount : 0; limit < limitCount; limit += 1) {
      if (need[needAt + limit]! > roomOf[roomAt + limit]!) return false;
    }
    return true;
  }

  /** The same while `leaving` goes away from there. */
  hasFor(item: number, to: number, leaving: number): boolean {
    const isReturn = this.#initial[item] === to;
    if (!isReturn && this.#open[to] === 0) return false;
    const limitCount = this.limitCount;
    const need = this.#need;
    const roomOf = this.#room;
    const releasedFrom = this.#initial[leaving] === to ? this.transientCount : 0;
    const needAt = this.#itemRow[item]! * limitCount;
    const leavingAt = this.#itemRow[leaving]! * limitCount;
    const roomAt = to * limitCount;
    for (let limit = isReturn ? this.transientCount : 0; limit < limitCount; limit += 1) {
      const room = roomOf[roomAt + limit]! + (limit >= releasedFrom ? need[leavingAt + limit]! : 0);
      if (need[needAt + limit]! > room) return false;
    }
    return true;
  }

  /** Would the item fit if everything that can leave had left? */
  couldHold(item: number, to: number): boolean {
    if (this.#initial[item] === to) return true;
    if (this.#open[to] === 0) return false;
    const needAt = this.#itemRow[item]! * this.limitCount;
    const roomAt = to * this.limitCount;
    for (let limit = 0; limit < this.limitCount; limit += 1) {
      if (this.#need[needAt + limit]! > this.#most[roomAt + limit]!) return false;
    }
    return true;
  }

  isKept(bin: number): boolean {
    const end = (bin + 1) * this.limitCount;
    for (let at = bin * this.limitCount; at < end; at += 1) if (this.#room[at]! < 0) return false;
    return true;
  }

  /** From now on what is lacking has a price: each limit's present price times a power of two. */
  reprice(factors: Float64Array): void {
    for (const values of [this.#need, this.#most, this.#room]) {
      for (let at = 0; at < values.length; at += 1) values[at]! *= factors[at % this.limitCount]!;
    }
    this.#isPriced = true;
    this.shortCount = 0;
    this.lack.fill(0);
    for (let bin = 0; bin < this.lack.length; bin += 1) this.note(bin);
  }

  /** The bin has changed. */
  note(bin: number): void {
    if (!this.#isPriced) return;
    const before = this.lack[bin]!;
    const after = this.#lackOf(bin);
    if (before > 0) this.shortCount -= 1;
    if (after > 0) this.shortCount += 1;
    this.lack[bin] = after;
  }

  /** Per limit, the bins that are short of it. */
  shortOf(): Float64Array {
    const counts = new Float64Array(this.limitCount);
    for (let at = 0; at < this.#room.length; at += 1) if (this.#room[at]! < 0) counts[at % this.limitCount]! += 1;
    return counts;
  }

  /** Per limit, at present prices. */
  meanNeeds(): Float64Array {
    const means = new Float64Array(this.limitCount);
    for (const row of this.#itemRow) {
      for (let limit = 0; limit < this.limitCount; limit += 1) means[limit]! += this.#need[row * this.limitCount + limit]! / this.#itemRow.length;
    }
    return means;
  }

  /** Price of what the item's bin lacks with the item gone. */
  lackWithout(item: number, bin: number): number {
    const { limitCount } = this;
    const need = this.#need;
    const roomOf = this.#room;
    const releasedFrom = this.#initial[item] === bin ? this.transientCount : 0;
    const needAt = this.#itemRow[item]! * limitCount;
    const roomAt = bin * limitCount;
    let sum = 0;
    for (let limit = 0; limit < releasedFrom; limit += 1) {
      const room = roomOf[roomAt + limit]!;
      sum += Math.abs(room) - room;
    }
    for (let limit = releasedFrom; limit < limitCount; limit += 1) {
      const room = roomOf[roomAt + limit]! + need[needAt + limit]!;
      sum += Math.abs(room) - room;
    }
    return sum * 0.5;
  }

  lackWith(item: number, bin: number): number {
    const { limitCount } = this;
    const need = this.#need;
    const roomOf = this.#room;
    const takenFrom = this.#initial[item] === bin ? this.transientCount : 0;
    const needAt = this.#itemRow[item]! * limitCount;
    const roomAt = bin * limitCount;
    let sum = 0;
    for (let limit = 0; limit < takenFrom; limit += 1) {
      const room = roomOf[roomAt + limit]!;
      sum += Math.abs(room) - room;
    }
    for (let limit = takenFrom; limit < limitCount; limit += 1) {
      const room = roomOf[roomAt + limit]! - need[needAt + limit]!;
      sum += Math.abs(room) - room;
    }
    return sum * 0.5;
  }

  lackReplacing(bin: number, leaving: number, arriving: number): number {
    const { limitCount } = this;
    const need = this.#need;
    const roomOf = this.#room;
    const releasedFrom = this.#initial[leaving] === bin ? this.transientCount : 0;
    const takenFrom = this.#initial[arriving] === bin ? this.transientCount : 0;
    const leavingAt = this.#itemRow[leaving]! * limitCount;
    const arrivingAt = this.#itemRow[arriving]! * limitCount;
    const roomAt = bin * limitCount;
    let sum = 0;
    for (let limit = 0; limit < limitCount; limit += 1) {
      let room = roomOf[roomAt + limit]!;
      if (limit >= releasedFrom) room += need[leavingAt + limit]!;
      if (limit >= takenFrom) room -= need[arrivingAt + limit]!;
      sum += Math.abs(room) - room;
    }
    return sum * 0.5;
  }

  #lackOf(bin: number): number {
    let sum = 0;
    for (let at = bin * this.limitCount; at < (bin + 1) * this.limitCount; at += 1) sum += Math.max(0, -this.#room[at]!);
    return sum;
  }
}
