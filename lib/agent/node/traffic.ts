/** Counts the bytes that a node sends and receives with its payloads. */
export class Traffic {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }
}
