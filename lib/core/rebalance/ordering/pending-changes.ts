import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { Change } from '@/lib/core/rebalance/change';
import type { Problem } from '@/lib/core/rebalance/problem';
import { binsOfGroup, regroup } from '@/lib/core/rebalance/regroup';

/** What is left to do for one group, in the order in which it must be done. */
export class PendingGroup {
  readonly group: number;
  #changes: readonly Change[];
  #at = 0;

  constructor(changes: readonly Change[]) {
    this.group = changes[0]!.group;
    this.#changes = changes;
  }

  head(): Change {
    return this.#changes[this.#at]!;
  }

  /** The head and all that comes after it. */
  rest(): readonly Change[] {
    return this.#at === 0 ? this.#changes : this.#changes.slice(this.#at);
  }

  advance(): void {
    this.#at += 1;
  }

  isDone(): boolean {
    return this.#at >= this.#changes.length;
  }

  /** The copy that was to go from the detour's source now lies on its target; it goes on from there. */
  divert(detour: Change): void {
    this.#changes = this.#changes.map((change, index) => (index >= this.#at && change.from === detour.from ? { ...change, from: detour.to } : change));
  }
}

export interface Way {
  readonly problem: Problem;
  readonly endBins: Int32Array;
  readonly transferPrimary: boolean;
  /** Why the group moves. */
  readonly reasonOf: (group: number, from: number, to: number) => { readonly code: Change['code']; readonly dimension: BalanceDimension };
}

/** For every group that ends elsewhere, the fewest changes that bring it there. */
export function pendingChanges({ problem, endBins, transferPrimary, reasonOf }: Way): PendingGroup[] {
  const pending: PendingGroup[] = [];
  for (let group = 0; group < problem.groupCount; group += 1) {
    if (!hasMoved(problem, endBins, group)) continue;
    const from = binsOfGroup(problem, problem.itemBin, group);
    const to = binsOfGroup(problem, endBins, group);
    const changes = regroup({ group, from, to, hasPrimary: problem.hasPrimary[group] === 1, zoneOf: problem.zoneOf, code: 'evens-load', dimension: 'shards' }, transferPrimary)
      .map((change) => ({ ...change, ...reasonOf(group, change.from, change.to) }));
    if (changes.length > 0) pending.push(new PendingGroup(changes));
  }
  return pending;
}

function hasMoved({ groupStart, itemBin }: Problem, endBins: Int32Array, group: number): boolean {
  for (let item = groupStart[group]!; item < groupStart[group + 1]!; item += 1) if (itemBin[item] !== endBins[item]) return true;
  return false;
}
