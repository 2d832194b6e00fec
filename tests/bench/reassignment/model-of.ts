import type { AssignmentModel } from '@/lib/core/rebalance/optimiser/assignment-model';
import type { Instance } from './instance';

/** The instance in the words of the optimiser: machine = bin, process = item, service = group. */
export function modelOf(instance: Instance, initial: Int32Array): AssignmentModel {
  const { processCount, machineCount, resourceCount, serviceCount } = instance;
  const location = numbered(instance.location);
  const neighbourhood = numbered(instance.neighbourhood);
  return {
    binCount: machineCount,
    itemCount: processCount,
    groupCount: serviceCount,
    resourceCount,
    ...sharedRows(instance),
    itemGroup: instance.processService,
    initial,
    pinned: new Uint8Array(processCount),
    itemMoveCost: instance.processMoveCost,
    home: 'item',
    baseUsage: new Float64Array(machineCount * resourceCount),
    capacity: instance.capacity,
    line: instance.safety,
    lineWeight: instance.loadWeight,
    transient: instance.transient,
    open: new Uint8Array(machineCount).fill(1),
    balances: instance.balances,
    location: location.index,
    locationCount: location.count,
    spreadMin: instance.spreadMin,
    neighbourhood: neighbourhood.index,
    neighbourhoodCount: neighbourhood.count,
    dependencyStart: instance.dependencyStart,
    dependencies: instance.dependencies,
    itemMoveWeight: instance.processMoveWeight,
    groupMoveWeight: instance.serviceMoveWeight,
    binMoveWeight: instance.machineMoveWeight,
    binMoveCost: instance.machineMoveCost,
  };
}

/** Processes of one service mostly require the same: they share a row, and the rows stay in the processor's cache. */
function sharedRows({ processCount, resourceCount, requirement, processService, serviceCount }: Instance) {
  const itemRow = new Int32Array(processCount);
  const lastRow = new Int32Array(serviceCount).fill(-1);
  const rows = new Float64Array(requirement.length);
  let rowCount = 0;
  for (let p = 0; p < processCount; p += 1) {
    const service = processService[p]!;
    const last = lastRow[service]!;
    let equal = last >= 0;
    for (let r = 0; r < resourceCount && equal; r += 1) equal = rows[last * resourceCount + r] === requirement[p * resourceCount + r];
    if (equal) {
      itemRow[p] = last;
      continue;
    }
    for (let r = 0; r < resourceCount; r += 1) rows[rowCount * resourceCount + r] = requirement[p * resourceCount + r]!;
    itemRow[p] = rowCount;
    lastRow[service] = rowCount;
    rowCount += 1;
  }
  return { itemRow, requirement: rows.slice(0, rowCount * resourceCount) };
}

/** Names of places, whatever numbers they are, as 0, 1, 2, ... */
function numbered(names: Int32Array): { index: Int32Array; count: number } {
  const known = new Map<number, number>();
  const index = names.map((name) => {
    const place = known.get(name) ?? known.size;
    known.set(name, place);
    return place;
  });
  return { index, count: known.size };
}
