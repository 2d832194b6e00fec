import type { Change } from '@/lib/core/rebalance/change';
import { mayPlace, mayTransfer } from '@/lib/core/rebalance/constraints/registry';
import { mayLeave } from '@/lib/core/rebalance/constraints/source';
import { isPrimaryItem } from '@/lib/core/rebalance/problem';
import { binsOfGroup, regroup } from '@/lib/core/rebalance/regroup';
import { createRing, ringPlacement, ringWalk } from './ring';
import type { PlanningRun, RebalanceStrategy } from './strategy';

/** Below this the bound would pass most shards on to their second choice, and joining nodes would disturb many. */
const EPSILON_MIN = 0.05;

/**
 * Where a shard belongs follows from its number and the nodes there are, from nothing
 * else: a hash ring with virtual nodes by capacity and bounded loads (see ring.ts).
 * What a node's coming or going moves is therefore known beforehand and small; how
 * loaded shards are is not looked at. Its score is the share of replicas and primary
 * roles that are not where the ring puts them, and every step takes one off.
 * The bound's epsilon is the request's threshold (at least 0.05): counts end within it.
 */
export const consistentHashing: RebalanceStrategy = {
  name: 'consistent-hashing',
  objective: () => [{ dimension: 'shards', weight: 1, relevant: true }],
  begin: (run) => {
    const ring = createRing(run.problem);
    // Depends on the nodes and on what cannot move, not on what the run has moved so far.
    const wanted = ringPlacement(run.placement, ring, Math.max(EPSILON_MIN, run.threshold));
    return {
      propose: () => { follow(run, wanted); },
      score: () => misplacedShare(run, wanted),
      preferredBins: (group) => ringWalk(ring, group),
    };
  },
};

/** Rounds over the changes until one brings nothing: what is not feasible yet may become so by another. */
function follow(run: PlanningRun, wanted: Int32Array): void {
  const changes: Change[] = [];
  for (let group = 0; group < run.problem.groupCount; group += 1) changes.push(...changesOf(run, group, wanted));
  let waiting = busiestFirst(run, changes);
  for (;;) {
    const before = waiting.length;
    const blocked = new Set<number>();
    waiting = waiting.filter((change) => {
      if (!blocked.has(change.group) && isFeasible(run, change)) {
        run.commit(change);
        return false;
      }
      // The changes of one shard build on each other.
      blocked.add(change.group);
      return true;
    });
    if (waiting.length === before || run.search.interruptedBy() !== null) return;
  }
}

function misplacedShare({ problem, placement, transferPrimary }: PlanningRun, wanted: Int32Array): number {
  let misplaced = 0;
  for (let group = 0; group < problem.groupCount; group += 1) {
    const from = binsOfGroup(problem, placement.itemBin, group);
    const to = binsOfGroup(problem, wanted, group);
    misplaced += from.filter((bin) => !to.includes(bin)).length;
    if (transferPrimary && problem.hasPrimary[group] === 1 && from[0] !== to[0]) misplaced += 1;
  }
  return misplaced / Math.max(1, problem.itemGroup.length);
}

function changesOf(run: PlanningRun, group: number, wanted: Int32Array): Change[] {
  const { problem, placement } = run;
  const from = binsOfGroup(problem, placement.itemBin, group);
  const to = binsOfGroup(problem, wanted, group);
  if (from.every((bin, index) => bin === to[index])) return [];
  return regroup(
    { group, from, to, hasPrimary: problem.hasPrimary[group] === 1, zoneOf: problem.zoneOf, code: 'follows-ring', dimension: 'shards' },
    run.transferPrimary,
  );
}

/** From the fullest to the emptiest first, so that a plan stopped early has done what helps most. Changes of one group keep their order. */
function busiestFirst({ problem, placement }: PlanningRun, changes: readonly Change[]): Change[] {
  const held = placement.level[problem.dimensionIndex.shards]!;
  const gain = new Map<number, number>();
  for (const { group, from, to } of changes) gain.set(group, Math.max(gain.get(group) ?? -Infinity, held[from]! - held[to]!));
  return [...changes].sort((a, b) => gain.get(b.group)! - gain.get(a.group)! || a.group - b.group);
}

function isFeasible({ problem, placement }: PlanningRun, change: Change): boolean {
  const item = placement.itemOn(change.group, change.from);
  if (item < 0 || !mayLeave(placement, item)) return false;
  if (change.kind === 'shift') return problem.open[change.to] === 1 && mayPlace(placement, item, change.to);
  const secondary = placement.itemOn(change.group, change.to);
  return isPrimaryItem(problem, item) && secondary > item && mayTransfer(placement, item, secondary);
}
