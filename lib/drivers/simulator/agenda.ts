/** Things that will happen in simulated time: a failover, a join, the next beat of a flapping node. */
export class Agenda {
  /** In order of time; ties in order of entry. */
  readonly #entries: { readonly atMs: number; readonly action: () => void }[] = [];

  add(atMs: number, action: () => void): void {
    let position = this.#entries.length;
    while (position > 0 && this.#entries[position - 1]!.atMs > atMs) position -= 1;
    this.#entries.splice(position, 0, { atMs, action });
  }

  /** Infinity when nothing is planned. */
  get nextMs(): number {
    return this.#entries[0]?.atMs ?? Infinity;
  }

  runDue(nowMs: number): void {
    while (this.nextMs <= nowMs) this.#entries.shift()?.action();
  }
}
