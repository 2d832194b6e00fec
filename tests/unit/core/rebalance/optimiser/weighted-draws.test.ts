import { describe, expect, it } from 'vitest';
import { Dice } from '@/lib/core/rebalance/optimiser/dice';
import { SearchState } from '@/lib/core/rebalance/optimiser/search-state';
import { WeightedDraws } from '@/lib/core/rebalance/optimiser/weighted-draws';
import { createRandom } from '@/lib/platform/random';
import { modelOf } from '@/tests/bench/reassignment/model-of';
import { generateInstance } from './generated-instance';

const DRAWS = 100_000;

describe('drawing items as suits the temperature', () => {
  const { instance, initial } = generateInstance(9, { machines: 10, services: 20, processesMax: 4, resources: 3 });
  const requirement = instance.requirement.map((need, at) => need * 4 ** (Math.floor(at / instance.resourceCount) % 6));
  const capacity = instance.capacity.map(() => 1e9);
  const state = new SearchState(modelOf({ ...instance, requirement, capacity }, initial));
  const items = Int32Array.from(initial, (_, item) => item).filter((item) => state.weight(item) > 0);
  const byWeight = items.slice().sort((a, b) => state.weight(a) - state.weight(b));
  const lightest = byWeight[0]!;
  const heaviest = byWeight.at(-1)!;

  function countsAt(temperature: number): Map<number, number> {
    const draws = new WeightedDraws(state, items);
    draws.favour(temperature);
    const dice = new Dice(createRandom(1));
    const counts = new Map<number, number>();
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const item = draws.item(dice);
      counts.set(item, (counts.get(item) ?? 0) + 1);
    }
    return counts;
  }

  it('draws heavy ones more often while it is hot, light ones once it is cold', () => {
    const hot = countsAt(state.weight(heaviest) / 60);
    expect(hot.get(heaviest)!).toBeGreaterThan(3 * hot.get(lightest)!);
    const cold = countsAt(state.weight(lightest) / 1_000);
    expect(cold.get(lightest)!).toBeGreaterThan(3 * cold.get(heaviest)!);
  });

  it('draws every item at every temperature', () => {
    for (const temperature of [1e-6, 1, 1e3, 1e9]) expect(countsAt(temperature).size).toBe(items.length);
  });
});
