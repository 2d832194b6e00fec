import type { MoveReason } from '@/lib/contract/plan';
import type { BalanceModel} from '@/lib/core/rebalance/balance-model';
import { type BalanceTerm } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import { mayPlace, mayTransfer } from '@/lib/core/rebalance/constraints/registry';
import { losesZone } from '@/lib/core/rebalance/constraints/zone-spread';
import { mayLeave } from '@/lib/core/rebalance/constraints/source';
import type { Placement } from '@/lib/core/rebalance/placement';
import { isPrimaryItem } from '@/lib/core/rebalance/problem';
import type { PlanningRun } from '@/lib/core/rebalance/strategies/strategy';
import type { Effort } from './effort';
import { sortedItems, type ItemOrder } from './item-order';
import { ItemsByBin } from './items-by-bin';
import { Receivers, type ReceiverList } from './receivers';

export interface ShiftPass {
  readonly run: PlanningRun;
  readonly model: BalanceModel;
  readonly order: ItemOrder;
  readonly code: MoveReason['code'];
  /** Donors are relieved down to this excess over the mean. */
  readonly target: number;
  /** Also items that take their donor below the mean: only when nothing smaller is left. */
  readonly overshoot: boolean;
  /** May data move for terms that allow it as a last resort? */
  readonly lastResort: boolean;
  /** Feasible receivers looked at per item and zone; Infinity = all. */
  readonly receiversMax: number;
  readonly effort: Effort;
}

/** Less than this is rounding, not an improvement. */
export const ENERGY_GAIN_MIN = 1e-13;
const ROUNDING = 1e-12;
/** What weighs less than this share of the donor's surplus and than this share of its mean item is not worth a move. */
const SURPLUS_SHARE_MIN = 0.01;
const ITEM_SHARE_MIN = 0.25;

/**
 * Visits every bin above the target once, the worst first, and gives away what weighs on
 * it until it is down to the target. Every change lowers the energy, and no receiver
 * ends above its donor's worst excess, so the score cannot rise either.
 * Returns the number of changes made.
 */
export function shiftPass(pass: ShiftPass): number {
  const { run, model } = pass;
  const items = new ItemsByBin(run.placement);
  const receivers = new Receivers(model);
  let changes = 0;
  for (const donor of donorsOf(model, pass.target)) {
    if (pass.effort.isOver) break;
    changes += relieve(pass, donor, items.of(donor), receivers);
  }
  return changes;
}

/** Readable scored bins above the target, worst first. */
export function donorsOf(model: BalanceModel, target: number): number[] {
  const { scored, readable } = model.problem;
  const donors: { bin: number; excess: number }[] = [];
  for (let bin = 0; bin < scored.length; bin += 1) {
    if (scored[bin] === 0 || readable[bin] === 0) continue;
    const excess = model.worstExcess(bin);
    if (excess > target + ROUNDING) donors.push({ bin, excess });
  }
  return donors.sort((a, b) => b.excess - a.excess || a.bin - b.bin).map(({ bin }) => bin);
}

function relieve(pass: ShiftPass, donor: number, items: Int32Array, receivers: Receivers): number {
  const { model, run } = pass;
  const exhausted = new Set<BalanceTerm>();
  let changes = 0;
  for (;;) {
    const term = model.worstTerm(donor, exhausted);
    if (term === null || model.excess(term, donor) <= pass.target + ROUNDING) return changes;
    exhausted.add(term);
    pass.effort.spend(items.length);
    const lists = receivers.refreshed(term, donor);
    if (!hasWork(pass, donor, term, lists)) continue;
    const weightMin = Math.min(SURPLUS_SHARE_MIN * model.surplus(term, donor), ITEM_SHARE_MIN * (term.level[donor]! / items.length));
    const helpful = items.filter((item) => run.placement.itemBin[item] === donor && mayHelp(pass, { donor, term, item, lists }, weightMin));
    for (const item of sortedItems(helpful, { itemRow: run.problem.itemRow, term, order: pass.order, lightestFirst: pass.overshoot })) {
      if (pass.effort.isOver) return changes;
      if (model.excess(term, donor) <= pass.target + ROUNDING) break;
      const change = bestChange(pass, { donor, term, item, lists });
      if (change === null) continue;
      run.commit(change);
      changes += 1;
    }
  }
}

/** Could anything at all even the term here? A cheap no saves looking at every item. */
function hasWork(pass: ShiftPass, donor: number, term: BalanceTerm, lists: readonly ReceiverList[]): boolean {
  const { run, model, overshoot } = pass;
  if (!overshoot && model.surplus(term, donor) < term.amountMin * (1 - ROUNDING)) return false;
  if (run.transferPrimary && run.problem.itemGroup.length > run.problem.groupCount) return true;
  if (!movesData(pass, term)) return false;
  const fillMax = receiverFillMax(pass, { donor, term }, term.amountMin);
  return lists.some((list) => isBelow(term, list, donor, fillMax));
}

export function movesData({ lastResort }: Pick<ShiftPass, 'lastResort'>, term: BalanceTerm): boolean {
  return term.data === 'freely' || (term.data === 'last-resort' && lastResort);
}

/** Is the list's emptiest bin, other than the donor, less full than that? */
function isBelow(term: BalanceTerm, { bins }: ReceiverList, donor: number, fillMax: number): boolean {
  const emptiest = bins[0] === donor ? bins[1] : bins[0];
  return emptiest !== undefined && term.level[emptiest]! < fillMax * term.divisor[emptiest]!;
}

/** Rules out, before anything is sorted, what cannot even the term by itself. Never wrong about what can. */
function mayHelp(pass: ShiftPass, candidate: Candidate, weightMin: number): boolean {
  const { run } = pass;
  const { problem, placement } = run;
  const { donor, term, item, lists } = candidate;
  const weight = term.requirement[problem.itemRow[item]!]!;
  if (!(weight > 0) || weight < weightMin || !mayLeave(placement, item)) return false;
  // A transfer takes less than the whole weight along, so only the search itself can tell.
  if (run.transferPrimary && isPrimaryItem(problem, item) && hasEmptierSibling(candidate, placement)) return true;
  if (!movesData(pass, term) || !fits(pass, candidate, weight)) return false;
  const fillMax = receiverFillMax(pass, candidate, weight);
  return lists.some((list) => isBelow(term, list, donor, fillMax) && (list.zone === null || !losesZone(placement, item, list.zone)));
}

/**
 * How full (level / divisor) a receiver may be. Always so that the term is evened; and
 * as long as nothing may overshoot, only what lacks more than half of the item to its
 * even share: else what cannot go to the node that lacks most is pushed around among
 * those that lack nothing, and moved again from there (P8).
 */
function receiverFillMax(pass: ShiftPass, { donor, term }: Pick<Candidate, 'donor' | 'term'>, amount: number): number {
  const evens = pass.model.receiverFillMax(term, donor, amount);
  return pass.overshoot ? evens : Math.min(evens, term.mean - amount / 2 / term.divisorMax + term.mean * ROUNDING);
}

function hasEmptierSibling({ item, donor, term }: Candidate, { problem, itemBin }: Placement): boolean {
  const end = problem.groupStart[problem.itemGroup[item]! + 1]!;
  const row = problem.itemRow[item]!;
  const fill = term.level[donor]! / term.divisor[donor]!;
  for (let sibling = item + 1; sibling < end; sibling += 1) {
    const bin = itemBin[sibling]!;
    if (bin >= 0 && term.requirement[problem.itemRow[sibling]!]! < term.requirement[row]! && term.level[bin]! / term.divisor[bin]! < fill) return true;
  }
  return false;
}

interface Candidate {
  readonly donor: number;
  readonly term: BalanceTerm;
  readonly item: number;
  readonly lists: readonly ReceiverList[];
}

/** A transfer when one helps, since it moves no data; else the best shift. */
function bestChange(pass: ShiftPass, candidate: Candidate): Change | null {
  const { run, model } = pass;
  if (run.placement.itemBin[candidate.item] !== candidate.donor) return null;
  const ceiling = model.worstExcess(candidate.donor) + ROUNDING;
  return bestTransfer(pass, candidate, ceiling) ?? bestShift(pass, candidate, ceiling);
}

function fits(pass: ShiftPass, { term, donor }: Candidate, amount: number): boolean {
  return pass.overshoot || amount <= term.level[donor]! - term.mean * term.divisor[donor]! * (1 - ROUNDING);
}

function bestTransfer(pass: ShiftPass, candidate: Candidate, ceiling: number): Change | null {
  const { run, model } = pass;
  const { problem, placement } = run;
  const { donor, item, term } = candidate;
  if (!run.transferPrimary || !isPrimaryItem(problem, item)) return null;
  const row = problem.itemRow[item]!;
  const group = problem.itemGroup[item]!;
  let best = -1;
  let bestDelta = -ENERGY_GAIN_MIN;
  for (let sibling = item + 1; sibling < problem.groupStart[group + 1]!; sibling += 1) {
    const bin = placement.itemBin[sibling]!;
    const siblingRow = problem.itemRow[sibling]!;
    const amount = term.requirement[row]! - term.requirement[siblingRow]!;
    if (bin < 0 || !(amount > 0) || !fits(pass, candidate, amount) || !mayTransfer(placement, item, sibling)) continue;
    const delta = model.energyDelta(donor, bin, row, siblingRow);
    if (delta >= bestDelta || model.exceeds(bin, row, siblingRow, ceiling)) continue;
    best = bin;
    bestDelta = delta;
  }
  return best < 0 ? null : { kind: 'transfer', group, from: donor, to: best, code: pass.code, dimension: problem.dimensions[term.dimension]!.name };
}

function bestShift(pass: ShiftPass, candidate: Candidate, ceiling: number): Change | null {
  const { run, model } = pass;
  const { problem, placement } = run;
  const { donor, item, term } = candidate;
  const row = problem.itemRow[item]!;
  if (!movesData(pass, term) || !fits(pass, candidate, term.requirement[row]!)) return null;
  const fillMax = receiverFillMax(pass, candidate, term.requirement[row]!);
  let best = -1;
  let bestDelta = -ENERGY_GAIN_MIN;
  for (const { zone, bins } of candidate.lists) {
    if (zone !== null && losesZone(placement, item, zone)) continue;
    let feasible = 0;
    let at = 0;
    for (; at < bins.length && feasible < pass.receiversMax; at += 1) {
      const bin = bins[at]!;
      // All after it are fuller still; where a list has aged since it was sorted, the next pass sees it.
      if (term.level[bin]! >= fillMax * term.divisor[bin]!) break;
      if (bin === donor || !mayPlace(placement, item, bin)) continue;
      feasible += 1;
      const delta = model.energyDelta(donor, bin, row, -1);
      if (delta >= bestDelta || model.exceeds(bin, row, -1, ceiling)) continue;
      best = bin;
      bestDelta = delta;
    }
    pass.effort.spend(at + 1);
  }
  return best < 0 ? null : { kind: 'shift', group: problem.itemGroup[item]!, from: donor, to: best, code: pass.code, dimension: problem.dimensions[term.dimension]!.name };
}
