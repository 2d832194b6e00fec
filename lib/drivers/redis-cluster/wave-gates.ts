import type { Pair } from './one-role';

/** Of the waves that run at once one is prepared and one handed over while the keys of the third move. */
const WAVES_AT_ONCE_MAX = 3;
/**
 * Those who may spend no more of a source's time than this fill a target from one source
 * after the other: clients of the sources whose turn it is not feel nothing of it. Those
 * who press harder take from all of them, so that the rests of each are used.
 */
const ONE_SOURCE_DUTY_MAX = 0.65;

/** Lets waves of slots begin: so many at a time between two nodes, or to one target where moves are gentle. In their order. */
export class WaveGates {
  readonly #gates = new Map<string, Gate>();

  /** `duty`: share of the time that a source may spend on it, 0..1. */
  async run<T>({ sourceNodeId, targetNodeId }: Pair, duty: number, work: () => Promise<T>): Promise<T> {
    const name = duty <= ONE_SOURCE_DUTY_MAX ? targetNodeId : `${sourceNodeId} ${targetNodeId}`;
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
