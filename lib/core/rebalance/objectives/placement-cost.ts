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
}

function priceOf({ base, line, perUnit }: CostLine, level: number, bin: number): number {
  const above = level + (base === null ? 0 : base[bin]!) - line[bin]!;
  return above > 0 ? above * perUnit : 0;
}
