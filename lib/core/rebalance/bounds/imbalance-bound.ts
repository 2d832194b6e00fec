import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { ImbalanceBound } from '@/lib/contract/plan-proof';
import type { ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import { evenShareOf } from '@/lib/core/rebalance/objectives/cost-lines';
import type { Placement } from '@/lib/core/rebalance/placement';
import { unevenness } from '@/lib/core/load/imbalance';
import type { Movables } from './free-shares';
import type { Reach } from './reach';

interface Known {
  readonly movables: Movables;
  readonly reach: ReadonlyMap<number, Reach>;
}

interface Floor {
  readonly level: number;
  readonly cause: ImbalanceBound['cause'];
  readonly item: number;
  readonly bin: number;
}

/**
 * How even each relevant dimension can be made at all: no placement has a node less far
 * above the mean than one shard that cannot be divided, than what cannot move from a
 * node, or than the floors of `reachOf`: so many shards on so many nodes, and zones that
 * keep a copy of everything. Every node counts as the largest there is, which only
 * lowers the bound.
 */
export function imbalanceBoundsOf(start: Placement, end: Placement, terms: readonly ObjectiveTerm[], known: Known): ImbalanceBound[] {
  return terms.flatMap((term) => (term.relevant ? boundOf(start, end, term.dimension, known) : []));
}

function boundOf(start: Placement, end: Placement, name: BalanceDimension, known: Known): ImbalanceBound[] {
  const { problem } = start;
  const dimension = problem.dimensionIndex[name];
  const { requirement, divisor } = problem.dimensions[dimension]!;
  const { total, weight } = evenShareOf(problem, start.level[dimension]!, divisor);
  if (requirement === null || !(total > 0) || !(weight > 0)) return [];
  const mean = total / weight;
  const before = unevenness(start.level[dimension]!, divisor, problem.scored) ?? 0;
  const after = unevenness(end.level[dimension]!, divisor, problem.scored) ?? 0;
  const floor = floorOf(start, { dimension, requirement, divisor }, known);
  // Rounding must not put the bound above what was reached.
  const lowerBound = Math.min(before, after, Math.max(0, floor.level / mean - 1));
  const cause = lowerBound === 0 ? 'even-share' : floor.cause;
  const shardId = cause === 'indivisible' ? problem.itemGroup[floor.item]! : null;
  const nodeId = cause === 'stays' ? problem.binIds[floor.bin]! : null;
  const heaviest = cause === 'indivisible' ? requirement[problem.itemRow[floor.item]!]! / total : 0;
  return [{ dimension: name, before, after, lowerBound, cause, shardId, nodeId, message: wordsOf({ name, cause, lowerBound, shardId, nodeId, share: heaviest }) }];
}

function floorOf(start: Placement, of: { readonly dimension: number; readonly requirement: Float64Array; readonly divisor: Float64Array }, { movables: { movable }, reach: reaches }: Known): Floor {
  const { problem, itemBin } = start;
  const { scored, evacuating } = problem;
  let largest = 0;
  for (let bin = 0; bin < scored.length; bin += 1) {
    if (scored[bin] === 0) continue;
    largest = Math.max(largest, of.divisor[bin]!);
  }
  const fixed = new Float64Array(scored.length);
  let heaviest = -1;
  for (let item = 0; item < itemBin.length; item += 1) {
    const bin = itemBin[item]!;
    if (bin < 0 || (scored[bin] === 0 && evacuating[bin] === 0)) continue;
    const amount = of.requirement[problem.itemRow[item]!]!;
    if (movable[item] === 0) fixed[bin]! += amount;
    if (scored[bin] === 0) continue;
    if (heaviest < 0 || amount > of.requirement[problem.itemRow[heaviest]!]!) heaviest = item;
  }
  let floor: Floor = { level: 0, cause: 'even-share', item: -1, bin: -1 };
  const raise = (level: number, cause: Floor['cause'], at: { readonly item?: number; readonly bin?: number } = {}) => {
    if (level > floor.level) floor = { level, cause, item: at.item ?? -1, bin: at.bin ?? -1 };
  };
  if (heaviest >= 0) raise(of.requirement[problem.itemRow[heaviest]!]! / largest, 'indivisible', { item: heaviest });
  for (let bin = 0; bin < scored.length; bin += 1) if (scored[bin] === 1) raise(fixed[bin]! / of.divisor[bin]!, 'stays', { bin });
  const reach = reaches.get(of.dimension);
  reach?.floorOfZone.forEach((level, zone) => { raise(level, zone === reach.crowdedZone ? 'zone-spread' : 'granularity'); });
  return floor;
}

interface Words {
  readonly name: BalanceDimension;
  readonly cause: ImbalanceBound['cause'];
  readonly lowerBound: number;
  readonly shardId: number | null;
  readonly nodeId: string | null;
  readonly share: number;
}

function wordsOf({ name, cause, lowerBound, shardId, nodeId, share }: Words): string {
  const times = `${(1 + lowerBound).toFixed(lowerBound < 0.1 ? 2 : 1)}x the mean`;
  switch (cause) {
    case 'even-share': return `Nothing is known that stands in the way of even ${name}`;
    case 'indivisible': return `Shard ${shardId} carries ${percent(share)} of the ${name}: no placement gets its node below ${times}`;
    case 'stays': return `What cannot leave ${nodeId} keeps its ${name} at ${times} or above`;
    case 'zone-spread': return `One zone has fewer nodes for its copy of everything: the ${name} of its nodes stay at ${times} or above`;
    case 'granularity': return `So many shards of this weight do not divide evenly over the nodes: the ${name} of some node stay at ${times} or above`;
  }
}

function percent(share: number): string {
  return `${share >= 0.1 ? Math.round(share * 100) : (share * 100).toFixed(1)} %`;
}
