import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Imbalance } from '@/lib/contract/imbalance';
import { BALANCE_DIMENSIONS } from '@/lib/contract/imbalance';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { advanceTrigger, decideRebalance, IDLE_TRIGGER, type RebalanceGuards } from '@/lib/core/scaling/decide-rebalance';
import { decideScaling, type ScalingContext } from '@/lib/core/scaling/decide-scaling';
import { nodeNamed, stateOf, tableOf } from '../../../support/cluster-states';

const even = Object.fromEntries(BALANCE_DIMENSIONS.map((dimension) => [dimension, 0])) as Imbalance;
const context: ScalingContext = {
  nowMs: 0, settings: DEFAULT_SETTINGS.scaling, imbalance: even, imbalanceThreshold: 0.1, stale: false, frozen: false, operationRunning: false,
};

function clusterAt(cpu: number | null, count = 4) {
  const usage = { cpu: cpu === null ? null : cpu * 8, memory: 300_000, disk: 300_000, network: 300_000 };
  const nodes = Array.from({ length: count }, (_, index) => nodeNamed(`n${index}`, { usage }));
  return stateOf(nodes, tableOf(nodes.map((node) => node.id), [['n0']]));
}

describe('scaling recommendation', () => {
  it('wants as many nodes as bring the highest resource to its target, with the numbers in words', () => {
    const decision = decideScaling(clusterAt(0.9), context);
    expect(decision).toMatchObject({ action: 'scale-out', nodeCount: 4, nodeCountDecided: 6, boundBy: 'target-utilization', message: 'cpu at 90 % of a target of 60 %: 6 nodes instead of 4' });
  });

  it('[S1] stays within the bounds whatever the load', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 3, noNaN: true }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 6 }), fc.nat(6), (cpu, count, min, more) => {
      const settings = { ...DEFAULT_SETTINGS.scaling, nodeCountMin: min, nodeCountMax: min + more };
      const decision = decideScaling(clusterAt(cpu, count), { ...context, settings });
      if (decision.action === 'scale-out') expect(decision.nodeCountDecided).toBeLessThanOrEqual(settings.nodeCountMax);
      if (decision.action === 'scale-in') expect(decision.nodeCountDecided).toBeGreaterThanOrEqual(settings.nodeCountMin);
      if (decision.action === 'hold') expect(decision.nodeCountDecided).toBe(count);
    }));
  });

  it('[S2] recommends fewer nodes only when nothing is unhealthy, moving, stale or frozen', () => {
    const idle = clusterAt(0.05, 8);
    expect(decideScaling(idle, context).action).toBe('scale-in');
    expect(decideScaling(idle, { ...context, stale: true }).boundBy).toBe('stale-observation');
    expect(decideScaling(idle, { ...context, frozen: true }).boundBy).toBe('frozen');
    expect(decideScaling(idle, { ...context, operationRunning: true }).boundBy).toBe('operation-running');
    const sick = stateOf([...idle.nodes.values()].map((node, index) => (index === 0 ? { ...node, liveness: 'suspect' as const } : node)), idle.shards);
    expect(decideScaling(sick, context).boundBy).toBe('unhealthy');
  });

  it('[S6] never recommends fewer nodes when cpu is unknown', () => {
    const decision = decideScaling(clusterAt(null, 8), context);
    expect(decision).toMatchObject({ action: 'hold', boundBy: 'unknown-metrics' });
    expect(decision.conditions.find((condition) => condition.resource === 'cpu')).toMatchObject({ utilization: null, nodeCountWanted: null });
  });

  it('[S5] does not recommend growing again right after the size it recommended for shrinking', () => {
    fc.assert(fc.property(fc.double({ min: 0.01, max: 0.9, noNaN: true }), fc.integer({ min: 2, max: 12 }), (cpu, count) => {
      const decision = decideScaling(clusterAt(cpu, count), context);
      if (decision.action !== 'scale-in') return;
      const after = decideScaling(clusterAt((cpu * count) / decision.nodeCountDecided, decision.nodeCountDecided), context);
      expect(after.action).not.toBe('scale-out');
    }));
  });
});

describe('automatic rebalance', () => {
  const settings = { ...DEFAULT_SETTINGS.rebalancing, mode: 'automatic' as const };
  const uneven: Imbalance = { ...even, cpu: 0.4 };
  const guards: RebalanceGuards = { monotonicMs: 0, stale: false, frozen: false, healthy: true, operationOpen: false };
  const above = (monotonicMs: number) => advanceTrigger(IDLE_TRIGGER, { worst: 0.4, threshold: 0.1, topologyChanged: false, monotonicMs });

  it('acts above the threshold only after it held for the hold time', () => {
    expect(decideRebalance(above(0), uneven, settings, { ...guards, monotonicMs: 59_999 })).toEqual({ action: 'hold', guard: 'holding', untilMonotonicMs: 60_000 });
    expect(decideRebalance(above(0), uneven, settings, { ...guards, monotonicMs: 60_000 })).toMatchObject({ action: 'rebalance', cause: 'above-threshold', dimension: 'cpu' });
  });

  it('holds only what the strategy evens against the threshold', () => {
    const counts: Imbalance = { ...even, shards: 0.5, primaries: 0.4 };
    expect(decideRebalance(above(0), counts, settings, { ...guards, monotonicMs: 60_000 })).toMatchObject({ guard: 'balanced' });
    expect(decideRebalance(above(0), counts, { ...settings, strategy: 'round-robin' }, { ...guards, monotonicMs: 60_000 })).toMatchObject({ action: 'rebalance', dimension: 'shards' });
  });

  it('starts the hold time again when the imbalance fell below in between', () => {
    const dipped = advanceTrigger(advanceTrigger(above(0), { worst: 0.05, threshold: 0.1, topologyChanged: false, monotonicMs: 30_000 }), { worst: 0.4, threshold: 0.1, topologyChanged: false, monotonicMs: 31_000 });
    expect(decideRebalance(dipped, uneven, settings, { ...guards, monotonicMs: 60_000 })).toMatchObject({ guard: 'holding', untilMonotonicMs: 91_000 });
  });

  it('[S9] names the guard that held it back', () => {
    const late = { ...guards, monotonicMs: 100_000 };
    expect(decideRebalance(above(0), uneven, { ...settings, mode: 'manual' }, late)).toMatchObject({ guard: 'manual' });
    expect(decideRebalance(above(0), even, settings, late)).toMatchObject({ guard: 'balanced' });
    expect(decideRebalance(above(0), uneven, settings, { ...late, stale: true })).toMatchObject({ guard: 'stale' });
    expect(decideRebalance(above(0), uneven, settings, { ...late, frozen: true })).toMatchObject({ guard: 'frozen' });
    expect(decideRebalance(above(0), uneven, settings, { ...late, healthy: false })).toMatchObject({ guard: 'unhealthy' });
    expect(decideRebalance(above(0), uneven, settings, { ...late, operationOpen: true })).toMatchObject({ guard: 'operation-open' });
    expect(decideRebalance({ ...above(0), lastEndedMonotonicMs: 90_000 }, uneven, settings, late)).toMatchObject({ guard: 'cooldown', untilMonotonicMs: 690_000 });
  });

  it('sees one empty node among twenty, which the threshold for drifting load would not', () => {
    const joined = advanceTrigger(IDLE_TRIGGER, { worst: 0.05, threshold: 0.1, topologyChanged: true, monotonicMs: 0 });
    expect(decideRebalance(joined, { ...even, cpu: 0.05 }, settings, guards)).toMatchObject({ action: 'rebalance', cause: 'topology-changed' });
    expect(decideRebalance(joined, { ...even, cpu: 0.02 }, settings, guards)).toMatchObject({ guard: 'balanced' });
  });

  it('acts at once when the topology changed and the cluster is uneven', () => {
    const joined = advanceTrigger(IDLE_TRIGGER, { worst: 0.4, threshold: 0.1, topologyChanged: true, monotonicMs: 0 });
    expect(decideRebalance(joined, uneven, settings, guards)).toMatchObject({ action: 'rebalance', cause: 'topology-changed' });
  });
});
