import { describe, expect, it } from 'vitest';
import { Dice } from '@/lib/core/rebalance/optimiser/dice';
import { Reach } from '@/lib/core/rebalance/optimiser/reach';
import { SearchState } from '@/lib/core/rebalance/optimiser/search-state';
import { createRandom } from '@/lib/platform/random';
import { modelOf } from '@/tests/bench/reassignment/model-of';
import { largeInstance } from '@/tests/bench/reassignment/large-instance';
import { generateInstance } from './generated-instance';

const DRAWS = 2_000;

function drawnBins(reach: Reach, item: number, from: number): Set<number> {
  const dice = new Dice(createRandom(item));
  return new Set(Array.from({ length: DRAWS }, () => reach.draw(item, from, dice)).filter((bin) => bin >= 0));
}

describe('the bins within reach of an item', () => {
  const { instance, initial } = generateInstance(5, { machines: 8, services: 30, processesMax: 4, resources: 8 });
  // Room at the start is all there is, whoever leaves.
  const state = new SearchState(modelOf({ ...instance, transient: instance.transient.map(() => 1) }, initial));
  const all = Int32Array.from(initial, (_, item) => item);
  const reach = new Reach(state, all);
  const possible = (item: number) => Array.from({ length: state.binCount }, (_, bin) => bin).filter((bin) => state.room.couldHold(item, bin));

  it('are all drawn that could hold it and hold none of its group, and no others', () => {
    for (const item of all) {
      const from = initial[item]!;
      const wanted = possible(item).filter((bin) => bin !== from && !state.groupRules.conflicts(item, bin));
      expect([...drawnBins(reach, item, from)].sort((a, b) => a - b)).toEqual(wanted);
      for (let bin = 0; bin < state.binCount; bin += 1) expect(reach.couldHold(item, bin)).toBe(state.room.couldHold(item, bin));
    }
  });

  it('leave out items that fit nowhere but where they began', () => {
    const some = all.filter((item) => possible(item).length > 1);
    expect(some.length).toBeLessThan(all.length);
    expect(reach.movable).toEqual(some);
  });

  it('are found by looking at each draw where there are too many pairs to list', () => {
    const large = largeInstance(1, { processes: 21_000, machines: 100, resources: 2 });
    const many = new SearchState(modelOf(large.instance, large.initial));
    const unlisted = new Reach(many, Int32Array.of(0, 1, 2));
    expect(unlisted.movable).toEqual(Int32Array.of(0, 1, 2));
    for (const bin of drawnBins(unlisted, 1, many.itemBin[1]!)) {
      expect(bin).not.toBe(many.itemBin[1]);
      expect(many.room.couldHold(1, bin) && !many.groupRules.conflicts(1, bin)).toBe(true);
    }
  });
});
