/**
 * Numbers as operators read them. `null` is unknown and prints as that word, never as 0.
 * Bytes are IEC (KiB = 1024), rates name their unit, locale is fixed so that two people
 * looking at one screen read the same digits.
 */
export const UNKNOWN = 'unknown';

const LOCALE = 'en-US';
const integers = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const threeDigits = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;
const COUNT_UNITS = ['', ' k', ' M', ' G', ' T'] as const;

function isUnknown(value: number | null): value is null {
  return value === null || Number.isNaN(value);
}

function scaled(value: number, base: number, units: readonly string[]): { readonly number: string; readonly unit: string } {
  let exponent = 0;
  let rest = Math.abs(value);
  // 999.95 would print as 1,000 of the smaller unit.
  while (rest >= base * 0.99995 && exponent < units.length - 1) {
    rest /= base;
    exponent += 1;
  }
  const digits = rest >= 100 ? integers.format(rest) : threeDigits.format(rest);
  return { number: value < 0 ? `-${digits}` : digits, unit: units[exponent] ?? '' };
}

/** Bytes -> "1.5 GiB". */
export function formatBytes(bytes: number | null): string {
  if (isUnknown(bytes)) return UNKNOWN;
  const { number, unit } = scaled(bytes, 1024, BYTE_UNITS);
  return `${number} ${unit}`;
}

/** Bytes per second -> "12.3 MiB/s". */
export function formatByteRate(bytesPerSecond: number | null): string {
  return isUnknown(bytesPerSecond) ? UNKNOWN : `${formatBytes(bytesPerSecond)}/s`;
}

/** A whole count with separators: "16,384". */
export function formatCount(count: number | null): string {
  return isUnknown(count) ? UNKNOWN : integers.format(count);
}

/** A big count in three digits: "1.23 M"; below 10,000 exact. */
export function formatCountShort(count: number | null): string {
  if (isUnknown(count)) return UNKNOWN;
  if (Math.abs(count) < 10_000) return integers.format(count);
  const { number, unit } = scaled(count, 1000, COUNT_UNITS);
  return `${number}${unit}`;
}

/** Events per second -> "12.3 k/s"; `unit` goes before the slash: "12.3 k ops/s". */
export function formatRate(perSecond: number | null, unit = ''): string {
  if (isUnknown(perSecond)) return UNKNOWN;
  const short = Math.abs(perSecond) < 10 ? threeDigits.format(perSecond) : formatCountShort(perSecond);
  return unit === '' ? `${short}/s` : `${short} ${unit}/s`;
}

/** 0..1 (and above) -> "61 %"; below 10 % one decimal. */
export function formatRatio(ratio: number | null): string {
  if (isUnknown(ratio)) return UNKNOWN;
  const percent = ratio * 100;
  if (percent !== 0 && Math.abs(percent) < 9.95) return `${percent.toFixed(1)} %`;
  return `${integers.format(percent)} %`;
}

/** Cores -> "3.25 cores". */
export function formatCores(cores: number | null): string {
  return isUnknown(cores) ? UNKNOWN : `${threeDigits.format(cores)} ${cores === 1 ? 'core' : 'cores'}`;
}

/** A latency -> "0.42 ms", "12 ms", "1.2 s". */
export function formatLatency(milliseconds: number | null): string {
  if (isUnknown(milliseconds)) return UNKNOWN;
  return milliseconds >= 1_000 ? `${threeDigits.format(milliseconds / 1_000)} s` : `${threeDigits.format(milliseconds)} ms`;
}

/** A length of time in its two largest units: "850 ms", "42 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function formatDuration(milliseconds: number | null): string {
  if (isUnknown(milliseconds)) return UNKNOWN;
  if (milliseconds < 1_000) return `${integers.format(Math.max(0, milliseconds))} ms`;
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return twoUnits(seconds, 60, 'min', 1, 's');
  if (seconds < 86_400) return twoUnits(Math.round(seconds / 60), 60, 'h', 1, 'min');
  return twoUnits(Math.round(seconds / 3_600), 24, 'd', 1, 'h');
}

function twoUnits(amount: number, per: number, big: string, step: number, small: string): string {
  const whole = Math.floor(amount / per);
  const rest = Math.floor((amount % per) / step);
  return rest === 0 ? `${whole} ${big}` : `${whole} ${big} ${rest} ${small}`;
}

/** An estimate is a range: "2 min to 3 min 20 s"; one value when both ends print the same. */
export function formatSecondsRange(range: { readonly low: number; readonly high: number } | null): string {
  if (range === null) return UNKNOWN;
  const low = formatDuration(range.low * 1_000);
  const high = formatDuration(range.high * 1_000);
  return low === high ? low : `${low} to ${high}`;
}

/** "12 s ago", "in 5 min", "just now" within a second. Positive = past. */
export function formatRelative(agoMs: number): string {
  if (Math.abs(agoMs) < 1_000) return 'just now';
  const [largest] = formatDuration(Math.abs(agoMs)).split(/(?<=[a-z]) /);
  return agoMs > 0 ? `${largest ?? ''} ago` : `in ${largest ?? ''}`;
}

/** "1 shard", "312 shards". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${integers.format(count)} ${count === 1 ? one : many}`;
}
