import type { CostLine, CostModel } from '@/lib/core/rebalance/objectives/cost-lines';
import type { Placement } from '@/lib/core/rebalance/placement';
import { ItemsByBin } from '@/lib/core/rebalance/search/items-by-bin';
import type { Movables } from './free-shares';
import { piecesOf, type Piece } from './least-removal';

export interface CostBound {
  /** No placement that the constraints allow costs less, moves included. */
  readonly total: number;
  readonly lines: readonly LineBound[];
}

export interface LineBound {
  readonly lowerBound: number;
  /** aggregate: all together is more than all lines. stays: what cannot move is above them. indivisible: single items are. */
  readonly cause: 'aggregate' | 'stays' | 'indivisible' | null;
  /** The heaviest indivisible item, or the bin with most above its line; -1 = none. */
  readonly item: number;
  readonly bin: number;
}

/**
 * A lower bound on the cost of every placement that can be reached, from three
 * relaxations of convex pieces:
 * - per line, what cannot move stays above it where it is, what is too big for the
 *   roomiest bin is above it wherever it goes, and all together is at least above the
 *   sum of the lines;
 * - per bin, coming down to its lines costs the bytes of the cheapest fractions of what
 *   lies there (a linear program in one dimension, solved by sorting), the part that no
 *   bin could hold set aside so that it is not counted twice.
 * Arrivals only add, so each bin is bounded by what it begins with. Capacities and
 * conflicts are left out, which only lowers a bound.
 */
export function costBoundOf(start: Placement, model: CostModel, movables: Movables): CostBound {
  const facts = model.lines.map((line) => factsOf(start, line, movables));
  const lines = facts.map((fact) => lineBoundOf(fact));
  const perLine = lines.reduce((sum, { lowerBound }) => sum + lowerBound, 0);
  const giants = facts.reduce((sum, { indivisible, line }) => sum + indivisible.excess * line.perUnit, 0);
  const items = new ItemsByBin(start);
  let removal = 0;
  for (let bin = 0; bin < start.problem.binIds.length; bin += 1) removal += binBoundOf(start, model, { bin, facts, movables, items: items.of(bin) });
  return { total: Math.max(perLine, giants + removal), lines };
}

interface LineFacts {
  readonly line: CostLine;
  /** Per bin, what stays there whatever is planned. */
  readonly fixed: Float64Array;
  /** Most that a single item can find free below the line of some bin where it may come. */
  readonly roomMax: number;
  readonly movableSum: number;
  readonly indivisible: { readonly excess: number; readonly item: number };
}

function factsOf(start: Placement, line: CostLine, { movable }: Movables): LineFacts {
  const { problem, itemBin } = start;
  const { requirement } = line;
  const fixed = line.base === null ? new Float64Array(problem.binIds.length) : line.base.slice();
  let movableSum = 0;
  for (let item = 0; item < itemBin.length; item += 1) {
    const bin = itemBin[item]!;
    if (bin < 0) continue;
    const amount = requirement[problem.itemRow[item]!]!;
    if (movable[item] === 0) fixed[bin]! += amount;
    else if (line.line[bin]! < Infinity) movableSum += amount;
  }
  let roomMax = 0;
  for (let bin = 0; bin < fixed.length; bin += 1) {
    if (problem.open[bin] === 1 || problem.scored[bin] === 1) roomMax = Math.max(roomMax, line.line[bin]! - fixed[bin]!);
  }
  return { line, fixed, roomMax, movableSum, indivisible: indivisibleOf(start, line, { movable, fixed, roomMax }) };
}

/** What items are above the roomiest line, each by itself; bins where its group already is count as well, since it may stay or its role may go there. */
function indivisibleOf(start: Placement, line: CostLine, { movable, fixed, roomMax }: { movable: Uint8Array; fixed: Float64Array; roomMax: number }): LineFacts['indivisible'] {
  const { problem, itemBin } = start;
  let excess = 0;
  let heaviest = -1;
  for (let item = 0; item < itemBin.length; item += 1) {
    const amount = line.requirement[problem.itemRow[item]!]!;
    if (amount <= roomMax || movable[item] === 0 || itemBin[item]! < 0) continue;
    let room = roomMax;
    const group = problem.itemGroup[item]!;
    for (let sibling = problem.groupStart[group]!; sibling < problem.groupStart[group + 1]!; sibling += 1) {
      const bin = itemBin[sibling]!;
      if (bin >= 0) room = Math.max(room, line.line[bin]! - fixed[bin]!);
    }
    if (amount <= room) continue;
    excess += amount - room;
    if (heaviest < 0 || amount > line.requirement[problem.itemRow[heaviest]!]!) heaviest = item;
  }
  return { excess, item: heaviest };
}

function lineBoundOf({ line, fixed, movableSum, indivisible }: LineFacts): LineBound {
  let staying = 0;
  let room = 0;
  let fullest = -1;
  for (let bin = 0; bin < fixed.length; bin += 1) {
    const above = fixed[bin]! - line.line[bin]!;
    if (above <= 0) room -= above;
    else {
      staying += above;
      if (fullest < 0 || above > fixed[fullest]! - line.line[fullest]!) fullest = bin;
    }
  }
  const crowded = Math.max(0, movableSum - room);
  const best = Math.max(crowded, indivisible.excess);
  const cause = best + staying === 0 ? null : best === 0 || staying > best ? 'stays' : crowded > indivisible.excess ? 'aggregate' : 'indivisible';
  return { lowerBound: (staying + best) * line.perUnit, cause, item: indivisible.item, bin: fullest };
}

interface BinQuestion {
  readonly bin: number;
  readonly facts: readonly LineFacts[];
  readonly movables: Movables;
  readonly items: ArrayLike<number>;
}

/** The dimension that bounds the bin best; of the others what stays above their lines. */
function binBoundOf(start: Placement, model: CostModel, { bin, facts, movables, items }: BinQuestion): number {
  const { problem, level } = start;
  const fixedCost = (fact: LineFacts) => Math.max(0, fact.fixed[bin]! - fact.line.line[bin]!) * fact.line.perUnit;
  const stays = facts.reduce((sum, fact) => sum + fixedCost(fact), 0);
  const dimensions = new Set(facts.filter(({ line }) => level[line.dimension]![bin]! + (line.base?.[bin] ?? 0) > line.line[bin]!).map(({ line }) => line.dimension));
  let best = stays;
  for (const dimension of dimensions) {
    const own = facts.filter(({ line }) => line.dimension === dimension);
    const others = stays - own.reduce((sum, fact) => sum + fixedCost(fact), 0);
    const amountMax = Math.min(...own.map(({ roomMax, indivisible }) => (indivisible.excess > 0 ? roomMax : Infinity)));
    const { requirement } = own[0]!.line;
    const pieces = piecesOf({ problem, requirement, movables, costOf: (item) => model.perCopy + model.perByte * problem.groupBytes[problem.itemGroup[item]!]!, amountMax }, items);
    let movable = 0;
    for (const { amount } of pieces) movable += amount;
    const curves = own.map(({ line, fixed }) => ({ above: fixed[bin]! + movable - line.line[bin]!, perUnit: line.perUnit }));
    best = Math.max(best, others + cheapestDescent(curves, pieces));
  }
  return best;
}

/** Least of what stays above the lines plus what taking pieces off costs; the lines get cheaper as the level falls, the pieces dearer, so greedy is best. */
function cheapestDescent(curves: { above: number; readonly perUnit: number }[], pieces: readonly Piece[]): number {
  let paid = 0;
  for (const piece of pieces) {
    let left = piece.amount;
    const price = piece.cost / piece.amount;
    while (left > 0) {
      const active = curves.filter(({ above }) => above > 0);
      const gain = active.reduce((sum, { perUnit }) => sum + perUnit, 0);
      if (gain <= price) return paid + remaining(curves);
      const step = Math.min(left, ...active.map(({ above }) => above));
      for (const curve of curves) curve.above -= step;
      paid += step * price;
      left -= step;
    }
  }
  return paid + remaining(curves);
}

function remaining(curves: readonly { readonly above: number; readonly perUnit: number }[]): number {
  return curves.reduce((sum, { above, perUnit }) => sum + Math.max(0, above) * perUnit, 0);
}
