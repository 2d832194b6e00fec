import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixPictures } from '@/lib/client/prefix-picture';
import { applyPlacement } from '@/lib/contract/apply-placement';
import type { NodeHolding } from '@/lib/contract/imbalance';
import { BALANCE_DIMENSIONS } from '@/lib/contract/vocabulary';
import { holdingsOf } from '@/lib/core/load/holdings';
import { imbalanceOf } from '@/lib/core/load/imbalance';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { clusterArbitrary, runsOf } from '../core/rebalance/cluster-arbitrary';
import { contextOf, NOW_MS } from '../core/rebalance/cluster-builder';

const QUANTITIES = ['shards', 'primaries', 'dataBytes', 'keyCount', 'operationsPerSecond', 'cpuCores', 'networkBytesPerSecond'] as const satisfies readonly (keyof NodeHolding)[];

/** Sums of thousands of floats in another order. */
function close(actual: number | null, expected: number | null, scale: number): boolean {
  if (actual === null || expected === null) return actual === expected;
  return Math.abs(actual - expected) <= 1e-5 * Math.max(scale, 1e-9);
}

describe('the picture after the first steps of a plan', { timeout: 120_000 }, () => {
  it('is what the core measures of the cluster after just these steps, for every plan and every prefix', () => {
    fc.assert(fc.property(
      clusterArbitrary({ nodeCountMin: 2 }), fc.constantFrom('load-based', 'round-robin', 'consistent-hashing'), fc.nat({ max: 1_000 }),
      (state, strategy, at) => {
        const plan = planRebalance(state, { strategy, scope: { kind: 'cluster' }, threshold: 0.02, seed: 1 }, contextOf());
        const stepCount = at % (plan.steps.length + 1);
        const picture = prefixPictures(plan, state.shards)(stepCount, [...state.nodes.values()]);
        const there = { ...state, shards: applyPlacement(state.shards, plan.steps.slice(0, stepCount)) };
        const measured = new Map(holdingsOf(there).map((holding) => [holding.nodeId, holding]));
        for (const holding of picture.holdings) {
          for (const quantity of QUANTITIES) {
            const expected = measured.get(holding.nodeId)![quantity];
            // An empty node holds 0 of what is unknown elsewhere; a filled one is unknown.
            if (holding.shards === 0 || expected === null) continue;
            const scale = picture.holdings.reduce((sum, each) => sum + (each[quantity] ?? 0), 0);
            expect(close(holding[quantity], expected, scale), `${quantity} of ${holding.nodeId}: ${String(holding[quantity])} against ${expected}`).toBe(true);
          }
        }
        const imbalance = imbalanceOf(there, NOW_MS);
        for (const dimension of BALANCE_DIMENSIONS) {
          expect(close(picture.imbalance[dimension], imbalance[dimension], 1 + (imbalance[dimension] ?? 0)), `${dimension}: ${String(picture.imbalance[dimension])} against ${String(imbalance[dimension])}`).toBe(true);
        }
      },
    ), runsOf(300));
  });

  it('begins and ends with the plan’s own numbers, though loads have drifted since', () => {
    fc.assert(fc.property(clusterArbitrary({ nodeCountMin: 2, healthy: true }), (state) => {
      const plan = planRebalance(state, { strategy: 'load-based', scope: { kind: 'cluster' }, threshold: 0, seed: 1 }, contextOf());
      const drifted = { ...state.shards, sizeBytes: state.shards.sizeBytes.map((bytes) => bytes * 1.5) };
      const pictureAt = prefixPictures(plan, drifted);
      const at = (stepCount: number) => pictureAt(stepCount, [...state.nodes.values()]);
      expect(at(0)).toEqual({ holdings: plan.before.holdings, imbalance: plan.before.imbalance });
      expect(at(plan.steps.length)).toEqual(plan.steps.length === 0 ? at(0) : { holdings: plan.after.holdings, imbalance: plan.after.imbalance });
    }), runsOf(100));
  });
});
