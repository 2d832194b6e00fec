import type { Placement } from '@/lib/core/rebalance/placement';

/** The items of each bin at one moment, ascending: a counting sort, O(items). */
export class ItemsByBin {
  readonly #start: Int32Array;
  readonly #items: Int32Array;

  constructor({ itemBin, problem }: Placement) {
    this.#start = new Int32Array(problem.binIds.length + 1);
    for (const bin of itemBin) {
      if (bin >= 0) this.#start[bin + 1]! += 1;
    }
    for (let bin = 0; bin < problem.binIds.length; bin += 1) this.#start[bin + 1]! += this.#start[bin]!;
    const next = this.#start.slice();
    this.#items = new Int32Array(this.#start.at(-1) ?? 0);
    for (let item = 0; item < itemBin.length; item += 1) {
      const bin = itemBin[item]!;
      if (bin < 0) continue;
      this.#items[next[bin]!] = item;
      next[bin]! += 1;
    }
  }

  of(bin: number): Int32Array {
    return this.#items.subarray(this.#start[bin], this.#start[bin + 1]);
  }
}
