import { describe, expect, it } from 'vitest';
import type { Imbalance } from '@/lib/contract/imbalance';
import { BALANCE_DIMENSIONS } from '@/lib/contract/imbalance';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { advanceTrigger, decideRebalance, IDLE_TRIGGER, type RebalanceGuards } from '@/lib/core/scaling/decide-rebalance';

const even = Object.fromEntries(BALANCE_DIMENSIONS.map((dimension) => [dimension, 0])) as Imbalance;
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
