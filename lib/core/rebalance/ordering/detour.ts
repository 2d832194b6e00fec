import type { Change } from '@/lib/core/rebalance/change';
import type { Placement } from '@/lib/core/rebalance/placement';
import type { PendingGroup } from './pending-changes';

interface Stuck {
  readonly placement: Placement;
  readonly waiting: readonly PendingGroup[];
  readonly allows: (change: Change) => boolean;
}

/**
 * Bins that are full and wait for each other's items: the smallest waiting item that finds
 * room on a third bin goes there for the time being, so that what comes in its place
 * can, and goes on from there later. Of the third bins that one is taken which has most
 * room, in the order of bins where they are alike. `null` when no item has a third bin.
 */
export function detourFor({ placement, waiting, allows }: Stuck): { readonly change: Change; readonly group: PendingGroup } | null {
  const { problem } = placement;
  const wanted = new Set(waiting.map((group) => group.head().to));
  const bySize = waiting.filter((group) => group.head().kind === 'shift' && wanted.has(group.head().from))
    .sort((a, b) => problem.groupBytes[a.group]! - problem.groupBytes[b.group]! || a.group - b.group);
  for (const group of bySize) {
    const head = group.head();
    let best: Change | null = null;
    let bestCount = Infinity;
    for (let bin = 0; bin < problem.binIds.length; bin += 1) {
      if (bin === head.to || bin === head.from || placement.arrivals[bin]! >= bestCount) continue;
      const change: Change = { ...head, to: bin, code: 'makes-room' };
      if (!allows(change)) continue;
      best = change;
      bestCount = placement.arrivals[bin]!;
    }
    if (best !== null) return { change: best, group };
  }
  return null;
}
