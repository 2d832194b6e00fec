import { describe, expect, it } from 'vitest';
import { UNKNOWN_STATS } from '@/lib/contract/node';
import { ewma } from '@/lib/core/load/ewma';
import { holdingsOf } from '@/lib/core/load/holdings';
import { hotspotsOf } from '@/lib/core/load/hotspots';
import { imbalanceOf } from '@/lib/core/load/imbalance';
import { totalsOf } from '@/lib/core/load/totals';
import { nodeOf, NOW_MS, stateOf, type ShardSpec } from '@/tests/unit/core/rebalance/cluster-builder';

const LINES = { cpu: 0.8, memory: 0.8, disk: 0.85, network: 0.8 };
const capacity = (fields: Partial<{ cpu: number; memory: number; disk: number; network: number }>) => ({ cpu: null, memory: null, disk: null, network: null, ...fields });

describe('holdingsOf', () => {
  const shards: ShardSpec[] = [
    { on: ['a', 'b'], bytes: 100, keys: 10, cpu: 2, reads: 30, writes: 10, network: 400 },
    { on: ['b', 'a'], bytes: 50, keys: 5, cpu: 1, reads: 0, writes: 20, network: 100 },
  ];

  it('every replica costs its bytes and keys; cpu, reads and all traffic are the primary\'s; writes count on every replica', () => {
    expect(holdingsOf(stateOf([nodeOf('b'), nodeOf('a')], shards))).toEqual([
      { nodeId: 'a', shards: 2, primaries: 1, dataBytes: 150, keyCount: 15, operationsPerSecond: 40 + 20, cpuCores: 2, networkBytesPerSecond: 400 + 100 },
      { nodeId: 'b', shards: 2, primaries: 1, dataBytes: 150, keyCount: 15, operationsPerSecond: 20 + 10, cpuCores: 1, networkBytesPerSecond: 100 + 100 },
    ]);
  });

  it('an unknown row counts as the mean of the known ones, never as 0', () => {
    const [a, b] = holdingsOf(stateOf([nodeOf('a'), nodeOf('b')], [{ on: ['a'], bytes: 100 }, { on: ['a'], bytes: 300 }, { on: ['b'] }]));
    expect(a).toMatchObject({ dataBytes: 400 });
    expect(b).toMatchObject({ dataBytes: 200 });
  });

  it('a column of which nothing is known is null, but an empty node holds 0 for certain', () => {
    const [a, empty] = holdingsOf(stateOf([nodeOf('a'), nodeOf('empty')], [{ on: ['a'] }]));
    expect(a).toMatchObject({ shards: 1, dataBytes: null, cpuCores: null, operationsPerSecond: null, networkBytesPerSecond: null });
    expect(empty).toMatchObject({ shards: 0, dataBytes: 0, cpuCores: 0 });
  });

  it('followers hold nothing of their own, and replicas on nodes that are gone are nobody\'s', () => {
    const state = stateOf([nodeOf('a'), nodeOf('f', { followerOf: 'a' })], [{ on: ['a'], bytes: 1 }, { on: ['gone'], bytes: 1 }]);
    expect(holdingsOf(state).map(({ nodeId, shards: count }) => [nodeId, count])).toEqual([['a', 1]]);
  });
});

describe('imbalanceOf', () => {
  it('is (max - mean) / mean of the plain value where capacities are unknown', () => {
    const imbalance = imbalanceOf(stateOf([nodeOf('a'), nodeOf('b')], [{ on: ['a'], bytes: 300 }, { on: ['b'], bytes: 100 }]), NOW_MS);
    expect(imbalance.data).toBeCloseTo(0.5);
    expect(imbalance.shards).toBe(0);
    expect(imbalance.cpu).toBeNull();
  });

  it('is of utilization where capacities are known: twice the data on twice the memory is even', () => {
    const nodes = [nodeOf('a', { capacity: capacity({ memory: 2_000 }) }), nodeOf('b', { capacity: capacity({ memory: 1_000 }) })];
    const imbalance = imbalanceOf(stateOf(nodes, [{ on: ['a'], bytes: 200 }, { on: ['b'], bytes: 100 }]), NOW_MS);
    expect(imbalance.data).toBeCloseTo(0);
    expect(imbalance.memory).toBeCloseTo(0);
    expect(imbalance.disk).toBeNull();
  });

  it('leaves out nodes that nothing may be placed on, and has nothing to say of no node or no data', () => {
    const shards: ShardSpec[] = [{ on: ['a'], bytes: 100 }, { on: ['b'], bytes: 100 }, { on: ['c'], bytes: 900 }];
    expect(imbalanceOf(stateOf([nodeOf('a'), nodeOf('b'), nodeOf('c', { lifecycle: 'draining' })], shards), NOW_MS).data).toBeCloseTo(0);
    expect(imbalanceOf(stateOf([], []), NOW_MS).data).toBeNull();
    expect(imbalanceOf(stateOf([nodeOf('a')], []), NOW_MS).data).toBeNull();
  });
});

describe('totalsOf', () => {
  it('counts one copy of the data, the operations of the leaders and the worst leader\'s p99', () => {
    const stats = { ...UNKNOWN_STATS, operationsPerSecond: 10, latencyP99Ms: 2 };
    const nodes = [
      nodeOf('a', { stats, capacity: capacity({ memory: 100 }), usage: capacity({ memory: 50 }) }),
      nodeOf('b', { stats: { ...stats, latencyP99Ms: 7 }, capacity: capacity({ memory: 300 }), usage: capacity({ memory: 50 }) }),
      nodeOf('f', { followerOf: 'a', stats: { ...stats, latencyP99Ms: 99 } }),
    ];
    expect(totalsOf(stateOf(nodes, [{ on: ['a', 'b'], bytes: 100, keys: 3 }]))).toEqual({
      nodes: 3, leaders: 2, shards: 1, operationsPerSecond: 20, latencyP99Ms: 7, dataBytes: 100, keyCount: 3, cpu: null, memory: 0.25, disk: null, network: null,
    });
  });

  it('says null where nothing is known', () => {
    expect(totalsOf(stateOf([nodeOf('a')], [{ on: ['a'] }]))).toMatchObject({ operationsPerSecond: null, latencyP99Ms: null, dataBytes: null, keyCount: null, cpu: null });
  });
});

describe('ewma', () => {
  it('gives the old value half its weight after one half-life', () => {
    expect(ewma(0, 10, 1_000, 1_000)).toBeCloseTo(5);
    expect(ewma(0, 10, 2_000, 1_000)).toBeCloseTo(7.5);
  });

  it('does not depend on how the time between is cut when the sample is the same', () => {
    const once = ewma(3, 8, 1_500, 1_000)!;
    expect(ewma(ewma(3, 8, 500, 1_000), 8, 1_000, 1_000)).toBeCloseTo(once);
  });

  it.each([[null], [NaN], [Infinity]])('an unknown sample (%s) leaves the average as it was', (sample) => {
    expect(ewma(4, sample, 1_000, 1_000)).toBe(4);
    expect(ewma(null, sample, 1_000, 1_000)).toBeNull();
  });

  it('starts from the first sample, and goes on from one after a broken average', () => {
    expect(ewma(null, 6, 0, 1_000)).toBe(6);
    expect(ewma(NaN, 6, 10, 1_000)).toBe(6);
  });

  it('time that runs backwards or not at all changes nothing; no half-life means no smoothing', () => {
    expect(ewma(4, 9, -5, 1_000)).toBe(4);
    expect(ewma(4, 9, 0, 1_000)).toBe(4);
    expect(ewma(4, 9, 1, 0)).toBe(9);
    expect(ewma(4, 9, Infinity, 1_000)).toBe(9);
  });
});

describe('hotspotsOf', () => {
  it('names nodes at their line, the worst first, and never an unknown one', () => {
    const nodes = [
      nodeOf('warm', { capacity: capacity({ memory: 100 }), usage: capacity({ memory: 79 }) }),
      nodeOf('hot', { capacity: capacity({ memory: 100, disk: 100 }), usage: capacity({ memory: 80, disk: 99 }) }),
      nodeOf('unknown', { usage: capacity({ memory: 1e12 }) }),
    ];
    expect(hotspotsOf(stateOf(nodes, []), { node: LINES, shardShareOfMeanNode: 0.5 })).toEqual([
      { kind: 'node', nodeId: 'hot', resource: 'disk', utilization: 0.99, line: 0.85 },
      { kind: 'node', nodeId: 'hot', resource: 'memory', utilization: 0.8, line: 0.8 },
    ]);
  });

  it('names a shard that alone carries a large part of a node\'s load, in its worst dimension', () => {
    const quiet = Array.from({ length: 20 }, (_, index): ShardSpec => ({ on: [index % 2 === 0 ? 'a' : 'b'], bytes: 10, cpu: 0.1, reads: 10, writes: 0, network: 10 }));
    const found = hotspotsOf(stateOf([nodeOf('a'), nodeOf('b')], [...quiet, { on: ['b'], bytes: 10, cpu: 3, reads: 60, writes: 0, network: 10 }]), { node: LINES, shardShareOfMeanNode: 0.5 });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ kind: 'shard', shardId: 20, nodeId: 'b', dimension: 'cpu' });
    expect(found[0]?.kind === 'shard' && found[0].shareOfMeanNode).toBeCloseTo(3 / 2.5);
  });
});
