/** Bursts at a time that one target restores; more would only wait for its one thread, and keep their sources stopped meanwhile. */
const BURSTS_PER_TARGET_MAX = 2;

export interface BurstPair {
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
}

/**
 * When which node may send keys and which restore them. A node in MIGRATE serves nobody
 * until its target has answered: two that migrate to each other, or three in a ring, would
 * wait for each other until MIGRATE times out, and be taken for dead by the cluster
 * meanwhile. So no node sends and restores at the same time; those that are to do both
 * take turns, in the order in which they asked.
 */
export class BurstTurns {
  readonly #sending = new Set<string>();
  readonly #restoring = new Map<string, number>();
  #waiting: readonly (BurstPair & { readonly begin: () => void })[] = [];

  async run<T>(pair: BurstPair, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.#waiting = [...this.#waiting, { ...pair, begin }];
      this.#next();
    });
    try {
      return await work();
    } finally {
      this.#sending.delete(pair.sourceNodeId);
      this.#count(pair.targetNodeId, -1);
      this.#next();
    }
  }

  /** Begins all that may. What has to wait keeps later ones from taking its nodes the other way round. */
  #next(): void {
    const keptFromSending = new Set<string>();
    const keptFromRestoring = new Set<string>();
    this.#waiting = this.#waiting.filter(({ sourceNodeId, targetNodeId, begin }) => {
      const isFree = !this.#sending.has(sourceNodeId) && !this.#restoring.has(sourceNodeId) && !keptFromSending.has(sourceNodeId)
        && !this.#sending.has(targetNodeId) && (this.#restoring.get(targetNodeId) ?? 0) < BURSTS_PER_TARGET_MAX && !keptFromRestoring.has(targetNodeId);
      if (!isFree) {
        keptFromSending.add(sourceNodeId).add(targetNodeId);
        keptFromRestoring.add(sourceNodeId);
        return true;
      }
      this.#sending.add(sourceNodeId);
      this.#count(targetNodeId, 1);
      begin();
      return false;
    });
  }

  #count(targetNodeId: string, change: 1 | -1): void {
    const count = (this.#restoring.get(targetNodeId) ?? 0) + change;
    if (count === 0) this.#restoring.delete(targetNodeId);
    else this.#restoring.set(targetNodeId, count);
  }
}
