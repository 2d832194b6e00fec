/**
 * Work that comes in at the same moment, each in a turn of the event loop of its own: all
 * views of a cluster change with each reading, and together they would hold everybody up.
 */
export class OneATurn {
  readonly #waiting: (() => void)[] = [];

  add(work: () => void): void {
    this.#waiting.push(work);
    if (this.#waiting.length === 1) setImmediate(() => { this.#next(); });
  }

  #next(): void {
    const [work] = this.#waiting;
    try {
      work?.();
    } finally {
      this.#waiting.shift();
      if (this.#waiting.length > 0) setImmediate(() => { this.#next(); });
    }
  }
}
