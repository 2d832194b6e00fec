/**
 * From a column of numbers to a column of one-byte codes, and from codes to colours.
 * A redraw is then one table look-up per cell; changing theme, brightness or palette
 * rebuilds 256 entries and touches no cell.
 *
 * Codes of a metric: 0 is unknown, 1 is zero, 2..255 are positive on a log scale.
 */
export const CODE_UNKNOWN = 0;
export const CODE_ZERO = 1;
const codePositiveMin = 2;
const codeMax = 255;

/** Decades shown below the maximum; smaller values share the lowest colour. */
const DECADES_MAX = 6;

export interface LogDomain {
  /** Positive; values at or below it share the lowest colour. */
  readonly low: number;
  /** Positive, above `low`. */
  readonly high: number;
}

/** decimal: 1, 2 or 5 times a power of ten. binary: powers of two, which are what bytes are round in. */
export type Rounding = 'decimal' | 'binary';

/**
 * The ends of the scale, rounded outward, so that live values flicker inside the scale
 * and the scale itself holds still. `null` when no value is positive.
 */
export function logDomainOf(column: Float32Array | Float64Array, rounding: Rounding = 'decimal'): LogDomain | null {
  let low = Infinity;
  let high = 0;
  for (let row = 0; row < column.length; row += 1) {
    const value = column[row]!;
    if (!(value > 0) || value === Infinity) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (high === 0) return null;
  const roundOut = rounding === 'binary' ? roundOutBinary : roundOutDecimal;
  const top = roundOut(high, 1);
  const bottom = roundOut(Math.max(low, top / 10 ** DECADES_MAX), -1);
  return bottom < top ? { low: bottom, high: top } : { low: top / 10, high: top };
}

function roundOutBinary(value: number, direction: 1 | -1): number {
  const exponent = Math.log2(value);
  return 2 ** (direction === 1 ? Math.ceil(exponent) : Math.floor(exponent));
}

function roundOutDecimal(value: number, direction: 1 | -1): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 2, 5, 10];
  // A hair of tolerance: 0.3 / 0.1 is a little more than 3 in binary.
  const mantissa = value / power;
  const step = direction === 1
    ? steps.find((candidate) => candidate >= mantissa * (1 - 1e-9))!
    : steps.findLast((candidate) => candidate <= mantissa * (1 + 1e-9))!;
  return step * power;
}

/** Place of a positive value on the scale, 0..1. */
export function positionOnScale(value: number, domain: LogDomain): number {
  const position = Math.log(value / domain.low) / Math.log(domain.high / domain.low);
  return Math.min(1, Math.max(0, position));
}

/**
 * log2 of the mantissa's leading eight bits, taken in the middle of each step. A float32
 * is 2^exponent x mantissa, so exponent plus this table is log2 to within 0.003: a
 * hundredth of a colour step, at a fifth of the price of Math.log.
 */
const mantissaLog2 = Float32Array.from({ length: 256 }, (_, step) => Math.log2(1 + (step + 0.5) / 256));
const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** Writes the code of every value into `codes` (same length). NaN is unknown, never zero. */
export function encodeMetric(column: Float32Array | Float64Array, domain: LogDomain | null, codes: Uint8Array): void {
  const lowLog2 = domain === null ? 0 : Math.log2(domain.low);
  const factor = domain === null ? 0 : (codeMax - codePositiveMin) / (Math.log2(domain.high) - lowLog2);
  for (let row = 0; row < codes.length; row += 1) {
    const value = column[row]!;
    if (!(value >= 0)) codes[row] = CODE_UNKNOWN;
    else if (value === 0 || domain === null) codes[row] = CODE_ZERO;
    else {
      scratch[0] = value;
      const bits = scratchBits[0]!;
      const log2 = (bits >>> 23) - 127 + mantissaLog2[(bits >>> 15) & 255]!;
      const code = (codePositiveMin + (log2 - lowLog2) * factor + 0.5) | 0;
      codes[row] = code < codePositiveMin ? codePositiveMin : code > codeMax ? codeMax : code;
    }
  }
}

/** The share of the palette a code stands for, 0..1, after brightness (gamma): above 1 lifts the low end. */
export function paletteShareOf(code: number, brightness: number): number {
  if (code <= CODE_ZERO) return 0;
  return ((code - codePositiveMin) / (codeMax - codePositiveMin)) ** (1 / brightness);
}

/** Round values for the legend, low to high: powers of ten (or of two) inside, the ends always. */
export function scaleTicks(domain: LogDomain, rounding: Rounding = 'decimal'): number[] {
  if (rounding === 'binary') {
    const first = Math.round(Math.log2(domain.low));
    return Array.from({ length: Math.round(Math.log2(domain.high)) - first + 1 }, (_, step) => 2 ** (first + step));
  }
  const ticks = [domain.low];
  for (let power = Math.ceil(Math.log10(domain.low) + 0.15); power <= Math.log10(domain.high) - 0.15; power += 1) ticks.push(10 ** power);
  ticks.push(domain.high);
  return ticks;
}
