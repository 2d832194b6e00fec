import { interpolateCividis, interpolateViridis } from 'd3-scale-chromatic';
import { mixColors, packColor, parseColor, type PackedColor } from './color';
import { ownerStyleOf, OWNER_STYLE_COUNT } from './owner-style';
import type { ShardPlacement } from './shard-layout';
import { CODE_UNKNOWN, CODE_ZERO, paletteShareOf } from './shard-scale';

export type Scheme = 'light' | 'dark';
export type Palette = 'viridis' | 'cividis';

/** Codes of owners: 0 is not known, 1..OWNER_STYLE_COUNT are looks, and one for a shard that nobody serves. */
export const CODE_NO_PRIMARY = 255;

export interface SurfaceColors {
  /** Behind the map, in gaps and in cells without a shard. */
  readonly background: PackedColor;
  /** Under the hatch of "no data". */
  readonly unknown: PackedColor;
  /** Strokes of the hatch and of owner patterns. */
  readonly hatch: string;
  /** Cursor, selection outline, labels. */
  readonly ink: string;
  /** The halo under the ink, so that it is seen on any colour. */
  readonly halo: string;
}

/** `background` is --ps-panel of the theme: the map lies on a panel. */
export const SURFACES: Readonly<Record<Scheme, SurfaceColors>> = {
  light: { background: parseColor('#ffffff'), unknown: parseColor('#e4e7ed'), hatch: '#7d8591', ink: '#111111', halo: '#ffffff' },
  dark: { background: parseColor('#13161c'), unknown: parseColor('#262b35'), hatch: '#8791a0', ink: '#ffffff', halo: '#000000' },
};

const NO_PRIMARY_COLOR: PackedColor = parseColor('#e03131');

/** Owner codes of the primaries, one per shard, into `codes`. */
export function encodeOwners(table: ShardPlacement, codes: Uint8Array): void {
  for (let shardId = 0; shardId < table.shardCount; shardId += 1) {
    const nodeIndex = table.replicas[shardId * table.replicaMax]!;
    codes[shardId] = nodeIndex < 0 ? CODE_NO_PRIMARY : 1 + (nodeIndex % OWNER_STYLE_COUNT);
  }
}

/** 256 colours for owner codes. */
export function ownerColorTable(scheme: Scheme): Uint32Array {
  const colors = new Uint32Array(256).fill(SURFACES[scheme].unknown);
  for (let look = 0; look < OWNER_STYLE_COUNT; look += 1) colors[1 + look] = ownerStyleOf(look).color;
  colors[CODE_NO_PRIMARY] = NO_PRIMARY_COLOR;
  return colors;
}

/** The colour at 0..1 of a one-way scale. */
export function paletteColor(palette: Palette, share: number): PackedColor {
  return parseColor(palette === 'viridis' ? interpolateViridis(share) : interpolateCividis(share));
}

/** 256 colours for metric codes. Zero is its own colour, darker or paler than the scale's low end, because nothing is not a little. */
export function metricColorTable(options: { scheme: Scheme; palette: Palette; brightness: number }): Uint32Array {
  const { scheme, palette, brightness } = options;
  const colors = new Uint32Array(256);
  colors[CODE_UNKNOWN] = SURFACES[scheme].unknown;
  colors[CODE_ZERO] = scheme === 'dark' ? packColor(58, 60, 68) : packColor(201, 205, 212);
  for (let code = CODE_ZERO + 1; code < 256; code += 1) colors[code] = paletteColor(palette, paletteShareOf(code, brightness));
  return colors;
}

/** The same colours with `share` of the background over them: what a filter leaves in the back. */
export function fadedColorTable(colors: Uint32Array, scheme: Scheme, share: number): Uint32Array {
  return colors.map((color) => mixColors(color, SURFACES[scheme].background, share));
}
