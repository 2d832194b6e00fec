import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssignmentModel } from '@/lib/core/rebalance/optimiser/assignment-model';
import { checkModel } from '@/lib/core/rebalance/optimiser/check-model';
import { lowerBound } from '@/lib/core/rebalance/optimiser/lower-bound';
import { createOptimiser } from '@/lib/core/rebalance/optimiser/optimiser';
import { evaluate } from '@/tests/bench/reassignment/evaluate';
import { readAssignment, readInstance } from '@/tests/bench/reassignment/instance';
import { modelOf } from '@/tests/bench/reassignment/model-of';
import { everyAssignment, generateInstance } from './generated-instance';

const toyFile = (name: string) => readFileSync(new URL(`../../../../bench/reassignment/toy/${name}`, import.meta.url));
const toy = () => {
  const instance = readInstance(toyFile('model_toy.txt'), 'model_toy.txt');
  return { instance, initial: readAssignment(toyFile('assignment_toy.txt'), 'assignment_toy.txt', instance) };
};

const optimised = (model: AssignmentModel, seed: number, workUnitsTotal: number, stepWorkUnits = 10_000) => {
  const created = createOptimiser(model, { seed, workUnitsTotal });
  if (!created.ok) throw new Error(created.error.message);
  while (created.value.step(stepWorkUnits) !== 'done');
  return { ...created.value.best(), iterations: created.value.iterations };
};

describe('the toy instance of the problem statement', () => {
  it('costs what the statement says', () => {
    const { instance, initial } = toy();
    expect(evaluate(instance, initial, initial)).toMatchObject({ cost: 4_200, violations: [] });
    expect(evaluate(instance, initial, Int32Array.of(0, 2, 0))).toMatchObject({ cost: 3_510, violations: [] });
    expect(evaluate(instance, initial, Int32Array.of(0, 2, 1))).toMatchObject({ cost: 2_411, violations: [] });
  });

  it('is brought to its optimum', () => {
    const { instance, initial } = toy();
    expect(optimised(modelOf(instance, initial), 1, 100_000)).toMatchObject({ cost: 2_411, assignment: Int32Array.of(0, 2, 1) });
  });
});

describe('the optimiser, over generated instances', { timeout: 120_000 }, () => {
  /** Where no series of feasible shifts, swaps and ejections leads to the optimum. */
  const MISSED_ONCE = [2_123_940_014, 1_673_652_946, 410_060_922];
  const small = { machines: 4, services: 3, processesMax: 2, resources: 2 };

  it('meets the optimum that enumeration finds, and the bound is below every feasible assignment', () => {
    fc.assert(fc.property(fc.nat(), (seed) => {
      const { instance, initial } = generateInstance(seed, small);
      const model = modelOf(instance, initial);
      let optimum = Infinity;
      for (const assignment of everyAssignment(instance)) {
        const { cost, violations } = evaluate(instance, initial, assignment);
        if (violations.length === 0) optimum = Math.min(optimum, cost);
      }
      expect(lowerBound(model).total).toBeLessThanOrEqual(optimum);
      expect(optimised(model, seed, 60_000).cost).toBe(optimum);
    }), { numRuns: 60, examples: MISSED_ONCE.map((seed) => [seed]) });
  });

  it('[P4] ends feasible, never worse than the start, at the cost the evaluator counts, above the bound', () => {
    fc.assert(fc.property(fc.nat(), fc.integer({ min: 2, max: 30 }), (seed, machines) => {
      const { instance, initial } = generateInstance(seed, { machines, services: 15, processesMax: 6, resources: 3 });
      const model = modelOf(instance, initial);
      const { assignment, cost } = optimised(model, seed, 40_000);
      expect(evaluate(instance, initial, assignment)).toMatchObject({ cost, violations: [] });
      expect(cost).toBeLessThanOrEqual(evaluate(instance, initial, initial).cost);
      expect(cost).toBeGreaterThanOrEqual(lowerBound(model).total);
    }), { numRuns: 60 });
  });

  it('[P6] gives the same for the same seed and work, in memory of its own or shared', () => {
    const { instance, initial } = generateInstance(7, { machines: 20, services: 40, processesMax: 6, resources: 4 });
    const model = modelOf(instance, initial);
    expect(optimised(model, 3, 50_000)).toEqual(optimised(structuredClone(model), 3, 50_000));
  });

  it('[P5] leaves pinned items alone and sends nothing to closed bins', () => {
    fc.assert(fc.property(fc.nat(), (seed) => {
      const { instance, initial } = generateInstance(seed, { machines: 10, services: 15, processesMax: 4, resources: 3 });
      const pinned = Uint8Array.from(initial, (_, item) => item % 3 === 0 ? 1 : 0);
      const open = Uint8Array.from({ length: instance.machineCount }, (_, bin) => bin % 4 === 0 ? 0 : 1);
      const { assignment } = optimised({ ...modelOf(instance, initial), pinned, open }, seed, 20_000);
      assignment.forEach((bin, item) => {
        if (pinned[item] === 1 || open[bin] === 0) expect(bin).toBe(initial[item]);
      });
    }), { numRuns: 40 });
  });

  it('goes on from what was found elsewhere, if that is better', () => {
    const { instance, initial } = generateInstance(11, { machines: 12, services: 20, processesMax: 4, resources: 3 });
    const model = modelOf(instance, initial);
    const better = optimised(model, 1, 100_000);
    const created = createOptimiser(model, { seed: 2, workUnitsTotal: 1_000 });
    if (!created.ok) throw new Error(created.error.message);
    expect(created.value.adopt(better.assignment)).toBe(true);
    expect(created.value.best()).toMatchObject({ cost: better.cost, assignment: better.assignment });
    expect(created.value.adopt(initial)).toBe(false);
    expect(created.value.best().cost).toBe(better.cost);
  });

  it('takes an offer as the best without losing its own way', () => {
    const { instance, initial } = generateInstance(11, { machines: 12, services: 20, processesMax: 4, resources: 3 });
    const model = modelOf(instance, initial);
    const better = optimised(model, 1, 100_000);
    const created = createOptimiser(model, { seed: 2, workUnitsTotal: 40_000 });
    if (!created.ok) throw new Error(created.error.message);
    created.value.step(5_000);
    expect(created.value.offer(better)).toBe(true);
    expect(created.value.offer({ assignment: initial, cost: better.cost })).toBe(false);
    while (created.value.step(5_000) !== 'done');
    const { assignment, cost } = created.value.best();
    expect(cost).toBeLessThanOrEqual(better.cost);
    expect(evaluate(instance, initial, assignment)).toMatchObject({ cost, violations: [] });
  });
});

describe('[P9] models that cannot be worked on', () => {
  const model = () => {
    const { instance, initial } = toy();
    return modelOf(instance, initial);
  };
  const faulty: [string, (sound: AssignmentModel) => AssignmentModel, string][] = [
    ['no bins', (sound) => ({ ...sound, binCount: 0 }), 'no-bins'],
    ['a column too short', (sound) => ({ ...sound, line: sound.line.slice(1) }), 'wrong-length'],
    ['a requirement of NaN', (sound) => ({ ...sound, requirement: sound.requirement.map(() => NaN) }), 'invalid-number'],
    ['a negative cost', (sound) => ({ ...sound, itemMoveCost: sound.itemMoveCost.map(() => -1) }), 'invalid-number'],
    ['an unknown location', (sound) => ({ ...sound, location: sound.location.map(() => 99) }), 'unknown-index'],
    ['an item larger than its bin', (sound) => ({ ...sound, requirement: sound.requirement.map(() => 1_000) }), 'infeasible-start'],
    ['two items of a group on a bin', (sound) => ({ ...sound, itemGroup: sound.itemGroup.map(() => 0) }), 'infeasible-start'],
    ['balance over an unlimited resource', (sound) => ({ ...sound, capacity: sound.capacity.map(() => Infinity) }), 'invalid-number'],
  ];

  it.each(faulty)('%s', (_, spoil, code) => {
    expect(checkModel(model())).toEqual({ ok: true, value: null });
    const created = createOptimiser(spoil(model()), { seed: 1, workUnitsTotal: 1 });
    expect(created).toMatchObject({ ok: false, error: { code } });
  });
});
