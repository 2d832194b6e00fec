import { SlidingExtreme, SlidingMean } from '../sliding-window';

/** Has a value stayed on one side of a line for a whole window, without anything unknown in it? */
export class Held {
  readonly #extreme: SlidingExtreme;
  readonly #mean: SlidingMean;

  /** above: holds while the smallest value is above; below: while the largest is below. */
  constructor(private readonly side: 'above' | 'below', widthMs: number) {
    this.#extreme = new SlidingExtreme(Math.max(1, widthMs), side === 'above' ? 'min' : 'max');
    this.#mean = new SlidingMean(Math.max(1, widthMs));
  }

  push(atMs: number, value: number | null): void {
    this.#mean.push(atMs, value);
    if (value !== null) this.#extreme.push(atMs, value);
  }

  /** `null` while the window is not filled with known values. */
  holds(nowMs: number, line: number): boolean | null {
    const extreme = this.#extreme.at(nowMs);
    if (extreme === null || this.#mean.at(nowMs) === null) return null;
    return this.side === 'above' ? extreme > line : extreme < line;
  }

  meanAt(nowMs: number): number | null {
    return this.#mean.at(nowMs);
  }

  extremeAt(nowMs: number): number | null {
    return this.#extreme.at(nowMs);
  }
}
