import type { PendingGroup } from './pending-changes';

/**
 * Pairs of waiting groups of which the first's next change arrives where the second's
 * leaves: exchanges between two bins first, since only those bring fine polish at no
 * bin's cost, then what is handed on to a third bin. At most `pairsMax` of each.
 */
export function* pairsOf(waiting: readonly PendingGroup[], pairsMax: number): Generator<readonly [PendingGroup, PendingGroup]> {
  const leaving = new Map<number, PendingGroup[]>();
  for (const group of waiting) {
    const { from } = group.head();
    const known = leaving.get(from);
    if (known === undefined) leaving.set(from, [group]);
    else known.push(group);
  }
  for (const closing of [true, false]) {
    let left = pairsMax;
    search: for (const first of waiting) {
      // Whoever was taken in the meantime has nothing next.
      if (first.isDone()) continue;
      const { from, to } = first.head();
      for (const second of leaving.get(to) ?? []) {
        if (second === first || second.isDone() || first.isDone() || (second.head().to === from) !== closing) continue;
        left -= 1;
        if (left < 0) break search;
        yield [first, second];
      }
    }
  }
}
