import { describe, expect, it } from 'vitest';
import { AgentMetricsSchema } from '@/lib/contract/agent-protocol';
import { labelsOfMachine, metricsOfBeat } from '@/lib/drivers/http-agent/beat-metrics';

const read = (metrics: object) => metricsOfBeat({ metrics: AgentMetricsSchema.parse(metrics) });

describe('metrics of a beat', () => {
  it('takes what was measured as it is', () => {
    const { capacity, usage, stats, rejected } = read({ capacity: { cpu: 4, memory: 8e9 }, usage: { cpu: 1.5, memory: 2e9, network: 0 }, stats: { keyCount: 7, latencyP99Ms: 0.4 } });
    expect(capacity).toEqual({ cpu: 4, memory: 8e9, disk: null, network: null });
    expect(usage).toEqual({ cpu: 1.5, memory: 2e9, disk: null, network: 0 });
    expect(stats).toMatchObject({ keyCount: 7, latencyP99Ms: 0.4, readsPerSecond: null });
    expect(rejected).toEqual([]);
  });

  it.each([['NaN as text', 'NaN', 'not-a-number'], ['negative', -1, 'negative'], ['text', '12', 'not-a-number'], ['a list', [1], 'not-a-number'], ['absurd', 1e30, 'absurd'], ['true', true, 'not-a-number']])('[S6] %s is unknown and flagged, never 0', (_name, value, flag) => {
    const { usage, stats, rejected } = read({ usage: { cpu: value }, stats: { operationsPerSecond: value } });
    expect([usage.cpu, stats.operationsPerSecond]).toEqual([null, null]);
    expect(rejected.map((one) => [one.metric, one.flag])).toEqual([['usage.cpu', flag], ['stats.operationsPerSecond', flag]]);
  });

  it('[S6] missing and null are unknown without a flag', () => {
    expect(read({ usage: { cpu: null } })).toMatchObject({ usage: { cpu: null, memory: null }, rejected: [] });
    expect(read({})).toMatchObject({ capacity: { cpu: null }, rejected: [] });
  });

  it('[S6] a usage of more than twice the capacity was not measured; a capacity of 0 is none', () => {
    expect(read({ capacity: { cpu: 2 }, usage: { cpu: 4.1 } })).toMatchObject({ usage: { cpu: null }, rejected: [{ metric: 'usage.cpu', flag: 'absurd', came: '4.1' }] });
    expect(read({ capacity: { cpu: 2 }, usage: { cpu: 2.1 } })).toMatchObject({ usage: { cpu: 2.1 }, rejected: [] });
    expect(read({ capacity: { cpu: 0 }, usage: { cpu: 1 } })).toMatchObject({ capacity: { cpu: null }, usage: { cpu: 1 } });
  });

  it('numbers of the machine become labels, as many as fit', () => {
    expect(labelsOfMachine({ load1: 1.234_5, kernel: '6.1', odd: {}, bad: NaN })).toEqual({ 'machine.load1': '1.23', 'machine.kernel': '6.1' });
    expect(Object.keys(labelsOfMachine(Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`n${n}`, n]))))).toHaveLength(16);
  });
});
