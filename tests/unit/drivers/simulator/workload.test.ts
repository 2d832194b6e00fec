import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashUnit, smoothNoise } from '@/lib/drivers/simulator/hash-noise';
import { dailyRhythm, Workload } from '@/lib/drivers/simulator/workload';
import { connectionOf } from './simulator-fixture';

const HOUR_MS = 3_600_000;
const shape = connectionOf({ shardCount: 512 });

const bytesOf = (column: Float64Array) => Buffer.from(column.buffer, column.byteOffset, column.byteLength);

describe('workload', () => {
  it('is a function of seed and time: the same whatever was asked for before', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 4 * HOUR_MS }), { maxLength: 8 }), fc.integer({ min: 0, max: HOUR_MS }), (earlier, laterMs) => {
      const nowMs = Math.max(0, ...earlier) + laterMs;
      const watched = new Workload(shape);
      for (const atMs of [...earlier].sort((a, b) => a - b)) watched.factorsAt(atMs);
      const fresh = new Workload(shape);
      expect(Buffer.compare(bytesOf(watched.factorsAt(nowMs)), bytesOf(fresh.factorsAt(nowMs)))).toBe(0);
      expect(Buffer.compare(bytesOf(watched.sizeBytes), bytesOf(fresh.sizeBytes))).toBe(0);
    }), { numRuns: 40 });
  });

  it('the noise is uniform enough, stays within its bounds and is smooth', () => {
    const draws = Array.from({ length: 4_000 }, (_, position) => hashUnit(7, 3, position));
    expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(0.5, 1);
    expect(new Set(draws).size).toBeGreaterThan(3_990);
    const curve = Array.from({ length: 5_000 }, (_, step) => smoothNoise(7, 3, step / 100));
    expect(Math.max(...curve.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(Math.max(...curve.slice(1).map((value, step) => Math.abs(value - curve[step]!)))).toBeLessThanOrEqual(0.0301);
  });

  it('a day has its peak in the afternoon, its trough before dawn, and mean 1', () => {
    const minutes = Array.from({ length: 1_440 }, (_, minute) => dailyRhythm(minute * 60_000));
    expect(minutes.reduce((sum, factor) => sum + factor, 0) / minutes.length).toBeCloseTo(1, 6);
    const hourOf = (factor: number) => (minutes.indexOf(factor) / 60 + 10) % 24;
    expect(hourOf(Math.max(...minutes))).toBeGreaterThan(14);
    expect(hourOf(Math.max(...minutes))).toBeLessThan(19);
    expect(hourOf(Math.min(...minutes))).toBeGreaterThan(2);
    expect(hourOf(Math.min(...minutes))).toBeLessThan(6);
    expect(Math.max(...minutes) / Math.min(...minutes)).toBeGreaterThan(1.6);
  });

  it('in a steady state less than 2 % of the shards change by more than 5 % from one second to the next', () => {
    const workload = new Workload(shape);
    let changes = 0;
    const seconds = 1_800;
    let before = workload.factorsAt(0).slice();
    for (let second = 1; second <= seconds; second += 1) {
      const after = workload.factorsAt(second * 1_000).slice();
      for (const [shardId, factor] of after.entries()) if (Math.abs(factor / before[shardId]! - 1) > 0.05) changes += 1;
      before = after;
    }
    expect(changes / (seconds * shape.shardCount)).toBeLessThan(0.02);
  });

  it('renews a twentieth of the shards per second and leaves the others exactly as they are', () => {
    const workload = new Workload(shape);
    const before = workload.factorsAt(100_000).slice();
    const after = workload.factorsAt(101_000);
    const changed = [...after].filter((factor, shardId) => factor !== before[shardId]).length;
    expect(changed).toBeGreaterThan(0);
    expect(changed).toBeLessThanOrEqual(Math.ceil(shape.shardCount / 20));
  });

  it('over some hours there are bursts over many shards and single hot keys', () => {
    const workload = new Workload(shape);
    let hottest = 0;
    let manyAtOnce = 0;
    for (let minute = 0; minute < 8 * 60; minute += 1) {
      const factors = workload.factorsAt(minute * 60_000);
      const rhythm = dailyRhythm(minute * 60_000);
      hottest = Math.max(hottest, ...[...factors].map((factor) => factor / rhythm));
      manyAtOnce = Math.max(manyAtOnce, [...factors].filter((factor) => factor / rhythm > 1.28).length);
    }
    expect(hottest).toBeGreaterThan(2);
    expect(manyAtOnce).toBeGreaterThan(3);
  });

  it('sizes and loads are Zipf-like: a few large ones, none absurd', () => {
    const workload = new Workload(connectionOf({ shardCount: 16_384, nodeCount: 100 }));
    for (const column of [workload.base.cpu, workload.sizeBytes]) {
      const sorted = [...column].sort((a, b) => b - a);
      const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
      expect(sorted[0]! / mean).toBeGreaterThan(5);
      expect(sorted[0]! / mean).toBeLessThanOrEqual(26);
      expect(sorted.at(-1)!).toBeGreaterThan(0);
    }
    expect([...workload.sizeBytes].every(Number.isInteger)).toBe(true);
  });

  it('controls act at once and only where they are set', () => {
    const workload = new Workload(shape);
    const before = workload.factorsAt(5_000).slice();
    workload.setControls({ loadScale: 2, hotShards: [[9, 5]] });
    const after = workload.factorsAt(5_000);
    expect(after[8]).toBe(before[8]! * 2);
    expect(after[9]).toBe(before[9]! * 2 * 5);
  });
});
