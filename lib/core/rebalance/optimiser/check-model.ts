import { err, ok, type Result } from '@/lib/platform/result';
import type { AssignmentModel } from './assignment-model';
import { GroupRules } from './group-rules';

/** Why a model cannot be worked on, with the place and the numbers. */
export interface ModelFault {
  readonly code: 'no-bins' | 'wrong-length' | 'invalid-number' | 'unknown-index' | 'infeasible-start';
  readonly message: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** [P9] The first thing that is wrong with a model; ok = every search on it is sound. */
export function checkModel(model: AssignmentModel): Result<null, ModelFault> {
  const fault = checkLengths(model) ?? checkIndices(model) ?? checkNumbers(model) ?? checkBalances(model) ?? checkStart(model);
  return fault === null ? ok(null) : err(fault);
}

function checkLengths(model: AssignmentModel): ModelFault | null {
  const { binCount, itemCount, groupCount, resourceCount } = model;
  if (binCount < 1) return { code: 'no-bins', message: 'There is no bin', numbers: { binCount } };
  if (resourceCount < 1) return { code: 'wrong-length', message: 'There is no resource', numbers: { resourceCount } };
  const expected: [string, ArrayLike<number>, number][] = [
    ['itemRow', model.itemRow, itemCount], ['itemGroup', model.itemGroup, itemCount], ['initial', model.initial, itemCount],
    ['pinned', model.pinned, itemCount], ['itemMoveCost', model.itemMoveCost, itemCount],
    ['baseUsage', model.baseUsage, binCount * resourceCount], ['capacity', model.capacity, binCount * resourceCount], ['line', model.line, binCount * resourceCount],
    ['lineWeight', model.lineWeight, resourceCount], ['transient', model.transient, resourceCount],
    ['open', model.open, binCount], ['location', model.location, binCount], ['neighbourhood', model.neighbourhood, binCount],
    ['spreadMin', model.spreadMin, groupCount], ['dependencyStart', model.dependencyStart, groupCount + 1],
    ['dependencies', model.dependencies, model.dependencyStart[groupCount] ?? -1],
    ...(model.binMoveCost === null ? [] : [['binMoveCost', model.binMoveCost, binCount * binCount] as [string, ArrayLike<number>, number]]),
  ];
  for (const [name, array, length] of expected) {
    if (array.length !== length) return { code: 'wrong-length', message: `${name} has ${array.length} entries, not ${length}`, numbers: { found: array.length, length } };
  }
  if (model.requirement.length % resourceCount !== 0) {
    return { code: 'wrong-length', message: `requirement has ${model.requirement.length} entries, which is no multiple of ${resourceCount}`, numbers: { found: model.requirement.length, resourceCount } };
  }
  return null;
}

function checkIndices(model: AssignmentModel): ModelFault | null {
  const { binCount, groupCount } = model;
  const rowCount = model.requirement.length / model.resourceCount;
  return indicesBelow('itemRow', model.itemRow, rowCount) ?? indicesBelow('itemGroup', model.itemGroup, groupCount)
    ?? indicesBelow('initial', model.initial, binCount) ?? indicesBelow('location', model.location, model.locationCount)
    ?? indicesBelow('neighbourhood', model.neighbourhood, model.neighbourhoodCount) ?? indicesBelow('dependencies', model.dependencies, groupCount)
    ?? ascending('dependencyStart', model.dependencyStart);
}

function indicesBelow(name: string, array: Int32Array, bound: number): ModelFault | null {
  for (let at = 0; at < array.length; at += 1) {
    const value = array[at]!;
    if (value < 0 || value >= bound) return { code: 'unknown-index', message: `${name}[${at}] is ${value}, not from 0 to ${bound - 1}`, numbers: { at, value, bound } };
  }
  return null;
}

function ascending(name: string, array: Int32Array): ModelFault | null {
  for (let at = 0; at < array.length; at += 1) {
    const before = at === 0 ? 0 : array[at - 1]!;
    if (array[at]! < before || (at === 0 && array[at] !== 0)) return { code: 'unknown-index', message: `${name}[${at}] is ${array[at]!}, after ${before}`, numbers: { at, value: array[at]!, before } };
  }
  return null;
}

function checkNumbers(model: AssignmentModel): ModelFault | null {
  return finite('requirement', model.requirement) ?? finite('itemMoveCost', model.itemMoveCost) ?? finite('baseUsage', model.baseUsage)
    ?? finite('lineWeight', model.lineWeight) ?? finite('weights', Float64Array.of(model.itemMoveWeight, model.groupMoveWeight, model.binMoveWeight))
    ?? (model.binMoveCost === null ? null : finite('binMoveCost', model.binMoveCost))
    ?? noNaN('capacity', model.capacity) ?? noNaN('line', model.line);
}

function finite(name: string, array: Float64Array): ModelFault | null {
  for (let at = 0; at < array.length; at += 1) {
    const value = array[at]!;
    if (!(value >= 0 && value < Infinity)) return { code: 'invalid-number', message: `${name}[${at}] is ${value}, not a number from 0`, numbers: { at, value } };
  }
  return null;
}

function noNaN(name: string, array: Float64Array): ModelFault | null {
  for (let at = 0; at < array.length; at += 1) {
    const value = array[at]!;
    if (!(value > -Infinity)) return { code: 'invalid-number', message: `${name}[${at}] is ${value}`, numbers: { at, value } };
  }
  return null;
}

function checkBalances({ balances, resourceCount, binCount, capacity }: AssignmentModel): ModelFault | null {
  for (const [at, { resource1, resource2, target, weight }] of balances.entries()) {
    for (const resource of [resource1, resource2]) {
      if (!(Number.isInteger(resource) && resource >= 0 && resource < resourceCount)) {
        return { code: 'unknown-index', message: `Balance term ${at} speaks of resource ${resource} of ${resourceCount}`, numbers: { at, resource, resourceCount } };
      }
      for (let bin = 0; bin < binCount; bin += 1) {
        if (capacity[bin * resourceCount + resource] === Infinity) return { code: 'invalid-number', message: `Balance term ${at} speaks of resource ${resource}, which is unlimited on bin ${bin}`, numbers: { at, resource, bin } };
      }
    }
    if (!(target >= 0 && target < Infinity && weight >= 0 && weight < Infinity)) {
      return { code: 'invalid-number', message: `Balance term ${at} has the target ${target} and the weight ${weight}`, numbers: { at, target, weight } };
    }
  }
  return null;
}

/** What the start breaks is a fault where the search relies on it: conflicts and capacity. Spread and dependencies only must not get worse. */
function checkStart(model: AssignmentModel): ModelFault | null {
  const { itemCount, resourceCount, initial, itemRow, itemGroup, requirement } = model;
  const usage = model.baseUsage.slice();
  const rules = new GroupRules(model);
  for (let item = 0; item < itemCount; item += 1) {
    const bin = initial[item]!;
    if (rules.conflicts(item, bin)) return { code: 'infeasible-start', message: `Bin ${bin} holds two items of group ${itemGroup[item]!}`, numbers: { item, bin, group: itemGroup[item]! } };
    rules.add(item, bin);
    for (let r = 0; r < resourceCount; r += 1) usage[bin * resourceCount + r]! += requirement[itemRow[item]! * resourceCount + r]!;
  }
  for (let at = 0; at < usage.length; at += 1) {
    const capacity = model.capacity[at]!;
    // A sum of doubles in another order may differ in its last digits.
    if (usage[at]! > capacity + Math.abs(capacity) * 1e-9) {
      const bin = Math.floor(at / resourceCount);
      return { code: 'infeasible-start', message: `Bin ${bin} has ${capacity} of resource ${at % resourceCount}, and its items take ${usage[at]!}`, numbers: { bin, resource: at % resourceCount, capacity, usage: usage[at]! } };
    }
  }
  return null;
}
