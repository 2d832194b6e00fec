import { describe, expect, it } from 'vitest';
import { createShardTable } from '@/lib/contract/shard-table';
import { cssOfColor, luminanceOf, packColor, parseColor } from '@/components/charts/color';
import { ownerStyleOf, OWNER_STYLE_COUNT } from '@/components/charts/owner-style';
import { CODE_NO_PRIMARY, encodeOwners, fadedColorTable, metricColorTable, ownerColorTable, SURFACES } from '@/components/charts/shard-colors';
import { gridLayout, groupedLayout } from '@/components/charts/shard-layout';
import { CHANGE_NONE, CHANGE_PRIMARY, CHANGE_SECONDARY, changePicture, changesBetween, emphasisOfNode, metricPicture, metricTables, ownerPicture, ownerTables } from '@/components/charts/map-pictures';
import { EMPHASIS_FADED, EMPHASIS_FULL, EMPHASIS_HALF, codesUsed, outlineOf, paintCells, paintStencil } from '@/components/charts/shard-pixels';
import { createMarks, marksOfRanges, rangesOfMarks } from '@/components/charts/shard-ranges';
import { CODE_UNKNOWN, CODE_ZERO, encodeMetric, logDomainOf, positionOnScale, scaleTicks } from '@/components/charts/shard-scale';

const EMPTY = packColor(1, 2, 3);

function tableOf(owners: readonly (readonly number[])[], nodeIds = ['a', 'b', 'c']) {
  const replicaMax = Math.max(1, ...owners.map((row) => row.length));
  const table = createShardTable({ shardCount: owners.length, replicaMax, nodeIds });
  owners.forEach((row, shardId) => table.replicas.set(row, shardId * replicaMax));
  return table;
}

describe('the colours of owners', () => {
  it('a node keeps its look whatever the number of nodes', () => {
    const first = ownerStyleOf(3);
    expect(ownerStyleOf(3)).toEqual(first);
    expect(ownerStyleOf(3 + OWNER_STYLE_COUNT)).toEqual(first);
  });

  it('the first 32 nodes all look different, by colour and by colour with pattern', () => {
    const looks = Array.from({ length: OWNER_STYLE_COUNT }, (_, index) => ownerStyleOf(index));
    expect(new Set(looks.map((look) => look.css)).size).toBe(32);
    expect(new Set(looks.map((look) => look.css + look.pattern)).size).toBe(32);
  });

  it('the first eight are plain and every later group has a pattern of its own', () => {
    expect(ownerStyleOf(7).pattern).toBe('solid');
    expect([8, 16, 24].map((index) => ownerStyleOf(index).pattern)).toEqual(['dots', 'rows', 'columns']);
  });

  it('a shard without a primary is not drawn as somebody\'s nor as unknown', () => {
    const table = tableOf([[0], [-1], [2]]);
    const codes = new Uint8Array(3);
    encodeOwners(table, codes);
    expect([...codes]).toEqual([1, CODE_NO_PRIMARY, 3]);
    const colors = ownerColorTable('dark');
    expect(colors[CODE_NO_PRIMARY]).not.toBe(colors[CODE_UNKNOWN]);
  });
});

describe('the scale of metrics', () => {
  it('unknown is not zero and zero is not little', () => {
    const codes = new Uint8Array(5);
    const column = Float64Array.of(NaN, 0, 1, 1_000, -1);
    encodeMetric(column, logDomainOf(column), codes);
    expect([...codes]).toEqual([CODE_UNKNOWN, CODE_ZERO, 2, 255, CODE_UNKNOWN]);
  });

  it('every value gets the code that the exact logarithm would give, or its neighbour', () => {
    const domain = { low: 1e-3, high: 1e9 };
    const column = Float64Array.from({ length: 4_000 }, (_, step) => domain.low * (domain.high / domain.low) ** (step / 3_999));
    const codes = new Uint8Array(column.length);
    encodeMetric(column, domain, codes);
    for (const [row, value] of column.entries()) {
      expect(Math.abs(codes[row]! - (2 + positionOnScale(value, domain) * 253))).toBeLessThan(0.6);
    }
    expect([codes[0], codes.at(-1)]).toEqual([2, 255]);
  });

  it('a column without a positive value has no scale, and draws zeros and unknowns', () => {
    const column = Float32Array.of(0, NaN);
    const codes = new Uint8Array(2);
    expect(logDomainOf(column)).toBeNull();
    encodeMetric(column, null, codes);
    expect([...codes]).toEqual([CODE_ZERO, CODE_UNKNOWN]);
  });

  it('ends of the scale are 1, 2 or 5 times a power of ten around the values, six decades at most', () => {
    expect(logDomainOf(Float64Array.of(0.3, 7, 420))).toEqual({ low: 0.2, high: 500 });
    const wide = logDomainOf(Float64Array.of(1e-9, 1e6))!;
    expect(wide.high / wide.low).toBeCloseTo(1e6);
  });

  it('a scale of bytes is round in powers of two', () => {
    const mib = 1024 ** 2;
    expect(logDomainOf(Float64Array.of(20 * mib, 470 * mib), 'binary')).toEqual({ low: 16 * mib, high: 512 * mib });
    expect(scaleTicks({ low: 16 * mib, high: 64 * mib }, 'binary')).toEqual([16 * mib, 32 * mib, 64 * mib]);
  });

  it('values that wobble inside the scale do not move its ends', () => {
    const before = logDomainOf(Float64Array.of(11, 410));
    expect(logDomainOf(Float64Array.of(12.5, 480))).toEqual(before);
  });

  it('one single value lies inside its scale', () => {
    const domain = logDomainOf(Float64Array.of(100, 100))!;
    expect(domain.low).toBeLessThan(domain.high);
    expect(positionOnScale(100, domain)).toBe(1);
  });

  it('ticks begin and end with the ends, with powers of ten between', () => {
    expect(scaleTicks({ low: 0.2, high: 500 })).toEqual([0.2, 1, 10, 100, 500]);
  });

  it('brighter lifts the low end and leaves the ends alone', () => {
    const plain = metricColorTable({ scheme: 'dark', palette: 'viridis', brightness: 1 });
    const bright = metricColorTable({ scheme: 'dark', palette: 'viridis', brightness: 2 });
    expect(luminanceOf(bright[40]!)).toBeGreaterThan(luminanceOf(plain[40]!));
    expect(bright[255]).toBe(plain[255]);
    expect(bright[CODE_UNKNOWN]).toBe(plain[CODE_UNKNOWN]);
  });
});

describe('pixels', () => {
  it('every shard gets the colour of its code and cells without a shard stay empty', () => {
    const table = tableOf([[0], [1], [2], [0], [1]]);
    const layout = gridLayout(5);
    const picture = ownerPicture(table, { scheme: 'dark', colors: ownerTables('dark'), emphasis: null, blockLabels: [] });
    const pixels = new Uint32Array(layout.columns * layout.rows);
    paintCells(layout, picture, EMPTY, pixels);
    const [a, b, c] = [0, 1, 2].map((index) => ownerStyleOf(index).color);
    expect([...pixels]).toEqual([a, b, c, a, b, EMPTY]);
  });

  it('a filter by node shows primaries in full, other replicas half, the rest faded', () => {
    const table = tableOf([[0, 1], [1, 0], [2, 1]]);
    const emphasis = emphasisOfNode(table, 0);
    expect([...emphasis]).toEqual([EMPHASIS_FULL, EMPHASIS_HALF, EMPHASIS_FADED]);
    const layout = gridLayout(3);
    const pixels = new Uint32Array(layout.cells.length);
    paintCells(layout, ownerPicture(table, { scheme: 'light', colors: ownerTables('light'), emphasis, blockLabels: [] }), EMPTY, pixels);
    const full = ownerColorTable('light');
    expect(pixels[0]).toBe(full[1]);
    expect(pixels[1]).not.toBe(full[2]);
    expect(pixels[2]).toBe(fadedColorTable(full, 'light', 0.85)[3]);
  });

  it('unknown cells, and only they, are in the stencil of the hatch', () => {
    const table = tableOf([[0], [0], [0]]);
    table.sizeBytes.set([NaN, 0, 5]);
    const { picture, unknownCount } = metricPicture(table.sizeBytes, 'binary', { scheme: 'dark', colors: metricTables({ scheme: 'dark', palette: 'viridis', brightness: 1 }), emphasis: null, blockLabels: [] });
    const layout = gridLayout(3);
    const pixels = new Uint32Array(layout.cells.length);
    const hatch = picture.stencils.find((stencil) => stencil.look === 'hatch')!;
    paintStencil(layout, picture.codes, hatch.opaque, pixels);
    expect([...pixels]).toEqual([0xffffffff, 0, 0, 0]);
    expect(unknownCount).toBe(1);
    expect([...codesUsed(picture.codes)].flatMap((flag, code) => (flag === 1 && hatch.opaque[code] !== 0 ? [code] : []))).toEqual([CODE_UNKNOWN]);
  });

  it('packs colours in the memory order of ImageData', () => {
    const bytes = new Uint8Array(Uint32Array.of(parseColor('#102030')).buffer);
    expect([...bytes]).toEqual([0x10, 0x20, 0x30, 0xff]);
    expect(cssOfColor(parseColor('rgb(16, 32, 48)'))).toBe('#102030');
    expect(SURFACES.light.background).toBe(0xffffffff);
  });

  it('the outline of a selection runs around it and not through it', () => {
    const layout = gridLayout(9);
    const runs = outlineOf(layout, marksOfRanges('3-4', 9));
    // Two cells side by side: one line above, one below, one at each end, none between.
    expect(runs).toEqual([0, 1, 2, 1, 0, 2, 2, 2, 0, 1, 0, 2, 2, 1, 2, 2]);
  });
});

describe('layouts', () => {
  it('16,384 shards are 128 by 128 and 5 are 3 by 2', () => {
    expect([gridLayout(16_384).columns, gridLayout(16_384).rows]).toEqual([128, 128]);
    expect([gridLayout(5).columns, gridLayout(5).rows]).toEqual([3, 2]);
    expect(gridLayout(0).cells.length).toBe(1);
  });

  it('grouped: every shard has exactly one cell in its owner\'s block', () => {
    const table = tableOf([[2], [0], [2], [-1], [1], [2]]);
    const layout = groupedLayout(table, { aspect: 1, labelRows: 1, nodeIndexes: [0, 1, 2] });
    const seen = new Set(layout.cells.filter((shardId) => shardId >= 0));
    expect(seen.size).toBe(6);
    for (const block of layout.blocks) {
      const inside: number[] = [];
      for (let row = block.row; row < block.row + block.rows; row += 1) {
        for (let column = block.column; column < block.column + block.columns; column += 1) {
          const shardId = layout.cells[row * layout.columns + column]!;
          if (shardId >= 0) inside.push(shardId);
        }
      }
      expect(inside.length).toBe(block.shardCount);
      for (const shardId of inside) expect(table.replicas[shardId]).toBe(block.nodeIndex);
    }
    for (let shardId = 0; shardId < 6; shardId += 1) {
      expect(layout.cells[layout.cellOf[shardId]!]).toBe(shardId);
      expect(layout.order[layout.positionOf[shardId]!]).toBe(shardId);
    }
  });

  it('grouped: with one block size and one set of owners, every owner stands in the same place before and after', () => {
    const options = { aspect: 1, labelRows: 0, nodeIndexes: [0, 1, 2], blockShardsMin: 4 };
    const placesOf = (owners: number[][]) => groupedLayout(tableOf(owners), options).blocks.map(({ nodeIndex, column, row, columns }) => [nodeIndex, column, row, columns]);
    expect(placesOf([[0], [0], [0], [0]])).toEqual(placesOf([[0], [1], [1], [2]]));
  });

  it('grouped: a node that owns nothing still has its block, and the same input gives the same layout', () => {
    const table = tableOf([[0], [0]]);
    const make = () => groupedLayout(table, { aspect: 1.5, labelRows: 2, nodeIndexes: [0, 1, 2] });
    expect(make().blocks.map((block) => block.shardCount)).toEqual([2, 0, 0]);
    expect(make()).toEqual(make());
  });
});

describe('ranges of shards', () => {
  it('text to marks and back gives the shortest text', () => {
    expect(rangesOfMarks(marksOfRanges('5,0-2,3,9-7', 10))).toBe('0-3,5,7-9');
    expect(rangesOfMarks(createMarks(4))).toBe('');
  });

  it('what lies outside the cluster or does not parse is left out', () => {
    expect(rangesOfMarks(marksOfRanges('8-99,200,x,-3,1e3', 10))).toBe('8-9');
  });
});

describe('what a plan changes', () => {
  it('a new primary counts as one, a moved secondary as the other, a mere reordering as none', () => {
    const before = tableOf([[0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, -1]], ['a', 'b', 'c', 'd']);
    const after = tableOf([[1, 0, 2], [0, 1, 3], [0, 2, 1], [0, 1, 2]], ['a', 'b', 'c', 'd']);
    expect([...changesBetween(before, after)]).toEqual([CHANGE_PRIMARY, CHANGE_SECONDARY, CHANGE_NONE, CHANGE_SECONDARY]);
  });

  it('dictionaries are compared by node, not by index', () => {
    const before = tableOf([[0], [1]], ['a', 'b']);
    const after = tableOf([[1], [0]], ['b', 'a']);
    expect([...changesBetween(before, after)]).toEqual([CHANGE_NONE, CHANGE_NONE]);
  });

  it('only what changes keeps a colour', () => {
    const before = tableOf([[0], [1], [2]]);
    const after = tableOf([[0], [2], [2]]);
    const picture = changePicture(after, changesBetween(before, after), { scheme: 'light', blockLabels: [] });
    const layout = gridLayout(3);
    const pixels = new Uint32Array(layout.cells.length);
    paintCells(layout, picture, EMPTY, pixels);
    expect(pixels[1]).toBe(ownerStyleOf(2).color);
    expect(pixels[0]).toBe(pixels[2]);
    expect(pixels[0]).not.toBe(ownerStyleOf(0).color);
  });
});
