import type { Placement } from '@/lib/core/rebalance/placement';
import type { CostLine, CostModel } from './cost-lines';

const nothing = -1;

/** What a placement costs by the lines, and what one change would add; reads the placement's levels, changes nothing. */
export class PlacementCost {
  readonly #levels: readonly Float64Array[];

  constructor(readonly placement: Placement, readonly model: CostModel) {
    this.#levels = model.lines.map(({ dimension }) => placement.level[dimension]!);
  }

  /** Of all lines over all bins, moves left out. */
  total(): number {
    let cost = 0;
    for (let bin = 0; bin < this.placement.problem.binIds.length; bin += 1) cost += this.ofBin(bin);
    return cost;
  }

  /** Of one line over all bins. */
  ofLine(index: number): number {
    const line = this.model.lines[index]!;
    let cost = 0;
    for (let bin = 0; bin < line.line.length; bin += 1) cost += priceOf(line, this.#levels[index]![bin]!, bin);
    return cost;
  }

  ofBin(bin: number): number {
    let cost = 0;
    for (let index = 0; index < this.model.lines.length; index += 1) cost += priceOf(this.model.lines[index]!, this.#levels[index]![bin]!, bin);
    return cost;
  }

  /** Change of cost when `rowOut` goes from -> to and `rowBack` (-1 = nothing) to -> from. */
  delta(from: number, to: number, rowOut: number, rowBack = nothing): number {
    let delta = 0;
    const { lines } = this.model;
    for (let index = 0; index < lines.length; index += 1) {
      const line = lines[index]!;
      const { requirement } = line;
      const amount = requirement[rowOut]! - (rowBack < 0 ? 0 : requirement[rowBack]!);
      if (amount === 0) continue;
      const level = this.#levels[index]!;
      delta += priceOf(line, level[from]! - amount, from) - priceOf(line, level[from]!, from) + priceOf(line, level[to]! + amount, to) - priceOf(line, level[to]!, to);
    }
    return delta;
  }

  /** Change of cost of two changes at once, where the second leaves the bin on which the first arrives; it may end where the first began. */
  pairDelta(first: Carried, second: Carried): number {
    let delta = 0;
    const { lines } = this.model;
    const closes = second.to === first.from;
    for (let index = 0; index < lines.length; index += 1) {
      const line = lines[index]!;
      const given = amountOf(line, first);
      const passedOn = amountOf(line, second);
      if (given === 0 && passedOn === 0) continue;
      const level = this.#levels[index]!;
      delta += changeOf(line, level, first.from, closes ? passedOn - given : -given) + changeOf(line, level, first.to, given - passedOn);
      if (!closes) delta += changeOf(line, level, second.to, passedOn);
    }
    return delta;
  }
}

/** What goes from -> to, and what comes back for it (-1 = nothing). */
export interface Carried {
  readonly from: number;
  readonly to: number;
  readonly rowOut: number;
  readonly rowBack: number;
}

function amountOf({ requirement }: CostLine, { rowOut, rowBack }: Carried): number {
  return requirement[rowOut]! - (rowBack < 0 ? 0 : requirement[rowBack]!);
}

function changeOf(line: CostLine, level: Float64Array, bin: number, amount: number): number {
  return priceOf(line, level[bin]! + amount, bin) - priceOf(line, level[bin]!, bin);
}

function priceOf({ base, line, perUnit }: CostLine, level: number, bin: number): number {
  const above = level + (base === null ? 0 : base[bin]!) - line[bin]!;
  return above > 0 ? above * perUnit : 0;
}
