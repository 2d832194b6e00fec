import type { Change } from '@/lib/core/rebalance/change';
import type { PendingGroup } from './pending-changes';

/**
 * Pairs of waiting groups of which the first's next change arrives where the second's
 * leaves: exchanges between two bins first, since only those bring fine polish at no
 * bin's cost, then what is handed on to a third bin. At most `pairsMax` of each.
 */
export function* pairsOf(waiting: readonly PendingGroup[], pairsMax: number): Generator<readonly [PendingGroup, PendingGroup]> {
  const leaving = leavingBins(waiting);
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

/** So many steps in a row may cost more before they pay: few enough to be seen through when somebody stops. */
export const CHAIN_MAX = 8;

export interface Steps {
  /** Cost of the change as things are, its price included; Infinity = not allowed. */
  netOf(change: Change): number;
  /** Applies it on trial; the result takes it back. */
  apply(change: Change): () => void;
}

export type LeavingBins = ReadonlyMap<number, readonly PendingGroup[]>;

export function leavingBins(waiting: readonly PendingGroup[]): LeavingBins {
  const leaving = new Map<number, PendingGroup[]>();
  for (const group of waiting) {
    const { from } = group.head();
    const known = leaving.get(from);
    if (known === undefined) leaving.set(from, [group]);
    else known.push(group);
  }
  return leaving;
}

/**
 * An ejection chain (Glover 1996) through what waits: `first` overfills the bin where it
 * arrives, so the cheapest change that leaves that bin follows, and so on, until all
 * together take something off the cost. Gives the groups whose next changes make it up,
 * in order; none when there is no such chain. Leaves everything as it was.
 */
export function bestChain(first: PendingGroup, { leaving, steps, looks }: { readonly leaving: LeavingBins; readonly steps: Steps; readonly looks: { left: number } }): readonly PendingGroup[] {
  const links: PendingGroup[] = [];
  const undo: (() => void)[] = [];
  const nextOf = (group: PendingGroup) => group.rest()[links.filter((link) => link === group).length];
  let net = 0;
  let link: PendingGroup | null = first;
  while (link !== null && links.length < CHAIN_MAX) {
    const change: Change = nextOf(link)!;
    net += steps.netOf(change);
    if (net === Infinity) break;
    undo.push(steps.apply(change));
    links.push(link);
    if (net < 0) break;
    let least = Infinity;
    const candidates = leaving.get(change.to) ?? [];
    looks.left -= candidates.length + 1;
    const last: PendingGroup = link;
    link = null;
    for (const candidate of [last, ...candidates]) {
      const following = candidate.isDone() ? undefined : nextOf(candidate);
      if (following === undefined || (candidate !== last && following.from !== change.to)) continue;
      const cost = steps.netOf(following);
      if (cost >= least) continue;
      least = cost;
      link = candidate;
    }
  }
  for (const takeBack of undo.reverse()) takeBack();
  return net < 0 ? links : [];
}
