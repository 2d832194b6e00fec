/** The made-up instances of `npm run bench -- reassignment --generate`, at a size for every day. */
import { describe, expect, it } from 'vitest';
import { lowerBound } from '@/lib/core/rebalance/optimiser/lower-bound';
import { createOptimiser } from '@/lib/core/rebalance/optimiser/optimiser';
import { evaluate } from '@/tests/bench/reassignment/evaluate';
import { readAssignment, readInstance } from '@/tests/bench/reassignment/instance';
import { largeInstance, modelLines } from '@/tests/bench/reassignment/large-instance';
import { modelOf } from '@/tests/bench/reassignment/model-of';

const SHAPES = [{ processes: 1, machines: 1, resources: 1 }, { processes: 40, machines: 6, resources: 1 }, { processes: 3_000, machines: 60, resources: 5 }] as const;
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('made-up large instances', () => {
  it.each(SHAPES.flatMap((shape) => [1, 2, 3].map((seed) => ({ ...shape, seed }))))('$processes processes on $machines machines, seed $seed: read back as written, with a start that holds every constraint', ({ seed, ...shape }) => {
    const { instance, initial } = largeInstance(seed, shape);
    const read = readInstance(bytesOf([...modelLines(instance)].join('\n')), 'made-up');
    expect(read).toEqual(instance);
    expect(readAssignment(bytesOf(initial.join(' ')), 'made-up', read)).toEqual(initial);
    expect(evaluate(read, initial, initial).violations).toEqual([]);
    expect(largeInstance(seed, shape)).toEqual({ instance, initial });
  });

  it('leave much to be won, and the optimiser wins it', () => {
    const { instance, initial } = largeInstance(1, SHAPES[2]);
    const model = modelOf(instance, initial);
    const created = createOptimiser(model, { seed: 1, workUnitsTotal: 2_000_000 });
    if (!created.ok) throw new Error(created.error.message);
    while (created.value.step(20_000) !== 'done');
    const { assignment, cost } = created.value.best();
    expect(evaluate(instance, initial, assignment)).toMatchObject({ cost, violations: [] });
    const startCost = evaluate(instance, initial, initial).cost;
    const bound = lowerBound(model).total;
    expect(cost).toBeGreaterThanOrEqual(bound);
    // Most of what the bound leaves open: a start that is even already would show nothing.
    expect(startCost - cost).toBeGreaterThan((startCost - bound) / 2);
  });
});
