import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { Placement } from './placement';
import type { Problem } from './problem';

/** What a strategy evens, and how much it counts against the others. */
export interface ObjectiveTerm {
  readonly dimension: BalanceDimension;
  readonly weight: number;
  /** Held against the threshold. The others only break ties. */
  readonly relevant: boolean;
  /** How data may move for this term's sake: as a last resort (only once roles alone help no more) or not at all. Absent: freely. */
  readonly data?: 'last-resort' | 'never';
}

interface Term {
  readonly dimension: number;
  readonly relevant: boolean;
  readonly data: 'freely' | 'last-resort' | 'never';
  readonly requirement: Float64Array;
  readonly level: Float64Array;
  readonly divisor: Float64Array;
  /** Over scored bins. */
  readonly divisorMax: number;
  /** weight x C / X^2 with C, X the sums of divisors and levels. */
  readonly factor: number;
  /** The least that any one change can take away; nothing smaller is looked for. */
  readonly amountMin: number;
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

  /** Change of energy of two exchanges at once, where the first ends on the bin the second begins from. */
  pairDelta(first: Exchange, second: Exchange): number {
    let delta = 0;
    for (const { requirement, level, divisor, factor } of this.terms) {
      const given = requirement[first.row]! - requirement[first.rowBack]!;
      const passedOn = requirement[second.row]! - requirement[second.rowBack]!;
      const kept = given - passedOn;
      delta += factor * ((given * (given - 2 * level[first.from]!)) / divisor[first.from]!
        + (kept * (kept + 2 * level[first.to]!)) / divisor[first.to]!
        + (passedOn * (passedOn + 2 * level[second.to]!)) / divisor[second.to]!);
    }
    return delta;
  }

  /** Would the bin between two exchanges be above `ceiling` in a relevant dimension that they raise, once it has both lost and gained? */
  exceedsAfter(bin: number, first: Exchange, second: Exchange, ceiling: number): boolean {
    return this.terms.some(({ relevant, requirement, level, divisor, mean }) => {
      const kept = requirement[first.row]! - requirement[first.rowBack]! - requirement[second.row]! + requirement[second.rowBack]!;
      return relevant && kept > 0 && (level[bin]! + kept) / divisor[bin]! / mean - 1 > ceiling;
    });
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

  /** How much more the bin has than its even share; negative = less. */
  surplus(term: Term, bin: number): number {
    return term.level[bin]! - term.mean * term.divisor[bin]!;
  }

  /**
   * The level / divisor below which a receiver must be for `amount` going there from
   * `donor` to even the term itself: x_b / c_b < x_a / c_a - s / 2 (1 / c_a + 1 / c_b), here with the
   * largest c_b there is. Rules out most candidates by one comparison.
   */
  receiverFillMax(term: Term, donor: number, amount: number): number {
    return term.level[donor]! / term.divisor[donor]! - (amount / 2) * (1 / term.divisor[donor]! + 1 / term.divisorMax);
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

/** `row` goes from -> to and `rowBack` the other way. */
export interface Exchange {
  readonly from: number;
  readonly to: number;
  readonly row: number;
  readonly rowBack: number;
}

/** Totals are taken over scored and evacuating bins: what will be on the scored ones in the end. */
function termOf(placement: Placement, term: ObjectiveTerm): Term[] {
  const { problem } = placement;
  const dimension = problem.dimensionIndex[term.dimension];
  const { requirement, divisor } = problem.dimensions[dimension]!;
  if (requirement === null || term.weight <= 0) return [];
  const level = placement.level[dimension]!;
  let total = 0;
  let weight = 0;
  let divisorMax = 0;
  for (let bin = 0; bin < level.length; bin += 1) {
    if (problem.scored[bin] === 1) {
      weight += divisor[bin]!;
      divisorMax = Math.max(divisorMax, divisor[bin]!);
    }
    if (problem.scored[bin] === 1 || problem.evacuating[bin] === 1) total += level[bin]!;
  }
  if (!(total > 0) || !(weight > 0)) return [];
  return [{ dimension, relevant: term.relevant, data: term.data ?? 'freely', requirement, level, divisor, divisorMax, amountMin: amountMinOf(problem, requirement), factor: (term.weight * weight) / (total * total), mean: total / weight }];
}

/** By requirement: it belongs to one cluster, whose groups do not change. */
const amountsMin = new WeakMap<Float64Array, number>();

/** Over shifts (a row's requirement) and transfers (what a primary requires more than its secondary). */
function amountMinOf({ groupCount, groupStart, itemRow }: Problem, requirement: Float64Array): number {
  const known = amountsMin.get(requirement);
  if (known !== undefined) return known;
  let least = Infinity;
  for (let row = 0; row < requirement.length; row += 1) {
    const amount = requirement[row]!;
    if (amount > 0 && amount < least) least = amount;
  }
  for (let group = 0; group < groupCount; group += 1) {
    const first = groupStart[group]!;
    if (groupStart[group + 1]! - first < 2) continue;
    const difference = requirement[itemRow[first]!]! - requirement[itemRow[first + 1]!]!;
    if (difference > 0 && difference < least) least = difference;
  }
  amountsMin.set(requirement, least);
  return least;
}
