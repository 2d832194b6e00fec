import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SearchState } from '@/lib/core/rebalance/optimiser/search-state';
import { createRandom } from '@/lib/platform/random';
import { evaluate } from '@/tests/bench/reassignment/evaluate';
import { modelOf } from '@/tests/bench/reassignment/model-of';
import type { Instance } from '@/tests/bench/reassignment/instance';
import { generateInstance } from './generated-instance';

const shape = fc.record({
  machines: fc.integer({ min: 2, max: 40 }), services: fc.integer({ min: 1, max: 12 }),
  processesMax: fc.integer({ min: 1, max: 5 }), resources: fc.integer({ min: 1, max: 4 }),
});

describe('SearchState against the evaluator, which shares no code with it', { timeout: 120_000 }, () => {
  it('[P4] knows of every shift and swap whether it is feasible and what it costs, over random walks', () => {
    let taken = 0;
    let refused = 0;
    fc.assert(fc.property(fc.nat(), shape, (seed, size) => {
      const { instance, initial } = generateInstance(seed, size);
      const random = createRandom(seed).fork('walk');
      const state = new SearchState(modelOf(instance, initial));
      const judge = (assignment: Int32Array) => evaluate(instance, initial, assignment);
      expect(judge(initial)).toMatchObject({ cost: state.cost, violations: [] });
      for (let attempt = 0; attempt < 60; attempt += 1) {
        const first = random.integer(instance.processCount);
        const second = random.integer(instance.processCount);
        const to = random.integer(instance.machineCount);
        const isSwap = attempt % 2 === 1;
        const after = state.itemBin.slice();
        if (isSwap) [after[first], after[second]] = [after[second]!, after[first]!];
        else after[first] = to;
        if (after[first] === state.itemBin[first]) continue;
        const expected = judge(after);
        const allowed = isSwap ? state.allowsSwap(first, second) : state.allowsShift(first, to);
        expect(allowed, expected.violations.join('; ')).toBe(expected.violations.length === 0);
        expect(state.cost + (isSwap ? state.swapDelta(first, second) : state.shiftDelta(first, to))).toBe(expected.cost);
        if (!allowed) {
          refused += 1;
          continue;
        }
        if (isSwap) state.swap(first, second);
        else state.shift(first, to);
        taken += 1;
        expect(state.cost).toBe(expected.cost);
        expect(state.itemBin).toEqual(after);
      }
      const walked = state.cost;
      state.reset(state.itemBin.slice());
      expect(state.cost).toBe(walked);
    }), { numRuns: 400 });
    expect(taken).toBeGreaterThan(1_000);
    expect(refused).toBeGreaterThan(1_000);
  });

  it('[P4] counts what bins lack as the definition does, over walks that heed no capacity, at any prices', () => {
    let lacking = 0;
    fc.assert(fc.property(fc.nat(), shape, (seed, size) => {
      const { instance, initial } = generateInstance(seed, size);
      const random = createRandom(seed).fork('walk');
      const state = new SearchState(modelOf(instance, initial));
      const { room } = state;
      // All prices alike, so that the order of the limits does not matter.
      let price = 1;
      room.reprice(new Float64Array(room.limitCount).fill(1));
      for (let attempt = 0; attempt < 40; attempt += 1) {
        if (attempt % 10 === 9) {
          const factor = 2 ** (random.integer(5) - 2);
          room.reprice(new Float64Array(room.limitCount).fill(factor));
          price *= factor;
        }
        const item = random.integer(instance.processCount);
        const other = random.integer(instance.processCount);
        const from = state.itemBin[item]!;
        const to = random.integer(instance.machineCount);
        if (to === from || state.groupRules.conflicts(item, to)) continue;
        const shifted = state.itemBin.slice();
        shifted[item] = to;
        expect(room.lackWithout(item, from)).toBe(price * lackOn(instance, initial, shifted, from));
        expect(room.lackWith(item, to)).toBe(price * lackOn(instance, initial, shifted, to));
        if (state.itemBin[other] === to) {
          shifted[other] = from;
          expect(room.lackReplacing(to, other, item)).toBe(price * lackOn(instance, initial, shifted, to));
        }
        state.shift(item, to);
        for (const bin of [from, to]) expect(room.lack[bin]).toBe(price * lackOn(instance, initial, state.itemBin, bin));
        const short = Array.from(room.lack).filter((lack) => lack > 0).length;
        expect(room.shortCount).toBe(short);
        lacking += short > 0 ? 1 : 0;
      }
    }), { numRuns: 200 });
    expect(lacking).toBeGreaterThan(1_000);
  });
});

/** How much is taken beyond the capacities of one machine, straight from the definition. */
function lackOn({ processCount, resourceCount, requirement, capacity, transient }: Instance, initial: Int32Array, assignment: Int32Array, machine: number): number {
  let lack = 0;
  for (let r = 0; r < resourceCount; r += 1) {
    let taken = 0;
    for (let p = 0; p < processCount; p += 1) {
      if (assignment[p] === machine || (transient[r] === 1 && initial[p] === machine)) taken += requirement[p * resourceCount + r]!;
    }
    lack += Math.max(0, taken - capacity[machine * resourceCount + r]!);
  }
  return lack;
}
