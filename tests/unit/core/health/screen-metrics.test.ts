import { describe, expect, it } from 'vitest';
import type { Node } from '@/lib/contract/node';
import { ObservationSchema, type NodeObservation } from '@/lib/contract/observation';
import { applyObservation } from '@/lib/core/cluster/apply-observation';
import { createClusterState } from '@/lib/core/cluster/create-cluster-state';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { screenMetrics, UNSCREENED, type ScreenState } from '@/lib/core/health/screen-metrics';
import { observationOf, observed } from '../../../support/cluster-states';

const BUSY = { readsPerSecond: 1, writesPerSecond: 1, operationsPerSecond: 100, connections: 3, latencyP99Ms: 2, keyCount: 10, replicationLagBytes: null };

/** Readings of one node `a`, screened and taken over as the manager does. */
class Readings {
  state: ClusterState = createClusterState({ clusterId: 'c', epoch: 1 });
  screen: ScreenState = UNSCREENED;
  atMs = 0;

  read(overrides: Partial<NodeObservation>, stepMs = 1_000): Node {
    this.atMs += stepMs;
    const nodes = [observed('a', { sequence: this.atMs, ...overrides })];
    const screened = screenMetrics(this.screen, { nodes, known: this.state.nodes, nowMs: this.atMs, monotonicMs: this.atMs });
    this.screen = screened.state;
    this.state = applyObservation(this.state, observationOf(screened.nodes, null), { nowMs: this.atMs, monotonicMs: this.atMs, wishes: new Map(), verdicts: new Map(), flags: screened.flags }).state;
    return this.state.nodes.get('a')!;
  }
}

describe('numbers that are not to be believed', () => {
  it.each([
    ['not-a-number', Number.NaN, 'NaN'], ['not-a-number', Number.POSITIVE_INFINITY, 'Infinity'], ['negative', -3, '-3'], ['absurd', 812, '812 of 8'],
  ] as const)('[S6] %s becomes unknown with a flag, never 0', (flag, cpu, came) => {
    const node = new Readings().read({ usage: { cpu, memory: 5, disk: 5, network: 5 } });
    expect(node.usage).toEqual({ cpu: null, memory: 5, disk: 5, network: 5 });
    expect(node.flags).toEqual([{ metric: 'usage.cpu', flag, came, sinceMs: 1_000 }]);
  });

  it('one broken number does not cost the reading: the edge lets it through to be flagged', () => {
    const parsed = ObservationSchema.parse(observationOf([observed('a', { usage: { cpu: Number.NaN, memory: -1, disk: undefined as never, network: 1 } })], null));
    expect(parsed.nodes[0]!.usage).toEqual({ cpu: Number.NaN, memory: -1, disk: null, network: 1 });
    expect(ObservationSchema.safeParse(observationOf([observed('a', { usage: { cpu: 'much' as never, memory: 1, disk: 1, network: 1 } })], null)).success).toBe(false);
  });

  it('[S6] what was reported and is absent in three readings is missing; what never came is merely unknown', () => {
    const readings = new Readings();
    readings.read({ usage: { cpu: 1, memory: 5, disk: null, network: 5 } });
    const absent = { usage: { cpu: 1, memory: null, disk: null, network: 5 } };
    expect(readings.read(absent).flags).toEqual([]);
    readings.read(absent);
    expect(readings.read(absent)).toMatchObject({ usage: { memory: null, disk: null }, flags: [{ metric: 'usage.memory', flag: 'missing' }] });
    expect(readings.read({ usage: { cpu: 1, memory: 6, disk: null, network: 5 } })).toMatchObject({ usage: { memory: 6 }, flags: [] });
  });

  it('[S6] a rate that stands still for ten minutes under load is frozen, and is believed again when it moves', () => {
    const readings = new Readings();
    const stuck = (operations: number) => ({ usage: { cpu: 1.234567, memory: 5, disk: 5, network: operations }, stats: { ...BUSY, operationsPerSecond: operations } });
    let node = readings.read(stuck(100));
    for (let second = 1; second <= 599; second += 1) node = readings.read(stuck(100 + second));
    expect(node.flags).toEqual([]);
    for (let second = 0; second < 2; second += 1) node = readings.read(stuck(800 + second));
    expect(node).toMatchObject({ usage: { cpu: null }, flags: [{ metric: 'usage.cpu', flag: 'frozen', came: '1.23457' }] });
    expect(readings.read({ ...stuck(900), usage: { cpu: 1.3, memory: 5, disk: 5, network: 900 } })).toMatchObject({ usage: { cpu: 1.3 }, flags: [] });
  });

  it('sizes, zeros and the rates of an idle node may stand still', () => {
    const readings = new Readings();
    const idle = { usage: { cpu: 0.5, memory: 5, disk: 5, network: 0 }, stats: { ...BUSY, operationsPerSecond: 0 } };
    for (let second = 0; second < 700; second += 1) expect(readings.read(idle).flags).toEqual([]);
  });

  it('a silent node keeps its values and its flags with their age', () => {
    const readings = new Readings();
    readings.read({ usage: { cpu: -1, memory: 5, disk: 5, network: 5 } });
    const silent = readings.read({ answered: false, usage: { cpu: null, memory: null, disk: null, network: null } });
    expect(silent).toMatchObject({ usage: { cpu: null, memory: 5 }, flags: [{ flag: 'negative', sinceMs: 1_000 }], observedAtMs: 1_000 });
  });

  it('a flag keeps the time since when it holds', () => {
    const readings = new Readings();
    readings.read({ usage: { cpu: -1, memory: 5, disk: 5, network: 5 } });
    expect(readings.read({ usage: { cpu: -2, memory: 5, disk: 5, network: 5 } }).flags).toEqual([{ metric: 'usage.cpu', flag: 'negative', came: '-1', sinceMs: 1_000 }]);
  });
});
