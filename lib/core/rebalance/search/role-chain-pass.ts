import type { BalanceTerm, Exchange } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import { mayTransfer } from '@/lib/core/rebalance/constraints/registry';
import { mayLeave } from '@/lib/core/rebalance/constraints/source';
import { ItemsByBin } from './items-by-bin';
import { donorsOf, ENERGY_GAIN_MIN, type ShiftPass } from './shift-pass';

const ROUNDING = 1e-12;

/** Ways tried from a third to a bin that lacks a role: they are alike. */
const WAYS_PER_THIRD_MAX = 8;

/**
 * Primary roles over two hands: a donor shares no shard with the bin that lacks a role,
 * but both share one with a third. First the third hands a role on, then the donor one
 * to the third. No data moves, and neither end is above where the donor was. Only for
 * terms that data does not move for: all others have shifts.
 * At most one chain per donor and pass; returns the number of changes.
 */
export function roleChainPass(pass: ShiftPass): number {
  const { run, model } = pass;
  if (!run.transferPrimary || run.problem.itemGroup.length === run.problem.groupCount) return 0;
  const items = new ItemsByBin(run.placement);
  let changes = 0;
  for (const donor of donorsOf(model, pass.target)) {
    const term = model.terms.find((each) => each.relevant && each.data !== 'freely' && model.excess(each, donor) > pass.target + ROUNDING);
    if (pass.effort.isOver) break;
    if (term === undefined) continue;
    const chain = bestChain(pass, donor, term, items);
    for (const change of chain) run.commit(change);
    changes += chain.length;
  }
  return changes;
}

function bestChain(pass: ShiftPass, donor: number, term: BalanceTerm, items: ItemsByBin): readonly Change[] {
  const { model } = pass;
  const fillMax = model.receiverFillMax(term, donor, term.amountMin);
  const isLacking = (bin: number) => bin !== donor && term.level[bin]! < fillMax * term.divisor[bin]!;
  if (!model.problem.scored.some((scored, bin) => scored === 1 && isLacking(bin))) return [];
  const ceiling = model.worstExcess(donor) + ROUNDING;
  const onward = new Map<number, readonly Handover[]>();
  for (const first of handovers(pass, donor, items)) {
    if (pass.effort.isOver) break;
    const ways = onward.get(first.to) ?? firstOf(handovers(pass, first.to, items), ({ to }) => isLacking(to));
    onward.set(first.to, ways);
    pass.effort.spend(ways.length);
    for (const second of ways) {
      if (second.group === first.group || model.pairDelta(first, second) >= -ENERGY_GAIN_MIN || !staysBelow(pass, first, second, ceiling)) continue;
      return [second, first].map(({ group, from, to }) => ({ kind: 'transfer', group, from, to, code: pass.code, dimension: model.problem.dimensions[term.dimension]!.name }));
    }
  }
  return [];
}

function firstOf(all: Iterable<Handover>, wanted: (handover: Handover) => boolean): readonly Handover[] {
  const found: Handover[] = [];
  for (const handover of all) {
    if (!wanted(handover)) continue;
    found.push(handover);
    if (found.length === WAYS_PER_THIRD_MAX) break;
  }
  return found;
}

interface Handover extends Exchange {
  readonly group: number;
}

/** Every role the bin could hand over to somebody. */
function* handovers({ run, effort }: ShiftPass, from: number, items: ItemsByBin): Generator<Handover> {
  const { problem, placement } = run;
  for (const item of items.of(from)) {
    effort.spend(1);
    const group = problem.itemGroup[item]!;
    if (problem.groupStart[group] !== item || problem.hasPrimary[group] === 0 || placement.itemBin[item] !== from || !mayLeave(placement, item)) continue;
    for (let sibling = item + 1; sibling < problem.groupStart[group + 1]!; sibling += 1) {
      if (mayTransfer(placement, item, sibling)) yield { group, from, to: placement.itemBin[sibling]!, row: problem.itemRow[item]!, rowBack: problem.itemRow[sibling]! };
    }
  }
}

function staysBelow({ model }: ShiftPass, first: Handover, second: Handover, ceiling: number): boolean {
  return !model.exceeds(second.to, second.row, second.rowBack, ceiling) && !model.exceedsAfter(first.to, first, second, ceiling);
}
