import type { MoveReason } from '@/lib/contract/plan';
import type { BalanceModel} from '@/lib/core/rebalance/balance-model';
import { type BalanceTerm } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import { mayPlace, mayTransfer } from '@/lib/core/rebalance/constraints/registry';
import { mayLeave } from '@/lib/core/rebalance/constraints/source';
import { isPrimaryItem } from '@/lib/core/rebalance/problem';
import type { PlanningRun } from '@/lib/core/rebalance/strategies/strategy';
import { sortedItems, type ItemOrder } from './item-order';
import { ItemsByBin } from './items-by-bin';
import { Receivers } from './receivers';

export interface ShiftPass {
  readonly run: PlanningRun;
  readonly model: BalanceModel;
  readonly order: ItemOrder;
  readonly code: MoveReason['code'];
  /** Donors are relieved down to this excess over the mean. */
  readonly target: number;
  /** Also items that take their donor below the mean: only when nothing smaller is left. */
  readonly overshoot: boolean;
  /** Feasible receivers looked at per item and zone; Infinity = all. */
  readonly receiversMax: number;
}

/** Less than this is rounding, not an improvement. */
export const ENERGY_GAIN_MIN = 1e-13;
const ROUNDING = 1e-12;

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
  for (const donor of donorsOf(model, pass.target)) changes += relieve(pass, donor, items.of(donor), receivers);
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
    const lists = receivers.refreshed(term);
    const here = items.filter((item) => run.placement.itemBin[item] === donor && mayLeave(run.placement, item));
    const sorted = sortedItems(here, run.problem.itemRow, term, pass.order, pass.overshoot);
    for (const item of sorted) {
      if (model.excess(term, donor) <= pass.target + ROUNDING) break;
      const change = bestChange(pass, { donor, term, item, lists });
      if (change === null) continue;
      run.commit(change);
      changes += 1;
    }
    exhausted.add(term);
  }
}

interface Candidate {
  readonly donor: number;
  readonly term: BalanceTerm;
  readonly item: number;
  readonly lists: readonly Int32Array[];
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
  if (!fits(pass, candidate, term.requirement[row]!)) return null;
  const donorExcess = model.excess(term, donor);
  let best = -1;
  let bestDelta = -ENERGY_GAIN_MIN;
  for (const list of candidate.lists) {
    let feasible = 0;
    for (let at = 0; at < list.length && feasible < pass.receiversMax; at += 1) {
      const bin = list[at]!;
      if (bin === donor) continue;
      if (model.excess(term, bin) >= donorExcess) continue;
      if (!mayPlace(placement, item, bin)) continue;
      feasible += 1;
      const delta = model.energyDelta(donor, bin, row, -1);
      if (delta >= bestDelta || model.exceeds(bin, row, -1, ceiling)) continue;
      best = bin;
      bestDelta = delta;
    }
  }
  return best < 0 ? null : { kind: 'shift', group: problem.itemGroup[item]!, from: donor, to: best, code: pass.code, dimension: problem.dimensions[term.dimension]!.name };
}
