import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyNodeMetrics, applyShardDelta, decodeColumn, decodeShardTable, MalformedColumn } from '@/lib/client/decode';
import { NODE_METRIC_COLUMNS } from '@/lib/contract/live';
import { bytesOf, nodeOf, unaligned, wireShardDeltaOf, wireTableOf } from './live-fixtures';

describe('columns', () => {
  it('reads the same numbers from an ArrayBuffer, an aligned view and an unaligned one', () => {
    fc.assert(fc.property(fc.array(fc.double()), (numbers) => {
      const column = Float64Array.from(numbers);
      for (const wire of [column.slice().buffer, bytesOf(column), unaligned(column)]) {
        expect(decodeColumn(wire, Float64Array, numbers.length)).toEqual(column);
      }
    }));
  });

  it('refuses a column whose bytes are not its length times its element size', () => {
    expect(() => decodeColumn(new Uint8Array(15), Float64Array, 2)).toThrow(MalformedColumn);
    expect(() => decodeColumn(new Uint8Array(16), Float64Array, 1)).toThrow(MalformedColumn);
  });
});

describe('a shard delta', () => {
  const table = decodeShardTable(wireTableOf(8));

  it('changes only the rows it names', () => {
    const next = applyShardDelta(table, wireShardDeltaOf([2, 5], 9, 1));
    expect([...next.sizeBytes]).toEqual([1, 1, 9, 1, 1, 9, 1, 1]);
    expect([...next.replicas.subarray(4, 6)]).toEqual([1, 1]);
    expect([...next.replicas.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  });

  it('leaves the table it was applied to as it was', () => {
    applyShardDelta(table, wireShardDeltaOf([0], 77, 1));
    expect(table.sizeBytes[0]).toBe(1);
    expect(table.replicas[0]).toBe(0);
  });

  it('keeps the very column in which nothing changed, so that an owner map is not drawn for a load', () => {
    const next = applyShardDelta(table, wireShardDeltaOf([3], 5, 0));
    expect(next.replicas).toBe(table.replicas);
    expect(next.load.cpu).not.toBe(table.load.cpu);
  });

  it('takes an unknown value (NaN) for itself and not for a change', () => {
    const unknown = applyShardDelta(table, wireShardDeltaOf([1], NaN));
    expect(unknown.sizeBytes[1]).toBeNaN();
    expect(applyShardDelta(unknown, wireShardDeltaOf([1], NaN)).sizeBytes).toBe(unknown.sizeBytes);
  });

  it('refuses a row outside of the table', () => {
    expect(() => applyShardDelta(table, wireShardDeltaOf([8], 1))).toThrow(MalformedColumn);
  });
});

describe('node metrics', () => {
  const nodes = [nodeOf('node-1'), nodeOf('node-2')];
  const row = (start: number) => NODE_METRIC_COLUMNS.map((_column, index) => start + index);

  it('puts every column of the contract where it belongs', () => {
    const [, node] = applyNodeMetrics(nodes, { nodeIndexes: bytesOf(Uint16Array.of(1)), values: bytesOf(Float64Array.from(row(100))) });
    const read = (path: string) => path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], node);
    expect(NODE_METRIC_COLUMNS.map(read)).toEqual(row(100));
  });

  it('turns NaN into null, never into 0, and leaves other nodes the same objects', () => {
    const values = Float64Array.from(row(0).map(() => NaN));
    const next = applyNodeMetrics(nodes, { nodeIndexes: bytesOf(Uint16Array.of(0)), values: unaligned(values) });
    expect(next[0]?.usage.cpu).toBeNull();
    expect(next[0]?.observedAtMs).toBeNull();
    expect(next[1]).toBe(nodes[1]);
  });

  it('refuses a position outside of the list', () => {
    expect(() => applyNodeMetrics(nodes, { nodeIndexes: bytesOf(Uint16Array.of(2)), values: bytesOf(Float64Array.from(row(0))) })).toThrow(MalformedColumn);
  });
});
