/** Something goes from one node to another. */
export interface Pair {
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
}

interface Limits {
  readonly perSourceMax: number;
  readonly perTargetMax: number;
}

interface Waiting {
  readonly pair: Pair;
  readonly begin: () => void;
}

/**
 * Lets work between nodes go on at the same time as long as no node is the source of one
 * and the target of another, and a target takes part in a few at most. In their order:
 * what waits is not overtaken by anything that it would have to wait for.
 */
export class OneRole {
  readonly #limits: Limits;
  readonly #running = new Set<Pair>();
  readonly #waiting: Waiting[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  async run<T>({ sourceNodeId, targetNodeId }: Pair, work: () => Promise<T>): Promise<T> {
    const pair: Pair = { sourceNodeId, targetNodeId };
    if (this.#mayBegin(pair, this.#waiting)) this.#running.add(pair);
    else await new Promise<void>((resolve) => { this.#waiting.push({ pair, begin: resolve }); });
    try {
      return await work();
    } finally {
      this.#running.delete(pair);
      this.#beginNext();
    }
  }

  #mayBegin(pair: Pair, before: readonly Waiting[]): boolean {
    const { perSourceMax, perTargetMax } = this.#limits;
    let sending = 0, receiving = 0;
    for (const other of this.#running) {
      if (isCrossing(pair, other)) return false;
      if (other.sourceNodeId === pair.sourceNodeId) sending += 1;
      if (other.targetNodeId === pair.targetNodeId) receiving += 1;
    }
    if (sending >= perSourceMax || receiving >= perTargetMax) return false;
    return !before.some((other) => isCrossing(pair, other.pair)
      || (perSourceMax < Infinity && other.pair.sourceNodeId === pair.sourceNodeId)
      || (perTargetMax < Infinity && other.pair.targetNodeId === pair.targetNodeId));
  }

  #beginNext(): void {
    for (let at = 0; at < this.#waiting.length;) {
      const next = this.#waiting[at]!;
      if (!this.#mayBegin(next.pair, this.#waiting.slice(0, at))) {
        at += 1;
        continue;
      }
      this.#waiting.splice(at, 1);
      this.#running.add(next.pair);
      next.begin();
    }
  }
}

function isCrossing(a: Pair, b: Pair): boolean {
  return a.sourceNodeId === b.targetNodeId || a.targetNodeId === b.sourceNodeId;
}
