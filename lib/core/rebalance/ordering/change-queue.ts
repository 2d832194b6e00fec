import type { PendingGroup } from './pending-changes';

/** Keys may have fallen by this share without being renewed first. */
const TOLERANCE = 1e-9;

/**
 * A binary heap of groups by what their next change is worth, highest first. Keys are
 * renewed when a group comes up: if it is no longer the best by its present key it goes
 * back in, so that each is judged by the bins as they are, without renewing all of them
 * after every change. Equal keys are settled by group number, which keeps runs of
 * neighbouring shards together.
 */
export class ChangeQueue {
  readonly #heap: { key: number; readonly group: PendingGroup }[] = [];

  constructor(private readonly worthOf: (group: PendingGroup) => number) {}

  fill(groups: readonly PendingGroup[]): void {
    for (const group of groups) this.push(group);
  }

  push(group: PendingGroup): void {
    this.#insert({ key: this.worthOf(group), group });
  }

  pop(): PendingGroup | null {
    for (;;) {
      const top = this.#take();
      if (top === null) return null;
      const key = this.worthOf(top.group);
      const next = this.#heap[0];
      if (next === undefined || key >= next.key - Math.abs(next.key) * TOLERANCE || key >= top.key) return top.group;
      this.#insert({ key, group: top.group });
    }
  }

  /** All that are left, in no order that means anything. */
  takeAll(): PendingGroup[] {
    return this.#heap.splice(0).map(({ group }) => group);
  }

  #insert(entry: { key: number; readonly group: PendingGroup }): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #take(): { key: number; readonly group: PendingGroup } | null {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined) return null;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function isBefore(one: { readonly key: number; readonly group: PendingGroup }, other: { readonly key: number; readonly group: PendingGroup }): boolean {
  return one.key > other.key || (one.key === other.key && one.group.group < other.group.group);
}
