import type { BalanceModel} from '@/lib/core/rebalance/balance-model';
import { type BalanceTerm } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import { mayPlace } from '@/lib/core/rebalance/constraints/registry';
import { mayLeave } from '@/lib/core/rebalance/constraints/source';
import { sortedItems } from './item-order';
import { ItemsByBin } from './items-by-bin';
import { Receivers, type ReceiverList } from './receivers';
import { donorsOf, ENERGY_GAIN_MIN, movesData, type ShiftPass } from './shift-pass';

const DONORS_MAX = 12;
const ITEMS_PER_DONOR_MAX = 12;
const RECEIVERS_MAX = 8;
const THIRDS_MAX = 4;
const ITEMS_PER_RECEIVER_MAX = 6;
/** An exchange moves two shards: it must take this share off what the donor has too much. */
const GAIN_SHARE_MIN = 0.05;
/** Only donors that have at least this share of the score: exchanges relieve peaks, not the last per mille everywhere. */
const PEAK_SHARE_MIN = 0.5;
const ROUNDING = 1e-12;

/**
 * What single shifts cannot do: a donor's item is too big for every receiver unless
 * something smaller leaves that receiver first, to a third bin or in exchange to the
 * donor (an ejection chain of length two). Both halves stay under the donor's worst
 * excess, so that a plan stopped between them is no worse than before. Bounded to the
 * worst donors, their heaviest items and the emptiest receivers. Returns the number of changes.
 */
export function exchangePass(pass: ShiftPass): number {
  const items = new ItemsByBin(pass.run.placement);
  const receivers = new Receivers(pass.model);
  const peak = Math.max(pass.target, PEAK_SHARE_MIN * pass.model.score());
  let changes = 0;
  for (const donor of donorsOf(pass.model, peak).slice(0, DONORS_MAX)) {
    const term = pass.model.worstTerm(donor);
    if (pass.effort.isOver) break;
    if (term === null || !movesData(pass, term)) continue;
    const pair = bestExchange(pass, { donor, term, items, receivers });
    if (pair === null) continue;
    for (const change of pair) pass.run.commit(change);
    // What lies where has changed; the next pass looks with fresh eyes.
    changes += pair.length;
    break;
  }
  return changes;
}

interface Neighbourhood {
  readonly donor: number;
  readonly term: BalanceTerm;
  readonly items: ItemsByBin;
  readonly receivers: Receivers;
}

function bestExchange(pass: ShiftPass, { donor, term, items, receivers }: Neighbourhood): readonly Change[] | null {
  const { run, model, order } = pass;
  const { itemRow } = run.problem;
  const movable = (bin: number) => items.of(bin).filter((item) => mayLeave(run.placement, item));
  const heaviest = sortedItems(movable(donor).filter((item) => term.requirement[itemRow[item]!]! > 0), { itemRow, term, order, lightestFirst: false }).slice(0, ITEMS_PER_DONOR_MAX);
  const near = emptiest(receivers.refreshed(term, donor), donor);
  const ceiling = model.worstExcess(donor) + ROUNDING;
  let best: readonly Change[] | null = null;
  let bestDelta = -ENERGY_GAIN_MIN;
  for (const receiver of near) {
    const lighter = movable(receiver);
    for (const item of heaviest) {
      if (pass.effort.isOver) return best;
      if (!mayPlace(run.placement, item, receiver)) continue;
      pass.effort.spend(lighter.length);
      for (const back of closestBelow(lighter, itemRow, term, item, model.surplus(term, donor))) {
        for (const third of [donor, ...near.slice(0, THIRDS_MAX)]) {
          if (third === receiver || run.problem.itemGroup[item] === run.problem.itemGroup[back]) continue;
          const delta = exchangeDelta(model, { donor, receiver, third, item, back });
          if (delta >= bestDelta) continue;
          const pair = orderedPair(pass, { donor, receiver, third, item, back }, term, ceiling);
          if (pair === null) continue;
          best = pair;
          bestDelta = delta;
        }
      }
    }
  }
  return best;
}

/** The emptiest of every list in turn, so that each zone is among them. */
function emptiest(lists: readonly ReceiverList[], donor: number): number[] {
  const near: number[] = [];
  for (let at = 0; near.length < RECEIVERS_MAX && lists.some(({ bins }) => at < bins.length); at += 1) {
    near.push(...lists.flatMap(({ bins }) => (at < bins.length && bins[at] !== donor ? [bins[at]!] : [])));
  }
  return near.slice(0, RECEIVERS_MAX);
}

interface Exchange {
  readonly donor: number;
  readonly receiver: number;
  readonly third: number;
  readonly item: number;
  readonly back: number;
}

/** The receiver's items whose going makes the net transfer closest to what the donor has too much. */
function closestBelow(candidates: Int32Array, itemRow: Int32Array, term: BalanceTerm, item: number, surplus: number): number[] {
  const weight = term.requirement[itemRow[item]!]!;
  const netMin = GAIN_SHARE_MIN * surplus;
  const closest: { back: number; distance: number }[] = [];
  for (const back of candidates) {
    const weightBack = term.requirement[itemRow[back]!]!;
    if (weight - weightBack < netMin) continue;
    const distance = Math.abs(weight - weightBack - surplus);
    if (closest.length === ITEMS_PER_RECEIVER_MAX && distance >= closest.at(-1)!.distance) continue;
    const at = closest.findIndex((other) => distance < other.distance);
    closest.splice(at < 0 ? closest.length : at, 0, { back, distance });
    if (closest.length > ITEMS_PER_RECEIVER_MAX) closest.pop();
  }
  return closest.map(({ back }) => back);
}

function exchangeDelta(model: BalanceModel, { donor, receiver, third, item, back }: Exchange): number {
  const { itemRow } = model.problem;
  const itemRowId = itemRow[item]!;
  const backRowId = itemRow[back]!;
  if (third === donor) return model.energyDelta(donor, receiver, itemRowId, backRowId);
  return model.departureDelta(donor, itemRowId) + model.arrivalDelta(receiver, itemRowId, backRowId) + model.arrivalDelta(third, backRowId);
}

/** The two shifts in an order in which neither raises a bin above the ceiling; `null` when there is none. */
function orderedPair(pass: ShiftPass, exchange: Exchange, term: BalanceTerm, ceiling: number): readonly Change[] | null {
  const { model, run } = pass;
  const { itemRow, itemGroup, dimensions } = run.problem;
  const { donor, receiver, third, item, back } = exchange;
  const itemRowId = itemRow[item]!;
  const backRowId = itemRow[back]!;
  if (!run.problem.open[third] || !mayPlace(run.placement, back, third)) return null;
  const dimension = dimensions[term.dimension]!.name;
  const give: Change = { kind: 'shift', group: itemGroup[item]!, from: donor, to: receiver, code: pass.code, dimension };
  const makeRoom: Change = { kind: 'shift', group: itemGroup[back]!, from: receiver, to: third, code: 'makes-room', dimension };
  const thirdLoses = third === donor ? itemRowId : -1;
  const roomFirst = !model.exceeds(third, backRowId, -1, ceiling) && !model.exceeds(receiver, itemRowId, backRowId, ceiling);
  if (roomFirst) return [makeRoom, give];
  const giveFirst = !model.exceeds(receiver, itemRowId, -1, ceiling) && !model.exceeds(third, backRowId, thirdLoses, ceiling);
  return giveFirst ? [give, makeRoom] : null;
}
