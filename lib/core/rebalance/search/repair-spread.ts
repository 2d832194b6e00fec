import type { BalanceModel } from '@/lib/core/rebalance/balance-model';
import { mayPlace } from '@/lib/core/rebalance/constraints/registry';
import { mayLeave } from '@/lib/core/rebalance/constraints/source';
import { crowdedGroups, zonesOfGroup } from '@/lib/core/rebalance/objectives/spread';
import type { PlanningRun } from '@/lib/core/rebalance/strategies/strategy';
import { Effort } from './effort';

/**
 * P3 made good: a group whose replicas share a zone although another has room sends one of
 * them there, where it evens best. Changes are committed; what finds no room stays.
 */
export function repairSpread(run: PlanningRun, model: BalanceModel): number {
  const effort = new Effort(run.search);
  let repaired = 0;
  for (const group of crowdedGroups(run.placement)) {
    while (!effort.isOver && repairOne(run, model, group)) {
      repaired += 1;
      effort.spend(run.problem.binIds.length);
    }
    if (effort.isOver) break;
    effort.spend(run.problem.binIds.length);
  }
  return repaired;
}

function repairOne({ problem, placement, commit }: PlanningRun, model: BalanceModel, group: number): boolean {
  const zones = zonesOfGroup(placement, group);
  let best: { readonly from: number; readonly to: number } | null = null;
  let bestDelta = Infinity;
  for (let item = problem.groupStart[group]!; item < problem.groupStart[group + 1]!; item += 1) {
    const from = placement.itemBin[item]!;
    if (from < 0 || !mayLeave(placement, item) || !sharesItsZone(placement, item)) continue;
    for (let to = 0; to < problem.open.length; to += 1) {
      if (problem.open[to] === 0 || holdsZone(placement, group, problem.zoneOf[to]!) || !mayPlace(placement, item, to)) continue;
      const delta = model.energyDelta(from, to, problem.itemRow[item]!, -1);
      if (delta >= bestDelta) continue;
      best = { from, to };
      bestDelta = delta;
    }
  }
  if (best === null) return false;
  commit({ kind: 'shift', group, ...best, code: 'repairs-constraint', dimension: 'shards' });
  return zonesOfGroup(placement, group) > zones;
}

function sharesItsZone({ problem, itemBin }: PlanningRun['placement'], item: number): boolean {
  const group = problem.itemGroup[item]!;
  const zone = problem.zoneOf[itemBin[item]!]!;
  for (let other = problem.groupStart[group]!; other < problem.groupStart[group + 1]!; other += 1) {
    if (other !== item && itemBin[other]! >= 0 && problem.zoneOf[itemBin[other]!] === zone) return true;
  }
  return false;
}

function holdsZone({ problem, itemBin }: PlanningRun['placement'], group: number, zone: number): boolean {
  for (let item = problem.groupStart[group]!; item < problem.groupStart[group + 1]!; item += 1) {
    if (itemBin[item]! >= 0 && problem.zoneOf[itemBin[item]!] === zone) return true;
  }
  return false;
}
