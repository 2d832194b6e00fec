import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { Placement } from './placement';
import type { Problem } from './problem';

/** What a strategy evens, and how much it counts against the others. */
export interface ObjectiveTerm {
  readonly dimension: BalanceDimension;
  readonly weight: number;
  /** Held against the threshold. The others only break ties. */
  readonly relevant: boolean;
}

interface Term {
  readonly dimension: number;
  readonly relevant: boolean;
  readonly requirement: Float64Array;
  readonly level: Float64Array;
  readonly divisor: Float64Array;
  /** weight x C / X^2 with C, X the sums of divisors and levels. */
  readonly factor: number;
  /** X / C: the level per divisor when all is even. */
  readonly mean: number;
}

/**
 * Evenness of a placement in several dimensions at once.
 *
 * Two measures with different tasks. The **score** is the largest relevant imbalance
 * (max - mean) / mean: the number that operators read, thresholds are compared with and
 * no step of a plan may raise. It says nothing on plateaus (relieving the second-hottest
 * node does not change it), so the search descends the **energy**, the weighted sum of
 * squared relative deviations; its change by one shift costs a few multiplications,
 * and since it falls strictly, a search cannot run in circles (P7). Both are needed:
 * by the score alone the search is blind, by the energy alone a step might make the
 * worst node worse for the good of many.
 */
export class BalanceModel {
  readonly terms: readonly Term[];

  constructor(readonly placement: Placement, terms: readonly ObjectiveTerm[]) {
    this.terms = terms.flatMap((term) => termOf(placement, term));
  }

  get problem(): Problem {
    return this.placement.problem;
  }

  /** level / divisor relative to the mean: 0 = even, 1 = twice the mean, -1 = empty. */
  excess(term: Term, bin: number): number {
    return term.level[bin]! / term.divisor[bin]! / term.mean - 1;
  }

  /** The relevant term in which a bin is furthest above the mean. */
  worstTerm(bin: number, skip?: ReadonlySet<Term>): Term | null {
    let worst: Term | null = null;
    for (const term of this.terms) {
      if (!term.relevant || skip?.has(term) === true) continue;
      if (worst === null || this.excess(term, bin) > this.excess(worst, bin)) worst = term;
    }
    return worst;
  }

  worstExcess(bin: number): number {
    let worst = -1;
    for (const term of this.terms) {
      if (term.relevant) worst = Math.max(worst, this.excess(term, bin));
    }
    return worst;
  }

  /** The largest relevant imbalance over scored bins; 0 when nothing is compared. */
  score(): number {
    let worst = 0;
    const { scored } = this.problem;
    for (let bin = 0; bin < scored.length; bin += 1) {
      if (scored[bin] === 1) worst = Math.max(worst, this.worstExcess(bin));
    }
    return worst;
  }

  /** Change of energy when `rowOut` goes from -> to and `rowBack` (-1 = nothing) to -> from. */
  energyDelta(from: number, to: number, rowOut: number, rowBack: number): number {
    let delta = 0;
    for (const { requirement, level, divisor, factor } of this.terms) {
      const amount = requirement[rowOut]! - (rowBack < 0 ? 0 : requirement[rowBack]!);
      delta += factor * ((amount * (amount - 2 * level[from]!)) / divisor[from]! + (amount * (amount + 2 * level[to]!)) / divisor[to]!);
    }
    return delta;
  }

  /** Change of energy of `bin` alone when it gains `rowIn` and loses `rowOut` (-1 = nothing). */
  arrivalDelta(bin: number, rowIn: number, rowOut = -1): number {
    let delta = 0;
    for (const { requirement, level, divisor, factor } of this.terms) {
      const amount = requirement[rowIn]! - (rowOut < 0 ? 0 : requirement[rowOut]!);
      delta += (factor * amount * (amount + 2 * level[bin]!)) / divisor[bin]!;
    }
    return delta;
  }

  /** Change of energy of `bin` alone when it loses `rowOut`. */
  departureDelta(bin: number, rowOut: number): number {
    let delta = 0;
    for (const { requirement, level, divisor, factor } of this.terms) {
      const amount = requirement[rowOut]!;
      delta += (factor * amount * (amount - 2 * level[bin]!)) / divisor[bin]!;
    }
    return delta;
  }

  /** The bin's part of the energy: its squared relative deviations, weighted. */
  energyOf(bin: number): number {
    let energy = 0;
    for (const term of this.terms) energy += term.factor * term.mean * term.mean * term.divisor[bin]! * this.excess(term, bin) ** 2;
    return energy;
  }

  /** How much more the bin has than its even share; negative = less. */
  surplus(term: Term, bin: number): number {
    return term.level[bin]! - term.mean * term.divisor[bin]!;
  }

  /** Would `bin`, gaining `rowIn` and losing `rowOut`, be above `ceiling` in a relevant dimension that this raises? */
  exceeds(bin: number, rowIn: number, rowOut: number, ceiling: number): boolean {
    for (const { relevant, requirement, level, divisor, mean } of this.terms) {
      if (!relevant) continue;
      const amount = requirement[rowIn]! - (rowOut < 0 ? 0 : requirement[rowOut]!);
      if (amount > 0 && (level[bin]! + amount) / divisor[bin]! / mean - 1 > ceiling) return true;
    }
    return false;
  }
}

export type BalanceTerm = Term;

/** Totals are taken over scored and evacuating bins: what will be on the scored ones in the end. */
function termOf(placement: Placement, term: ObjectiveTerm): Term[] {
  const { problem } = placement;
  const dimension = problem.dimensionIndex[term.dimension];
  const { requirement, divisor } = problem.dimensions[dimension]!;
  if (requirement === null || term.weight <= 0) return [];
  const level = placement.level[dimension]!;
  let total = 0;
  let weight = 0;
  for (let bin = 0; bin < level.length; bin += 1) {
    if (problem.scored[bin] === 1) weight += divisor[bin]!;
    if (problem.scored[bin] === 1 || problem.evacuating[bin] === 1) total += level[bin]!;
  }
  if (!(total > 0) || !(weight > 0)) return [];
  return [{ dimension, relevant: term.relevant, requirement, level, divisor, factor: (term.weight * weight) / (total * total), mean: total / weight }];
}
