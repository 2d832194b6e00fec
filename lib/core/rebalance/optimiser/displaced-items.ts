/** The items that are not on their initial bin, as a set that can be drawn from. */
export class DisplacedItems {
  /** Valid up to `count`. */
  readonly items: Int32Array;
  count = 0;
  readonly #position: Int32Array;

  constructor(itemCount: number) {
    this.items = new Int32Array(itemCount);
    this.#position = new Int32Array(itemCount);
  }

  clear(): void {
    this.count = 0;
  }

  add(item: number): void {
    this.#position[item] = this.count;
    this.items[this.count] = item;
    this.count += 1;
  }

  remove(item: number): void {
    this.count -= 1;
    const last = this.items[this.count]!;
    const position = this.#position[item]!;
    this.items[position] = last;
    this.#position[last] = position;
  }
}
