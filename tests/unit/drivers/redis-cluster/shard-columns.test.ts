import { describe, expect, it } from 'vitest';
import type { NodeMetrics } from '@/lib/drivers/redis-cluster/metrics';
import { NodeDictionary } from '@/lib/drivers/redis-cluster/node-dictionary';
import { resolveOwnership } from '@/lib/drivers/redis-cluster/ownership';
import { buildShardTable, type SlotHoldings } from '@/lib/drivers/redis-cluster/shard-columns';
import { emptyCounters, parseSlotStats } from '@/lib/drivers/redis-cluster/slots';
import { parseClusterNodes, type ClusterView } from '@/lib/drivers/redis-cluster/topology';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const C = 'c'.repeat(40);

/** What `self` answers, given the slots that each node owns in its eyes. */
function viewOf(self: string, slots: Record<string, string>, epochs: Record<string, number> = {}): ClusterView {
  const text = Object.entries(slots).map(([id, ranges], n) => `${id} 127.0.0.1:${7000 + n}@${17000 + n} ${id === self ? 'myself,' : ''}master - 0 0 ${epochs[id] ?? 1} connected ${ranges}`).join('\n');
  const view = parseClusterNodes(text);
  if (!view.ok) throw new Error(view.error);
  return view.value;
}

describe('who owns a slot', () => {
  it('each primary speaks for itself, and agreement leaves nothing uncovered or contested', () => {
    const slots = { [A]: '0-8191', [B]: '8192-16383' };
    const { owners, uncovered, disagreed, epochs } = resolveOwnership([viewOf(A, slots, { [A]: 5 }), viewOf(B, slots, { [A]: 5 })]);
    expect([owners[0], owners[8_192], epochs[0], epochs[16_383]]).toEqual([A, B, 5, 1]);
    expect([uncovered, disagreed]).toEqual([[], []]);
  });

  it('of two that claim a slot the higher config epoch wins, and the slot is contested', () => {
    const { owners, disagreed } = resolveOwnership([
      viewOf(A, { [A]: '0-8192', [B]: '8193-16383' }, { [A]: 2, [B]: 7 }),
      viewOf(B, { [A]: '0-8191', [B]: '8192-16383' }, { [A]: 2, [B]: 7 }),
    ]);
    expect(owners[8_192]).toBe(B);
    expect(disagreed).toEqual([8_192]);
  });

  it('a newcomer that owns nothing and has not heard of all slots contradicts nobody; what it does say counts, and so does a gap of one that owns slots', () => {
    const members = [viewOf(A, { [A]: '0-8191', [B]: '8192-16383', [C]: '' }), viewOf(B, { [A]: '0-8191', [B]: '8192-16383', [C]: '' })];
    expect(resolveOwnership([...members, viewOf(C, { [C]: '' })]).disagreed).toEqual([]);
    expect(resolveOwnership([...members, viewOf(C, { [C]: '', [A]: '0-8191' })]).disagreed).toEqual([]);
    expect(resolveOwnership([...members, viewOf(C, { [C]: '', [A]: '0-8192', [B]: '8193-16383' })]).disagreed).toEqual([8_192]);
    expect(resolveOwnership([viewOf(A, { [A]: '0-8191', [B]: '8192-16382' }), members[1]!]).disagreed).toEqual([16_383]);
    expect(resolveOwnership([...members, viewOf(C, { [C]: '7', [A]: '0-6 8-8191' })]).disagreed).toEqual([7, ...Array.from({ length: 8_192 }, (_, n) => 8_192 + n)]);
  });

  it('slots of a silent primary are taken from the others; slots of nobody are uncovered', () => {
    const { owners, uncovered } = resolveOwnership([viewOf(A, { [A]: '0-99', [C]: '100-199' })]);
    expect(owners[150]).toBe(C);
    expect(uncovered.length).toBe(16_384 - 200);
    expect(uncovered[0]).toBe(200);
  });
});

describe('columns of the shard table', () => {
  const ownership = resolveOwnership([viewOf(A, { [A]: '0-1', [B]: '2-16383' })]);
  const metrics = (cpu: number | null): NodeMetrics => ({
    incarnation: 0, version: null, labels: {}, replicationOffset: null,
    capacity: { cpu: 1, memory: null, disk: null, network: null }, usage: { cpu, memory: null, disk: null, network: 1_000 },
    stats: { readsPerSecond: 80, writesPerSecond: 20, operationsPerSecond: 100, connections: null, latencyP99Ms: null, keyCount: 40, replicationLagBytes: null },
  });
  const table = (held: SlotHoldings, cpu: number | null = 0.4) => {
    const dictionary = new NodeDictionary();
    return buildShardTable({ ownership, dictionary, holdings: new Map([[A, held]]), metrics: new Map([[A, metrics(cpu)]]) });
  };

  it('sizes are keys times the sampled mean; loads are the node\'s own, split by keys, and called estimated', () => {
    const { sizeBytes, load, quality, keyCount } = table({ counters: { ...emptyCounters(), keyCount: new Map([[0, 30], [1, 10]]) }, before: null, meanKeyBytes: 50, sampleCount: 64 });
    expect([sizeBytes[0], sizeBytes[1], keyCount[0]]).toEqual([1_500, 500, 30]);
    expect(load.readsPerSecond[0]).toBeCloseTo(60);
    expect(load.cpu[1]).toBeCloseTo(0.1);
    expect(quality).toEqual({ size: 'sampled', sizeSampleCount: 64, load: 'estimated' });
  });

  it('[S6] what no node told stays NaN, an empty slot is 0', () => {
    const { sizeBytes, keyCount, load } = table({ counters: { ...emptyCounters(), keyCount: new Map([[0, 0], [1, 10]]) }, before: null, meanKeyBytes: null, sampleCount: 0 }, null);
    expect([sizeBytes[0], sizeBytes[1], keyCount[2], load.cpu[0]]).toEqual([0, NaN, NaN, NaN]);
  });

  it('SLOT-STATS with load switched on is measured (Valkey 8 and 9: lower-case names)', () => {
    const stats = (cpu: number) => parseSlotStats([[0, ['key-count', 30, 'cpu-usec', cpu, 'network-bytes-in', cpu * 2, 'network-bytes-out', 0]], [1, ['key-count', 10, 'cpu-usec', 0, 'network-bytes-in', 0, 'network-bytes-out', 0]]]);
    const { load, quality } = table({ counters: stats(900_000), before: { counters: stats(100_000), seconds: 2 }, meanKeyBytes: 50, sampleCount: 1 });
    expect(load.cpu[0]).toBeCloseTo(0.4);
    expect(load.networkBytesPerSecond[0]).toBeCloseTo(800_000);
    expect(load.readsPerSecond[0]).toBeCloseTo(80);
    expect(quality.load).toBe('measured');
  });

  it('SLOT-STATS of Redis 8.2: upper-case names, and bytes measured', () => {
    const counters = parseSlotStats([[0, ['KEY-COUNT', 3, 'CPU-USEC', 1, 'MEMORY-BYTES', 4_096, 'NETWORK-BYTES-IN', 1, 'NETWORK-BYTES-OUT', 1]], [1, ['KEY-COUNT', 0, 'MEMORY-BYTES', 0]]]);
    const { sizeBytes, quality } = table({ counters, before: null, meanKeyBytes: null, sampleCount: 0 });
    expect(sizeBytes[0]).toBe(4_096);
    expect(quality).toMatchObject({ size: 'measured', sizeSampleCount: 0 });
  });

  it('SLOT-STATS with load switched off tells key counts alone', () => {
    expect(parseSlotStats([[5, ['key-count', 7]]])).toMatchObject({ keyCount: new Map([[5, 7]]), cpuMicroseconds: new Map() });
  });
});
