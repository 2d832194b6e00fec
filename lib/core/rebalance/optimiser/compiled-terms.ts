import type { AssignmentModel } from './assignment-model';

/**
 * Lines and balance terms are one thing: weight x max(0, an affine function of the bin's
 * usage). Compiled, a bin holds one number per term (its excess, negative = slack), an item
 * adds its row of coefficients to it, and the cost of a bin is the sum of the positive ones.
 * The weight is folded in, which keeps integer input exact. Terms that can never cost are
 * dropped, and so are capacities that nothing can reach.
 */
export interface CompiledTerms {
  readonly termCount: number;
  /** B x termCount, with no item on the bin; NEVER where the bin's line is Infinity. */
  readonly emptyExcess: Float64Array;
  /** W x termCount. */
  readonly coefficient: Float64Array;

  readonly limitCount: number;
  /** The first `transientCount` limits are of transient resources; on either side of it the scarcest come first. */
  readonly transientCount: number;
  /** B x limitCount: capacity less base usage. */
  readonly emptyRoom: Float64Array;
  /** W x limitCount. */
  readonly need: Float64Array;
}

/** Finite, so that excess + |excess| is 0 and not NaN. */
const NEVER = -1e300;
/** The same for room: what is lacking is |room| - room. */
const UNLIMITED = 1e200;

export function compileTerms(model: AssignmentModel): CompiledTerms {
  return { ...compileCosts(model), ...compileLimits(model) };
}

function compileCosts(model: AssignmentModel) {
  const { binCount, resourceCount, requirement, line, baseUsage, capacity, lineWeight } = model;
  const lines = resourceIndices(model).filter((r) => lineWeight[r]! > 0 && hasFinite(line, r, resourceCount));
  const balances = model.balances.filter((balance) => balance.weight > 0);
  const termCount = lines.length + balances.length;
  const rowCount = requirement.length / resourceCount;
  const emptyExcess = new Float64Array(binCount * termCount);
  const coefficient = new Float64Array(rowCount * termCount);
  lines.forEach((r, term) => {
    const weight = lineWeight[r]!;
    for (let bin = 0; bin < binCount; bin += 1) {
      const limit = line[bin * resourceCount + r]!;
      emptyExcess[bin * termCount + term] = limit === Infinity ? NEVER : weight * (baseUsage[bin * resourceCount + r]! - limit);
    }
    for (let row = 0; row < rowCount; row += 1) coefficient[row * termCount + term] = weight * requirement[row * resourceCount + r]!;
  });
  balances.forEach(({ resource1, resource2, target, weight }, index) => {
    const term = lines.length + index;
    for (let bin = 0; bin < binCount; bin += 1) {
      const first = bin * resourceCount + resource1;
      const second = bin * resourceCount + resource2;
      emptyExcess[bin * termCount + term] = weight * (target * (capacity[first]! - baseUsage[first]!) - (capacity[second]! - baseUsage[second]!));
    }
    for (let row = 0; row < rowCount; row += 1) {
      coefficient[row * termCount + term] = weight * (requirement[row * resourceCount + resource2]! - target * requirement[row * resourceCount + resource1]!);
    }
  });
  return { termCount, emptyExcess, coefficient };
}

function compileLimits(model: AssignmentModel) {
  const { binCount, resourceCount, requirement, baseUsage, capacity, transient } = model;
  const limited = resourceIndices(model).filter((r) => hasFinite(capacity, r, resourceCount));
  const scarcity = limited.map((r) => scarcityOf(model, r));
  const byScarcity = limited.map((_, at) => at).sort((a, b) => scarcity[b]! - scarcity[a]! || a - b).map((at) => limited[at]!);
  const transients = byScarcity.filter((r) => transient[r] !== 0);
  const ordered = [...transients, ...byScarcity.filter((r) => transient[r] === 0)];
  const limitCount = ordered.length;
  const rowCount = requirement.length / resourceCount;
  const emptyRoom = new Float64Array(binCount * limitCount);
  const need = new Float64Array(rowCount * limitCount);
  ordered.forEach((r, limit) => {
    for (let bin = 0; bin < binCount; bin += 1) {
      emptyRoom[bin * limitCount + limit] = Math.min(UNLIMITED, capacity[bin * resourceCount + r]! - baseUsage[bin * resourceCount + r]!);
    }
    for (let row = 0; row < rowCount; row += 1) need[row * limitCount + limit] = requirement[row * resourceCount + r]!;
  });
  return { limitCount, transientCount: transients.length, emptyRoom, need };
}

/** How many times a mean requirement exceeds the mean room left at the start: a check that fails should fail early. */
function scarcityOf({ binCount, itemCount, resourceCount, itemRow, requirement, baseUsage, capacity }: AssignmentModel, resource: number): number {
  let required = 0;
  for (let item = 0; item < itemCount; item += 1) required += requirement[itemRow[item]! * resourceCount + resource]!;
  let room = -required;
  for (let bin = 0; bin < binCount; bin += 1) room += capacity[bin * resourceCount + resource]! - baseUsage[bin * resourceCount + resource]!;
  return room > 0 ? required / room : Infinity;
}

function resourceIndices(model: AssignmentModel): number[] {
  return Array.from({ length: model.resourceCount }, (_, r) => r);
}

function hasFinite(perBin: Float64Array, resource: number, resourceCount: number): boolean {
  for (let index = resource; index < perBin.length; index += resourceCount) {
    if (perBin[index]! < Infinity) return true;
  }
  return false;
}
