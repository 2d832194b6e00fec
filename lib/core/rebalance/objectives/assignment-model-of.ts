import { movablesOf } from '@/lib/core/rebalance/bounds/free-shares';
import type { AssignmentModel } from '@/lib/core/rebalance/optimiser/assignment-model';
import { Placement } from '@/lib/core/rebalance/placement';
import type { Problem } from '@/lib/core/rebalance/problem';
import { crowdedGroups, zonesOfGroup } from './spread';
import type { CostLine, CostModel } from './cost-lines';

/** Whole units per full load of a dimension, so that sums are exact and a millionth of the load is still a thousand units. */
const UNITS = 2 ** 31;
/** Cost units per unit of `CostModel` cost; with evacuation at 1e7 all costs stay below 2^53. */
const COST_UNITS = 2 ** 31;
/** Evacuation is priced by copies; in these units all of them together stay exact. */
const EVACUATION_UNITS = 2 ** 50;

export interface AdaptedModel {
  readonly model: AssignmentModel;
  /** Item of the model -> item of the problem: items on nodes that are no bins are left out. */
  readonly itemOf: Int32Array;
}

/**
 * The optimiser's view of a problem: one resource per cost line and one per capacity, in
 * whole units; home is where any copy of the group lies, since a handed-over role moves no
 * bytes. Limits per plan (arrivals, departures, bytes) are kept when the changes are put
 * in order, as are the prefixes.
 * `from` = the assignment that the search will go on from. `settled` = room may rest on space that earlier moves give back: moves in more than one wave.
 */
export function assignmentModelOf(start: Placement, costs: CostModel, options: { readonly settled: boolean; readonly transferPrimary: boolean; readonly from: Int32Array }): AdaptedModel {
  const { problem } = start;
  const { movable } = movablesOf(start, options.transferPrimary);
  const initial = withZonesWon(start, options.from);
  const binCount = problem.binIds.length;
  const itemOf = Int32Array.from(problem.itemRow, (_, item) => item).filter((item) => start.itemBin[item]! >= 0);
  const resources = [...costs.lines.flatMap((line) => (line.objective === 'overload' ? [] : [lineResource(start, line)])), ...capacityResources(start, { costs, initial, settled: options.settled })];
  const resourceCount = resources.length;
  const rowCount = problem.itemRow.length === 0 ? 0 : resources[0]?.requirement.length ?? 0;
  const requirement = new Float64Array(rowCount * resourceCount);
  const table = () => new Float64Array(binCount * resourceCount);
  const model = { baseUsage: table(), capacity: table(), line: table() };
  resources.forEach((resource, r) => {
    for (let row = 0; row < rowCount; row += 1) requirement[row * resourceCount + r] = resource.requirement[row]!;
    for (let bin = 0; bin < binCount; bin += 1) {
      model.baseUsage[bin * resourceCount + r] = resource.base[bin]!;
      model.capacity[bin * resourceCount + r] = resource.capacity[bin]!;
      model.line[bin * resourceCount + r] = resource.line[bin]!;
    }
  });
  return {
    itemOf,
    model: {
      ...model, ...groupsOf(start.problem, options.from, itemOf),
      binCount, itemCount: itemOf.length, resourceCount, requirement,
      itemRow: itemOf.map((item) => problem.itemRow[item]!),
      initial: itemOf.map((item) => initial[item]!),
      pinned: Uint8Array.from(itemOf, (item) => 1 - movable[item]!),
      itemMoveCost: Float64Array.from(itemOf, (item) => Math.round(COST_UNITS * (costs.perCopy + costs.perByte * problem.groupBytes[problem.itemGroup[item]!]!))),
      home: options.transferPrimary ? 'group' : 'item',
      lineWeight: Float64Array.from(resources, ({ weight }) => weight),
      transient: Uint8Array.from(resources, ({ transient }) => (transient ? 1 : 0)),
      open: problem.open,
      balances: [],
      location: problem.zoneOf, locationCount: Math.max(1, problem.zoneCount),
      neighbourhood: new Int32Array(binCount), neighbourhoodCount: 1,
      itemMoveWeight: 1, groupMoveWeight: 0, binMoveWeight: 0, binMoveCost: null,
    },
  };
}

/**
 * Where groups got a zone more on the way, which no cost of the model pays for, they count as having been there
 * from the start: what is certain to move is no choice.
 */
function withZonesWon(start: Placement, from: Int32Array): Int32Array {
  const { problem } = start;
  const { groupStart } = problem;
  const bins = start.itemBin.slice();
  const end = new Placement(problem);
  end.itemBin.set(from);
  for (const group of crowdedGroups(start)) {
    if (zonesOfGroup(end, group) <= zonesOfGroup(start, group)) continue;
    for (let item = groupStart[group]!; item < groupStart[group + 1]!; item += 1) bins[item] = from[item]!;
  }
  return bins;
}

/** Zones that were won on the way from the start to `itemBin` are not given up again. */
function groupsOf(problem: Problem, itemBin: Int32Array, itemOf: Int32Array): Pick<AssignmentModel, 'groupCount' | 'itemGroup' | 'spreadMin' | 'dependencyStart' | 'dependencies'> {
  const spreadMin = new Int32Array(problem.groupCount);
  for (let group = 0; group < problem.groupCount; group += 1) {
    const zones = new Set<number>();
    for (let item = problem.groupStart[group]!; item < problem.groupStart[group + 1]!; item += 1) if (itemBin[item]! >= 0) zones.add(problem.zoneOf[itemBin[item]!]!);
    spreadMin[group] = zones.size;
  }
  return { groupCount: problem.groupCount, itemGroup: itemOf.map((item) => problem.itemGroup[item]!), spreadMin, dependencyStart: new Int32Array(problem.groupCount + 1), dependencies: new Int32Array(0) };
}

interface Resource {
  readonly requirement: Float64Array;
  readonly base: Float64Array;
  readonly capacity: Float64Array;
  readonly line: Float64Array;
  readonly weight: number;
  readonly transient: boolean;
}

function lineResource({ problem, level }: Placement, { objective, dimension, requirement, base, line, perUnit }: CostLine): Resource {
  const total = level[dimension]!.reduce((sum, each) => sum + each, 0);
  const scale = objective === 'evacuate' ? 1 : total > 0 ? UNITS / total : 1;
  const weight = objective === 'evacuate' ? Math.floor(EVACUATION_UNITS / Math.max(1, problem.itemGroup.length)) : Math.max(1, Math.round((perUnit / scale) * COST_UNITS));
  // Usage is counted from 0: what is below it for want of a reading raises the line instead.
  const below = problem.binIds.map((_, bin) => Math.max(0, -(base?.[bin] ?? 0)));
  return {
    requirement: requirement.map((amount) => Math.round(amount * scale)),
    base: Float64Array.from(below, (_, bin) => Math.round(Math.max(0, base?.[bin] ?? 0) * scale)),
    capacity: new Float64Array(problem.binIds.length).fill(Infinity),
    line: line.map((each, bin) => Math.max(0, Math.round((each + below[bin]!) * scale))),
    weight,
    transient: false,
  };
}

/** Hard limits: the line, or what is used already where that is more; use above the line costs as overload. */
function capacityResources({ problem, level }: Placement, { costs, initial, settled }: { readonly costs: CostModel; readonly initial: Int32Array; readonly settled: boolean }): Resource[] {
  return problem.dimensions.flatMap(({ requirement, capacity }, dimension): Resource[] => {
    if (requirement === null || capacity === null || !capacity.limit.some((limit) => limit < Infinity)) return [];
    const total = level[dimension]!.reduce((sum, each) => sum + each, 0);
    const scale = total > 0 ? UNITS / total : 1;
    const whole = requirement.map((amount) => Math.ceil(amount * scale));
    const held = new Float64Array(problem.binIds.length);
    initial.forEach((bin, item) => { if (bin >= 0) held[bin]! += whole[problem.itemRow[item]!]!; });
    const used = capacity.used.map((each, bin) => (each >= 0 ? Math.max(0, each - level[dimension]![bin]!) : 0));
    const base = used.map((each) => Math.round(each * scale));
    const overload = costs.lines.find((line) => line.objective === 'overload' && line.dimension === dimension);
    const lineAt = (bin: number, share: number) => {
      const limit = capacity.limit[bin]!;
      return !(limit >= 0 && limit < Infinity && capacity.used[bin]! >= 0) ? Infinity : Math.floor((limit * share + Math.max(0, level[dimension]![bin]! - capacity.used[bin]!)) * scale);
    };
    return [{
      requirement: whole, base,
      capacity: held.map((each, bin) => Math.max(each + base[bin]!, lineAt(bin, 1 - problem.limits.headroomShare))),
      line: held.map((_, bin) => (overload === undefined ? Infinity : lineAt(bin, 1))),
      weight: overload === undefined ? 0 : Math.max(1, Math.round((overload.perUnit / scale) * COST_UNITS)),
      transient: capacity.transient && !settled,
    }];
  });
}

/** The assignment as bins of the problem's items. */
export function itemBinsOf(problem: Problem, { itemOf }: Pick<AdaptedModel, 'itemOf'>, assignment: Int32Array): Int32Array {
  const bins = problem.itemBin.slice();
  for (let at = 0; at < itemOf.length; at += 1) bins[itemOf[at]!] = assignment[at]!;
  return bins;
}
