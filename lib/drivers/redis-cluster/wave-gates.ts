import type { Pair } from './one-role';

/** Of the waves that run at once one is prepared and one handed over while the keys of the third move. */
const WAVES_AT_ONCE_MAX = 3;
const GENTLE_DUTY_MAX = 0.65;

/** Is so little of a source's time to be spent on moves that its clients come first, as with Low and Default? `duty`: a share, 0..1. */
export function isGentle(duty: number): boolean {
  return duty <= GENTLE_DUTY_MAX;
}

/**
 * Lets waves of slots begin, in their order: so many at a time between two nodes, or to
 * one target where moves are gentle. A target is filled from one source after the other
 * then, and clients of the sources whose turn it is not feel nothing of it; those who
 * press harder take from all of them, so that the rests of each are used.
 */
export class WaveGates {
  readonly #gates = new Map<string, Gate>();

  /** `duty`: share of the time that a source may spend on it, 0..1. */
  async run<T>({ sourceNodeId, targetNodeId }: Pair, duty: number, work: () => Promise<T>): Promise<T> {
    const name = isGentle(duty) ? targetNodeId : `${sourceNodeId} ${targetNodeId}`;
    const gate = this.#gates.get(name) ?? new Gate(WAVES_AT_ONCE_MAX);
    this.#gates.set(name, gate);
    return await gate.run(work);
  }
}

/** How many may come through at a time; the rest waits in its order. */
class Gate {
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly insideMax: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.insideMax) await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
    else this.#inside += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    }
  }
}
