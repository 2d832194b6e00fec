/** Gives each node id an index for as long as the cluster is connected; never reused, so that an index (and a colour) means one node. */
export class NodeDictionary {
  readonly #indexes = new Map<string, number>();
  #ids: readonly string[] = [];

  get ids(): readonly string[] {
    return this.#ids;
  }

  indexOf(nodeId: string): number {
    const known = this.#indexes.get(nodeId);
    if (known !== undefined) return known;
    const index = this.#ids.length;
    this.#indexes.set(nodeId, index);
    this.#ids = [...this.#ids, nodeId];
    return index;
  }
}
