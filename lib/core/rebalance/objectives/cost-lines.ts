import type { Objective } from '@/lib/contract/plan-options';
import { reachOf, type Reach } from '@/lib/core/rebalance/bounds/reach';
import type { ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import type { Placement } from '@/lib/core/rebalance/placement';
import type { Problem } from '@/lib/core/rebalance/problem';
import type { BUCKETS } from '@/lib/contract/vocabulary';
import type { Objectives } from './objectives';

/**
 * The cost of a placement as a sum of convex functions of what one bin holds: for every
 * line, a price per unit above it. Safety lines make overload; several lines over the
 * even share make unevenness, dearer the further a bin is above it (a piecewise-linear
 * stand-in for the square, so that lower bounds stay valid and simple); a line at 0 makes
 * evacuation. What moving costs is priced per byte and per copy.
 *
 * Buckets are priorities by price: each costs a hundred times the next (evacuation more),
 * per share of the whole load. That is as strict as an operator wants it: to save bytes
 * it leaves alone what carries less than a hundredth of its share of load.
 */
export interface CostLine {
  readonly objective: Objective;
  readonly bucket: (typeof BUCKETS)[number];
  readonly weight: number;
  readonly dimension: number;
  readonly requirement: Float64Array;
  /** Per bin: used without being any item's; `null` = nothing. */
  readonly base: Float64Array | null;
  /** Per bin, Infinity = costs nothing there. */
  readonly line: Float64Array;
  /** Cost of one unit above the line. */
  readonly perUnit: number;
}

export const BUCKET_PRICE = { evacuate: 1e7, repair: 1e6, overload: 1e4, balance: 1e2, moves: 1 } as const;
/** What one copy costs besides its bytes, in mean copies. */
const COPY_PRICE = 0.1;
/** Marginal prices grow 1, 2, 4 from line to line. */
const SLOPES = [1, 1, 2] as const;
const LINE_GAP_MIN = 0.02;

export interface CostModel {
  readonly lines: readonly CostLine[];
  /** Cost of one moved byte, of one moved copy. */
  readonly perByte: number;
  readonly perCopy: number;
  /** Cost of a zone that a group could be in and is not. */
  readonly perCrowded: number;
  /** How even the weighed dimensions can be made at all, by dimension. */
  readonly reach: ReadonlyMap<number, Reach>;
}

/** `start` is the placement at the start: what the nodes use beyond their items is read off it. */
export function costModelOf(start: Placement, objectives: Objectives, terms: readonly ObjectiveTerm[], threshold: number): CostModel {
  const { problem } = start;
  const { weights } = objectives;
  const totalBytes = problem.itemGroup.reduce((sum, group) => sum + problem.groupBytes[group]!, 0);
  const itemCount = Math.max(1, problem.itemGroup.length);
  const weighed = terms.filter(({ relevant }) => relevant);
  const reach = new Map(weighed.map(({ dimension }) => [problem.dimensionIndex[dimension], reachOf(start, problem.dimensionIndex[dimension])]));
  return {
    lines: [
      ...evacuationLines(start, weights.evacuate),
      ...(weights.overload > 0 ? overloadLines(start, weights.overload) : []),
      ...weighed.flatMap((term) => evennessLines(start, term, { evenTo: objectives.evenTo, threshold, reach: reach.get(problem.dimensionIndex[term.dimension])! })),
    ],
    perByte: totalBytes > 0 ? (weights.bytes * BUCKET_PRICE.moves) / totalBytes : 0,
    perCopy: (weights.moves * COPY_PRICE * BUCKET_PRICE.moves) / itemCount,
    perCrowded: (weights.spread * BUCKET_PRICE.repair) / itemCount,
    reach,
  };
}

function evacuationLines({ problem }: Placement, weight: number): CostLine[] {
  const dimension = problem.dimensionIndex.shards;
  const { requirement } = problem.dimensions[dimension]!;
  if (requirement === null || weight === 0 || !problem.evacuating.includes(1)) return [];
  return [{
    objective: 'evacuate', bucket: 'evacuate', weight, dimension, requirement, base: null,
    line: Float64Array.from(problem.evacuating, (evacuating) => (evacuating === 1 ? 0 : Infinity)),
    perUnit: (weight * BUCKET_PRICE.evacuate) / Math.max(1, problem.itemGroup.length),
  }];
}

/** One line per resource whose capacity is known somewhere, at the safety lines. */
function overloadLines({ problem, level }: Placement, weight: number): CostLine[] {
  return problem.dimensions.flatMap(({ requirement, capacity }, dimension): CostLine[] => {
    if (requirement === null || capacity === null) return [];
    const line = capacity.limit.map((limit, bin) => (capacity.used[bin]! >= 0 && limit >= 0 ? limit : Infinity));
    const total = capacity.used.reduce((sum, used) => sum + (used > 0 ? used : 0), 0);
    if (!(total > 0) || !line.some((limit) => limit < Infinity)) return [];
    const base = capacity.used.map((used, bin) => (used >= 0 ? used - level[dimension]![bin]! : 0));
    return [{ objective: 'overload', bucket: 'overload', weight, dimension, requirement, base, line, perUnit: (weight * BUCKET_PRICE.overload) / total }];
  });
}

function evennessLines(start: Placement, term: ObjectiveTerm, { evenTo, threshold, reach }: { readonly evenTo: number; readonly threshold: number; readonly reach: Reach }): CostLine[] {
  const { problem, level } = start;
  const dimension = problem.dimensionIndex[term.dimension];
  const { requirement, divisor } = problem.dimensions[dimension]!;
  if (requirement === null) return [];
  const { total, weight } = evenShareOf(problem, level[dimension]!, divisor);
  if (!(total > 0) || !(weight > 0)) return [];
  const gap = Math.max(LINE_GAP_MIN, threshold / 2);
  let worst = 0;
  for (let bin = 0; bin < divisor.length; bin += 1) if (problem.scored[bin] === 1) worst = Math.max(worst, level[dimension]![bin]! / divisor[bin]!);
  return SLOPES.map((slope, index) => {
    const above = [0, gap, 4 * gap][index]!;
    const levelOfZone = reach.floorOfZone.map((floor, zone) => {
      const wanted = Math.max((1 + evenTo + above) * Math.max(total / weight, reach.evenOfZone[zone]!), (1 + above) * floor);
      // No step may put a node above the worst there is: a first line beyond that would invite it.
      return index === 0 ? Math.min(wanted, Math.max(worst, floor)) : wanted;
    });
    return {
      objective: term.dimension, bucket: 'balance', weight: term.weight, dimension, requirement, base: null,
      line: divisor.map((each, bin) => (problem.scored[bin] === 1 ? each * levelOfZone[problem.zoneOf[bin]!]! : Infinity)),
      perUnit: (term.weight * slope * BUCKET_PRICE.balance) / total,
    };
  });
}

/** The excess over the mean to which all is evened: what the objectives want, or what arithmetic allows in the dimension that can be evened most. */
export function evenTargetOf(start: Placement, { reach }: CostModel, evenTo: number): number {
  const { problem } = start;
  let target = Infinity;
  for (const [dimension, { floorOfZone }] of reach) {
    const { total, weight } = evenShareOf(problem, start.level[dimension]!, problem.dimensions[dimension]!.divisor);
    if (total > 0 && weight > 0) target = Math.min(target, Math.max(0, ...floorOfZone) / (total / weight) - 1);
  }
  return target < Infinity ? Math.max(evenTo, target) : evenTo;
}

/** What will lie on the scored bins in the end, and the sum of their divisors: the even share of a bin is divisor x total / weight. */
export function evenShareOf({ scored, evacuating }: Problem, level: Float64Array, divisor: Float64Array): { readonly total: number; readonly weight: number } {
  let total = 0;
  let weight = 0;
  for (let bin = 0; bin < level.length; bin += 1) {
    if (scored[bin] === 1) weight += divisor[bin]!;
    if (scored[bin] === 1 || evacuating[bin] === 1) total += level[bin]!;
  }
  return { total, weight };
}
