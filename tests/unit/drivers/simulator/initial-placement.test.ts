import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastNodeStartsEmpty, placeInitially, replicaCountOf, zoneOf } from '@/lib/drivers/simulator/initial-placement';
import { utilizationOf } from '@/lib/contract/resources';
import { connectionOf, observe, startSimulator } from './simulator-fixture';

const shapes = fc.record({
  nodeCount: fc.integer({ min: 1, max: 40 }),
  zoneCount: fc.integer({ min: 1, max: 9 }),
  shardCount: fc.integer({ min: 1, max: 300 }),
  replicationFactor: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
  lastNodeEmpty: fc.boolean(),
}).map((shape) => connectionOf(shape));

describe('initial placement', () => {
  it('[P1] [P3] any shape: every replica on a node of its own, zones used as far as there are', () => {
    fc.assert(fc.property(shapes, (shape) => {
      const loads = new Float64Array(shape.shardCount).fill(1);
      const rows = placeInitially(shape, loads);
      const width = replicaCountOf(shape);
      expect(rows.length).toBe(shape.shardCount * width);
      const loaded = lastNodeStartsEmpty(shape) ? shape.nodeCount - 1 : shape.nodeCount;
      const zones = new Set(Array.from({ length: loaded }, (_, node) => zoneOf(shape, node))).size;
      for (let shardId = 0; shardId < shape.shardCount; shardId += 1) {
        const holders = [...rows.subarray(shardId * width, (shardId + 1) * width)];
        const zonesUsed = new Set(holders.map((node) => zoneOf(shape, node))).size;
        const kept = holders.every((node) => node >= 0 && node < loaded) && new Set(holders).size === width && zonesUsed === Math.min(width, zones);
        if (!kept) throw new Error(`Shard ${shardId} is on nodes ${holders.join(' ')}`);
      }
    }));
  });

  it('[P6] the same shape gives the same rows, another seed gives others', () => {
    const loads = new Float64Array(1_024).fill(1);
    expect(placeInitially(connectionOf(), loads)).toEqual(placeInitially(connectionOf(), loads));
    expect(placeInitially(connectionOf({ seed: 8 }), loads)).not.toEqual(placeInitially(connectionOf(), loads));
  });

  it('the demo has something to press: loaded nodes at 25-55 %, one clearly hotter, the last one empty', async () => {
    const bench = startSimulator();
    const { nodes } = await observe(bench);
    expect(nodes.map((node) => node.id)).toEqual(Array.from({ length: 12 }, (_, index) => `node-${String(index + 1).padStart(2, '0')}`));
    expect(new Set(nodes.map((node) => node.domain.zone))).toEqual(new Set(['zone-a', 'zone-b', 'zone-c']));
    const cpu = nodes.map((node) => utilizationOf(node).cpu!);
    const loaded = cpu.slice(0, 11);
    const sorted = [...loaded].sort((a, b) => b - a);
    expect(cpu[11]).toBeLessThan(0.03);
    expect(Math.min(...loaded)).toBeGreaterThan(0.25);
    expect(Math.max(...loaded)).toBeLessThan(0.58);
    expect(sorted[0]! / sorted[1]!).toBeGreaterThan(1.15);
    const mean = cpu.reduce((sum, value) => sum + value, 0) / cpu.length;
    expect(sorted[0]! / mean - 1).toBeGreaterThan(0.3);
    for (const node of nodes.slice(0, 11)) {
      for (const resource of ['memory', 'disk', 'network'] as const) {
        expect(utilizationOf(node)[resource]).toBeGreaterThan(0.2);
        expect(utilizationOf(node)[resource]).toBeLessThan(0.55);
      }
    }
  });

  it('has no empty node where the others would be too few for the replicas', async () => {
    const { shards } = await observe(startSimulator({ nodeCount: 3, shardCount: 12 }));
    expect(new Set(shards.replicas).size).toBe(3);
  });

  it('one node and one shard are a cluster', async () => {
    const { nodes, shards, engine } = await observe(startSimulator({ nodeCount: 1, shardCount: 1 }));
    expect([nodes.length, shards.replicaMax, [...shards.replicas], engine.replicationFactor]).toEqual([1, 1, [0], 1]);
  });
});
