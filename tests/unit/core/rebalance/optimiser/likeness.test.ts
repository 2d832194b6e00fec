import { describe, expect, it } from 'vitest';
import { Dice } from '@/lib/core/rebalance/optimiser/dice';
import { Likeness } from '@/lib/core/rebalance/optimiser/likeness';
import { createOptimiser } from '@/lib/core/rebalance/optimiser/optimiser';
import { SearchState } from '@/lib/core/rebalance/optimiser/search-state';
import { createRandom } from '@/lib/platform/random';
import { modelOf } from '@/tests/bench/reassignment/model-of';
import { generateInstance } from './generated-instance';

const { instance, initial } = generateInstance(3, { machines: 40, services: 80, processesMax: 12, resources: 3 });
const model = modelOf(instance, initial);
const state = new SearchState(model);

describe('which items are alike', () => {
  it('is found out in portions of the size asked for, with the same outcome', () => {
    const whole = new Likeness(state, createRandom(1));
    expect(whole.build(Infinity)).toBe(true);
    const inPortions = new Likeness(state, createRandom(1));
    const perCall = 5 * model.itemCount;
    let calls = 1;
    while (!inPortions.build(perCall)) calls += 1;
    expect(calls).toBe(Math.ceil(model.itemCount / 5));
    const draws = (likeness: Likeness) => {
      const dice = new Dice(createRandom(2));
      return Array.from({ length: model.itemCount }, (_, item) => likeness.another(item, dice));
    };
    expect(draws(inPortions)).toEqual(draws(whole));
  });

  it('takes steps of the search without evaluations, each as short as the others, so that a caller can give up in between', () => {
    const created = createOptimiser(model, { seed: 1, workUnitsTotal: 1e6 });
    if (!created.ok) throw new Error(created.error.message);
    const stepWork = 1_000;
    let idle = 0;
    for (let before = 0; created.value.step(stepWork) !== 'done'; before = created.value.iterations) if (created.value.iterations === before) idle += 1;
    // Every pair is compared, and half of the steps that takes would already show that it is not done in one.
    expect(idle).toBeGreaterThanOrEqual(Math.floor(model.itemCount ** 2 / stepWork / 2));
  });
});
