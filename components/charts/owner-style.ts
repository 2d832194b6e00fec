import { cssOfColor, mixColors, packColor, parseColor, type PackedColor } from './color';

/**
 * What a node looks like, for life. The index is the node's place in the shard table's
 * dictionary, which is append-only: a node that joins takes the next look and nobody
 * else changes. Eight nodes get the plain Okabe-Ito colours (Okabe & Ito, "Color
 * Universal Design", 2008); the next ones the same hues lighter or darker with a pattern
 * of their own, so that neighbours in the order never differ by hue alone. Beyond 32
 * nodes looks repeat and the label decides, which is why every picture of owners has
 * labels or a read-out. No pattern is diagonal: that look is reserved for "no data".
 */
export type OwnerPattern = 'solid' | 'dots' | 'rows' | 'columns';

export interface OwnerStyle {
  readonly color: PackedColor;
  readonly css: string;
  readonly pattern: OwnerPattern;
}

/** Okabe-Ito, its black replaced by a grey that is seen on dark and light alike; ordered so that neighbours differ most. */
const OKABE_ITO = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#8a8a8a'].map(parseColor);

const WHITE = packColor(255, 255, 255);
const BLACK = packColor(0, 0, 0);
export const OWNER_PATTERNS: readonly OwnerPattern[] = ['solid', 'dots', 'rows', 'columns'];
const shades = [
  { toward: WHITE, share: 0 },
  { toward: WHITE, share: 0.35 },
  { toward: BLACK, share: 0.3 },
  { toward: WHITE, share: 0.6 },
] as const;

/** Number of looks before they repeat. */
export const OWNER_STYLE_COUNT = OKABE_ITO.length * OWNER_PATTERNS.length;

export function ownerStyleOf(nodeIndex: number): OwnerStyle {
  const look = nodeIndex % OWNER_STYLE_COUNT;
  const round = Math.floor(look / OKABE_ITO.length);
  const shade = shades[round]!;
  const color = mixColors(OKABE_ITO[look % OKABE_ITO.length]!, shade.toward, shade.share);
  return { color, css: cssOfColor(color), pattern: OWNER_PATTERNS[round]! };
}
