import { EMPTY_CELL, type ShardLayout } from './shard-layout';
import type { PackedColor } from './color';

/** How much a shard stands out: 0 is faded by a filter, 1 half, 2 full. */
export const EMPHASIS_FADED = 0;
export const EMPHASIS_HALF = 1;
export const EMPHASIS_FULL = 2;

/** Three tables of 256 colours, one per emphasis: index = emphasis * 256 + code. */
export type ColorTables = Uint32Array;

export function joinColorTables(faded: Uint32Array, half: Uint32Array, full: Uint32Array): ColorTables {
  const tables = new Uint32Array(768);
  tables.set(faded, 0);
  tables.set(half, 256);
  tables.set(full, 512);
  return tables;
}

export interface CellPicture {
  /** One per shard, see shard-scale.ts and shard-colors.ts. */
  readonly codes: Uint8Array;
  /** One per shard, or null when all stand out alike. */
  readonly emphasis: Uint8Array | null;
  readonly colors: ColorTables;
}

/** Writes one pixel per cell of the layout: the inner loop of the map. `pixels` has columns x rows entries. */
export function paintCells(layout: ShardLayout, picture: CellPicture, empty: PackedColor, pixels: Uint32Array): void {
  const { cells } = layout;
  const { codes, emphasis, colors } = picture;
  const full = EMPHASIS_FULL * 256;
  for (let cell = 0; cell < cells.length; cell += 1) {
    const shardId = cells[cell]!;
    if (shardId === EMPTY_CELL) pixels[cell] = empty;
    else pixels[cell] = colors[(emphasis === null ? full : emphasis[shardId]! * 256) + codes[shardId]!]!;
  }
}

/** 256 flags: which codes occur at all. */
export function codesUsed(codes: Uint8Array): Uint8Array {
  const used = new Uint8Array(256);
  for (let shardId = 0; shardId < codes.length; shardId += 1) used[codes[shardId]!] = 1;
  return used;
}

/** Opaque (all bits) where the shard's code is in `opaque` (256 entries of 0 or 0xffffffff), transparent elsewhere: the stencil of a hatch or pattern. */
export function paintStencil(layout: ShardLayout, codes: Uint8Array, opaque: Uint32Array, pixels: Uint32Array): void {
  const { cells } = layout;
  for (let cell = 0; cell < cells.length; cell += 1) {
    const shardId = cells[cell]!;
    pixels[cell] = shardId === EMPTY_CELL ? 0 : opaque[codes[shardId]!]!;
  }
}

/**
 * The outline of the marked shards: horizontal and vertical unit edges between a marked
 * cell and an unmarked one, joined into runs. Four numbers per run: x1, y1, x2, y2 in cells.
 */
export function outlineOf(layout: ShardLayout, marks: Uint8Array): number[] {
  const { columns, rows, cells } = layout;
  const isMarked = (column: number, row: number) => {
    if (column < 0 || row < 0 || column >= columns || row >= rows) return false;
    const shardId = cells[row * columns + column]!;
    return shardId !== EMPTY_CELL && marks[shardId] === 1;
  };
  const runs: number[] = [];
  const collect = (lines: number, length: number, isEdge: (line: number, at: number) => boolean, push: (line: number, from: number, to: number) => void) => {
    for (let line = 0; line <= lines; line += 1) {
      let from = -1;
      for (let at = 0; at <= length; at += 1) {
        const edge = at < length && isEdge(line, at);
        if (edge && from < 0) from = at;
        if (!edge && from >= 0) {
          push(line, from, at);
          from = -1;
        }
      }
    }
  };
  collect(rows, columns, (row, column) => isMarked(column, row - 1) !== isMarked(column, row), (row, from, to) => runs.push(from, row, to, row));
  collect(columns, rows, (column, row) => isMarked(column - 1, row) !== isMarked(column, row), (column, from, to) => runs.push(column, from, column, to));
  return runs;
}
