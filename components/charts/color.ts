/** Colours as one 32-bit number in ImageData's memory order on little-endian machines: 0xAABBGGRR. */
export type PackedColor = number;

/** `red`, `green`, `blue` and `alpha` are 0..255. */
export function packColor(red: number, green: number, blue: number, alpha = 255): PackedColor {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Reads "#rrggbb" and "rgb(r, g, b)", the two forms that d3's scales and our tokens use. */
export function parseColor(text: string): PackedColor {
  if (text.startsWith('#') && text.length === 7) {
    const value = Number.parseInt(text.slice(1), 16);
    return packColor((value >> 16) & 255, (value >> 8) & 255, value & 255);
  }
  const parts = text.match(/\d+(\.\d+)?/g)?.map(Number) ?? [];
  if (parts.length < 3) throw new TypeError(`Not a colour this module reads: ${text}`);
  return packColor(Math.round(parts[0]!), Math.round(parts[1]!), Math.round(parts[2]!));
}

/** `share` of `over` on `under`, 0..1; the result is opaque. */
export function mixColors(under: PackedColor, over: PackedColor, share: number): PackedColor {
  const channel = (shift: number) => Math.round(((under >>> shift) & 255) * (1 - share) + ((over >>> shift) & 255) * share);
  return packColor(channel(0), channel(8), channel(16));
}

export function cssOfColor(color: PackedColor): string {
  const hex = (shift: number) => ((color >>> shift) & 255).toString(16).padStart(2, '0');
  return `#${hex(0)}${hex(8)}${hex(16)}`;
}

/** Relative luminance 0..1 (WCAG 2.2), for choosing ink that can be read on a fill. */
export function luminanceOf(color: PackedColor): number {
  const linear = (shift: number) => {
    const value = ((color >>> shift) & 255) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(0) + 0.7152 * linear(8) + 0.0722 * linear(16);
}
