import type { RefusalCode } from '@/lib/contract/plan';
import { GUARD_RAILS_MAX, type GuardRail } from '@/lib/contract/plan-proof';
import { amountInWords } from '@/lib/core/rebalance/amount-in-words';
import { BalanceModel } from '@/lib/core/rebalance/balance-model';
import { zonesOfGroup } from '@/lib/core/rebalance/objectives/spread';
import type { Placement } from '@/lib/core/rebalance/placement';
import type { Problem } from '@/lib/core/rebalance/problem';
import type { Outcome } from './outcome';

/**
 * What holds today and would not after the plan. Hard rails are constraints: what would
 * break them was refused and is not among the steps. Soft ones are what a plan by search
 * never does, but a hand-made one or an evacuation may: then a human decides.
 */
export function guardRailsOf(outcome: Outcome): GuardRail[] {
  const rails = [...hardRails(outcome), ...spreadRails(outcome), ...imbalanceRails(outcome), ...headroomRails(outcome)];
  return rails.slice(0, GUARD_RAILS_MAX);
}

const RAIL_OF: Partial<Record<RefusalCode, GuardRail['rail']>> = {
  capacity: 'capacity', 'disk-line': 'disk-line', 'replica-conflict': 'replica-conflict', 'zone-spread': 'zone-spread', headroom: 'headroom-node',
  lifecycle: 'eligibility', liveness: 'eligibility', cordoned: 'eligibility', quarantined: 'eligibility', follower: 'eligibility', excluded: 'eligibility',
};

/** Only what an operator asked for by name can run into a hard rail; a search looks elsewhere. */
function hardRails({ planning }: Outcome): GuardRail[] {
  if (planning.request.scope.kind !== 'shards') return [];
  return planning.refusals.toArray().flatMap(({ constraint, message, nodeId, shardId, numbers, count }) => {
    const rail = RAIL_OF[constraint];
    return rail === undefined ? [] : [{ rail, severity: 'hard' as const, message, nodeId, shardId, numbers, count: Math.max(1, count) }];
  });
}

function spreadRails({ problem, start, end, changes }: Outcome): GuardRail[] {
  const lost = [...new Set(changes.map(({ group }) => group))].filter((group) => zonesOfGroup(end, group) < zonesOfGroup(start, group));
  const first = lost[0];
  if (first === undefined || problem.zoneCount < 2) return [];
  const [before, after] = [zonesOfGroup(start, first), zonesOfGroup(end, first)];
  return [{
    rail: 'zone-spread', severity: 'soft', nodeId: null, shardId: first, numbers: { before, after }, count: lost.length,
    message: `${lost.length} ${lost.length === 1 ? 'shard survives' : 'shards survive'} the loss of a zone less well: shard ${first} is in ${before} zones today and would be in ${after}`,
  }];
}

/** Nodes that are within the threshold today and would be above it. */
function imbalanceRails({ start, end, planning }: Outcome): GuardRail[] {
  const { objective, run: { problem, threshold } } = planning;
  const before = new BalanceModel(start, objective);
  const after = new BalanceModel(end, objective);
  return after.terms.flatMap((term, index): GuardRail[] => {
    const was = before.terms[index];
    if (!term.relevant || was === undefined) return [];
    const crossing = problem.binIds.map((_, bin) => bin).filter((bin) => problem.scored[bin] === 1 && before.excess(was, bin) <= threshold && after.excess(term, bin) > threshold + 1e-9)
      .sort((a, b) => after.excess(term, b) - after.excess(term, a) || a - b);
    const worst = crossing[0];
    if (worst === undefined) return [];
    const name = problem.dimensions[term.dimension]!.name;
    const numbers = { before: before.excess(was, worst), after: after.excess(term, worst), limit: threshold };
    return [{
      rail: 'imbalance', severity: 'soft', nodeId: problem.binIds[worst]!, shardId: null, numbers, count: crossing.length,
      message: `${problem.binIds[worst]} would carry ${(1 + numbers.after).toFixed(2)}x the mean ${name}, today ${(1 + numbers.before).toFixed(2)}x; the threshold is ${(1 + threshold).toFixed(2)}x`,
    }];
  });
}

/** Could the rest take over from the largest node, or zone, and stay under its lines? Today with the nodes that are emptied, afterwards without. */
function headroomRails({ problem, start }: Outcome): GuardRail[] {
  if (!problem.evacuating.includes(1)) return [];
  return [false, true].flatMap((byZone): GuardRail[] => {
    if (byZone && problem.zoneCount < 2) return [];
    for (let dimension = 0; dimension < problem.dimensions.length; dimension += 1) {
      const before = spareAfterLoss(problem, start, dimension, { byZone, withEvacuating: true });
      const after = spareAfterLoss(problem, start, dimension, { byZone, withEvacuating: false });
      if (before === null || after === null || before < 0 || after >= 0) continue;
      const what = byZone ? 'zone' : 'node';
      return [{
        rail: byZone ? 'headroom-zone' : 'headroom-node', severity: 'soft', nodeId: null, shardId: null, numbers: { before, after, limit: 0 }, count: 1,
        message: `Today the other nodes could take over from the largest ${what} and stay under their ${problem.dimensions[dimension]!.name} lines; afterwards that needs ${amountInWords(-after, problem.dimensions[dimension]!.name, 'up')} more than they have`,
      }];
    }
    return [];
  });
}

/** What all would have free below their lines with the largest bin or zone gone and its load taken over; `null` where a capacity is unknown. */
function spareAfterLoss({ scored, evacuating, zoneOf, dimensions }: Problem, start: Placement, dimension: number, { byZone, withEvacuating }: { readonly byZone: boolean; readonly withEvacuating: boolean }): number | null {
  const { capacity, requirement } = dimensions[dimension]!;
  if (capacity === null || requirement === null) return null;
  const limits = new Map<number, number>();
  let total = 0;
  let used = 0;
  for (let bin = 0; bin < scored.length; bin += 1) {
    const staysIn = scored[bin] === 1 || (withEvacuating && evacuating[bin] === 1);
    if (scored[bin] === 0 && evacuating[bin] === 0) continue;
    if (!(capacity.limit[bin]! > 0 && capacity.limit[bin]! < Infinity) || !(capacity.used[bin]! >= 0)) return null;
    // What is no shard's stays with its node; the shards of an emptied one come along.
    used += staysIn ? capacity.used[bin]! : start.level[dimension]![bin]!;
    if (!staysIn) continue;
    const owner = byZone ? zoneOf[bin]! : bin;
    total += capacity.limit[bin]!;
    limits.set(owner, (limits.get(owner) ?? 0) + capacity.limit[bin]!);
  }
  if (limits.size < 2) return null;
  return total - Math.max(...limits.values()) - used;
}
