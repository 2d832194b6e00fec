import { describe, expect, it } from 'vitest';
import { latencyBuckets, latencyP99Ms } from '@/lib/drivers/redis-cluster/latency';
import { NodeMeter } from '@/lib/drivers/redis-cluster/metrics';
import type { NodeFacts, NodeReading } from '@/lib/drivers/redis-cluster/node-reading';
import { parseFields, type Reply } from '@/lib/drivers/redis-cluster/replies';
import { parseClusterNodes } from '@/lib/drivers/redis-cluster/topology';

const facts: NodeFacts = {
  readAtMs: 0, settings: new Map([['maxmemory-policy', 'noeviction']]), hasSlotStats: false, atomic: null, keepsMarks: false,
  readCommands: new Set(['get', 'memory|usage']), writeCommands: new Set(['set', 'migrate']),
};

function reading(atMs: number, lines: readonly string[], more: Partial<NodeReading> = {}): NodeReading {
  const view = parseClusterNodes(`${'a'.repeat(40)} 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383`);
  if (!view.ok) throw new Error(view.error);
  return {
    endpoint: { host: '127.0.0.1', port: 7000 }, view: view.value, clusterInfo: new Map(), latency: null, facts, atMs, answerMs: 1,
    info: parseFields(['# Server', 'redis_version:7.0.15', 'run_id:one', 'total_system_memory:1000', 'used_memory:100', 'maxmemory:0', 'role:master', ...lines].join('\r\n')),
    ...more,
  };
}

const counters = (cpu: number, bytes: number, gets: number, sets: number) => [
  `used_cpu_user_main_thread:${cpu}`, 'used_cpu_sys_main_thread:0', `total_net_input_bytes:${bytes}`, 'total_net_output_bytes:0',
  `cmdstat_get:calls=${gets},usec=1,usec_per_call=1.00`, `cmdstat_set:calls=${sets},usec=1`, 'cmdstat_cluster|nodes:calls=999,usec=1', 'cmdstat_migrate:calls=500,usec=1',
];

describe('metrics of one node', () => {
  it('rates are differences of counters over the time between; our own questions and migrations are no operations', () => {
    const meter = new NodeMeter();
    meter.update(reading(1_000, counters(10, 5_000, 100, 50)));
    const { usage, stats } = meter.update(reading(3_000, counters(11, 9_000, 300, 150)));
    expect(usage).toEqual({ cpu: 0.5, memory: 100, disk: null, network: 2_000 });
    expect(stats).toMatchObject({ readsPerSecond: 100, writesPerSecond: 50, operationsPerSecond: 150 });
  });

  it('[S6] a first reading, a reset counter and a missing field are unknown, never 0 and never negative', () => {
    const meter = new NodeMeter();
    expect(meter.update(reading(0, counters(10, 5_000, 100, 50))).usage.cpu).toBeNull();
    const reset = meter.update(reading(1_000, counters(10, 5, 1, 1)));
    expect(reset.usage.network).toBeNull();
    expect(reset.stats).toMatchObject({ readsPerSecond: null, writesPerSecond: null, operationsPerSecond: null });
    const silent = new NodeMeter();
    silent.update(reading(0, []));
    expect(silent.update(reading(1_000, [])).usage).toEqual({ cpu: null, memory: 100, disk: null, network: null });
  });

  it('another run id is another incarnation, and no rate is made across it', () => {
    const meter = new NodeMeter();
    expect(meter.update(reading(0, counters(10, 5_000, 100, 50))).incarnation).toBe(0);
    const restarted = meter.update(reading(1_000, ['run_id:two', ...counters(90, 90_000, 900, 900)]));
    expect(restarted).toMatchObject({ incarnation: 1, usage: { cpu: null } });
  });

  it('readings closer than 200 ms keep the rates before', () => {
    const meter = new NodeMeter();
    meter.update(reading(0, counters(0, 0, 0, 0)));
    meter.update(reading(1_000, counters(0.5, 1_000, 10, 10)));
    expect(meter.update(reading(1_010, counters(0.6, 50_000, 99, 99))).usage).toMatchObject({ cpu: 0.5, network: 1_000 });
  });

  it('capacity of memory is maxmemory, or the whole machine where there is no limit, and the labels say which', () => {
    expect(new NodeMeter().update(reading(0, []))).toMatchObject({ capacity: { cpu: 1, memory: 1_000 }, labels: { memoryCapacity: 'system' } });
    expect(new NodeMeter().update(reading(0, ['maxmemory:500']))).toMatchObject({ capacity: { memory: 500 }, labels: { memoryCapacity: 'maxmemory' } });
  });

  it('Valkey tells its own version beside the one it is compatible with', () => {
    expect(new NodeMeter().update(reading(0, ['redis_version:7.2.4', 'server_name:valkey', 'valkey_version:9.0.1']))).toMatchObject({ version: '9.0.1', labels: { engine: 'Valkey' } });
  });
});

describe('latency from LATENCY HISTOGRAM', () => {
  const histogram = (counts: Record<string, readonly (readonly [number, number])[]>): Reply =>
    Object.entries(counts).flatMap(([command, buckets]): Reply[] => [command, ['calls', 1, 'histogram_usec', buckets.flat()]]);

  it('is the bound of the bucket that holds the 99th percentile of the calls in between', () => {
    const before = latencyBuckets(histogram({ get: [[1, 100], [2, 100]] }));
    const after = latencyBuckets(histogram({ get: [[1, 198], [2, 199], [1024, 200]], set: [[4, 0]], 'cluster|nodes': [[500_000, 9_000]] }));
    expect(latencyP99Ms(before, after)).toBe(0.002);
    expect(latencyP99Ms(new Map(), latencyBuckets(histogram({ get: [[1, 90], [2048, 100]] })))).toBe(2.048);
  });

  it('without calls, after a reset or without the command it is unknown', () => {
    const some = latencyBuckets(histogram({ get: [[1, 100]] }));
    expect(latencyP99Ms(some, some)).toBeNull();
    expect(latencyP99Ms(some, latencyBuckets(histogram({ get: [[1, 3]] })))).toBeNull();
    expect(latencyP99Ms(latencyBuckets(null), latencyBuckets(null))).toBeNull();
  });
});
