import type { ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import { bytesInWords } from '@/lib/core/rebalance/amount-in-words';
import { unevenness } from '@/lib/core/load/imbalance';
import { evenShareOf } from '@/lib/core/rebalance/objectives/cost-lines';
import type { Placement } from '@/lib/core/rebalance/placement';
import { ItemsByBin } from '@/lib/core/rebalance/search/items-by-bin';
import type { Movables } from './free-shares';
import { leastCostOf, piecesOf } from './least-removal';

export interface BytesBound {
  readonly bytes: number;
  readonly reason: string;
}

/** A level is reached although it was summed in another order. */
const ROUNDING = 1e-9;

interface Ceiling {
  readonly dimension: number;
  /** Per bin, what it may hold and be no worse than the end; Infinity = anything. */
  readonly level: Float64Array;
}

/**
 * Bytes that any plan must move to come as far as this one: no node further above the
 * mean in any relevant dimension, none further above its safety lines, the evacuated
 * nodes as empty. Per node the cheapest fractions by load per byte that bring it down,
 * in the dimension that asks for most; handed-over roles are free. Every copy leaves one
 * node, so the nodes add up.
 */
export function bytesBoundOf(start: Placement, end: Placement, terms: readonly ObjectiveTerm[], movables: Movables): BytesBound {
  const { problem } = start;
  const ceilings = [...evennessCeilings(start, end, terms), ...overloadCeilings(start, end)];
  const items = new ItemsByBin(start);
  const costOf = (item: number) => problem.groupBytes[problem.itemGroup[item]!]!;
  const emptied = problem.evacuating.includes(1) && !end.itemBin.some((bin) => bin >= 0 && problem.evacuating[bin] === 1);
  let bytes = 0;
  let nodes = 0;
  for (let bin = 0; bin < problem.binIds.length; bin += 1) {
    const held = items.of(bin);
    let least = 0;
    if (emptied && problem.evacuating[bin] === 1) for (const item of held) least += costOf(item);
    for (const { dimension, level } of ceilings) {
      const needed = start.level[dimension]![bin]! - level[bin]!;
      if (!(needed > ROUNDING * start.level[dimension]![bin]!)) continue;
      const pieces = piecesOf({ problem, requirement: problem.dimensions[dimension]!.requirement!, movables, costOf }, held);
      least = Math.max(least, leastCostOf(pieces, needed * (1 - ROUNDING)) ?? 0);
    }
    bytes += least;
    if (least > 0) nodes += 1;
  }
  const reason = bytes === 0
    ? 'Nothing has to be moved for it'
    : `${nodes} ${nodes === 1 ? 'node has' : 'nodes have'} at least ${bytesInWords(bytes)} to give away, however it is done, to come as far as this plan`;
  return { bytes, reason };
}

function evennessCeilings(start: Placement, end: Placement, terms: readonly ObjectiveTerm[]): Ceiling[] {
  const { problem } = start;
  return terms.flatMap((term) => {
    const dimension = problem.dimensionIndex[term.dimension];
    const { requirement, divisor } = problem.dimensions[dimension]!;
    const { total, weight } = evenShareOf(problem, start.level[dimension]!, divisor);
    if (!term.relevant || requirement === null || !(total > 0) || !(weight > 0)) return [];
    const reached = unevenness(end.level[dimension]!, divisor, problem.scored) ?? 0;
    return [{ dimension, level: divisor.map((each, bin) => (problem.scored[bin] === 1 ? (1 + reached) * each * (total / weight) : Infinity)) }];
  });
}

/** The worst ratio of use to line that is left; a bin that was below its line need not come down. */
function overloadCeilings(start: Placement, end: Placement): Ceiling[] {
  const { problem } = start;
  return problem.dimensions.flatMap(({ requirement, capacity }, dimension) => {
    if (requirement === null || capacity === null) return [];
    const base = capacity.used.map((used, bin) => used - start.level[dimension]![bin]!);
    let worst = 1;
    base.forEach((each, bin) => {
      const ratio = (each + end.level[dimension]![bin]!) / capacity.limit[bin]!;
      if (ratio > worst) worst = ratio;
    });
    return [{ dimension, level: capacity.limit.map((limit, bin) => (Number.isNaN(base[bin]!) ? Infinity : worst * limit - base[bin]!)) }];
  });
}
