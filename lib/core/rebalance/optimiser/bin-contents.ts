/** Which items each bin holds: lists that grow, with constant-time add, remove and random access. */
export class BinContents {
  readonly #lists: Int32Array[];
  readonly #counts: Int32Array;
  /** N, the position of an item in its bin's list. */
  readonly #position: Int32Array;

  constructor(binCount: number, itemCount: number) {
    this.#lists = Array.from({ length: binCount }, () => new Int32Array(8));
    this.#counts = new Int32Array(binCount);
    this.#position = new Int32Array(itemCount);
  }

  clear(): void {
    this.#counts.fill(0);
  }

  add(item: number, bin: number): void {
    const count = this.#counts[bin]!;
    let list = this.#lists[bin]!;
    if (count === list.length) {
      const grown = new Int32Array(count * 2);
      grown.set(list);
      this.#lists[bin] = grown;
      list = grown;
    }
    list[count] = item;
    this.#position[item] = count;
    this.#counts[bin] = count + 1;
  }

  remove(item: number, bin: number): void {
    const list = this.#lists[bin]!;
    const last = this.#counts[bin]! - 1;
    const moved = list[last]!;
    const position = this.#position[item]!;
    list[position] = moved;
    this.#position[moved] = position;
    this.#counts[bin] = last;
  }

  count(bin: number): number {
    return this.#counts[bin]!;
  }

  /** The list itself: valid up to `count(bin)`, until the bin changes. */
  list(bin: number): Int32Array {
    return this.#lists[bin]!;
  }
}
