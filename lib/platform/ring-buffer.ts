/** Keeps the newest `capacity` items; pushing beyond drops the oldest. */
export class RingBuffer<T> {
  readonly #items: T[] = [];
  #start = 0;

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#items.length < this.capacity) {
      this.#items.push(item);
      return;
    }
    this.#items[this.#start] = item;
    this.#start = (this.#start + 1) % this.capacity;
  }

  /** Oldest first. */
  toArray(): T[] {
    return [...this.#items.slice(this.#start), ...this.#items.slice(0, this.#start)];
  }

  newest(): T | undefined {
    const last = this.#items.length - 1;
    return last < 0 ? undefined : this.#items[(this.#start + last) % this.#items.length];
  }
}
