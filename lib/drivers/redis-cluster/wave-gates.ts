import type { Pair } from './one-role';

/** While the keys of one wave move the next is prepared. */
const WAVES_AT_ONCE_MAX = 2;

/**
 * Lets waves of slots begin, in their order, so many at a time to one target: it is
 * filled from one source after the other. A source is stopped for as long as its MIGRATE
 * waits for the target's one thread, so clients of the sources whose turn it is not feel
 * nothing.
 */
export class WaveGates {
  readonly #gates = new Map<string, Gate>();

  /** `work` may `leave` its place to the next before it ends. */
  async run<T>({ targetNodeId }: Pair, work: (leave: () => void) => Promise<T>): Promise<T> {
    const gate = this.#gates.get(targetNodeId) ?? new Gate(WAVES_AT_ONCE_MAX);
    this.#gates.set(targetNodeId, gate);
    return await gate.run(work);
  }
}

/** How many may be inside at a time; the rest waits in its order. */
class Gate {
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly insideMax: number) {}

  async run<T>(work: (leave: () => void) => Promise<T>): Promise<T> {
    if (this.#inside >= this.insideMax) await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
    else this.#inside += 1;
    let isInside = true;
    const leave = () => {
      if (!isInside) return;
      isInside = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    };
    try {
      return await work(leave);
    } finally {
      leave();
    }
  }
}
