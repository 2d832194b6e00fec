import type { BalanceDimension } from '@/lib/contract/imbalance';
import { assertNever } from '@/lib/platform/assert';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** Bytes as an operator reads them, in three digits; `up` = never less than there are, for what somebody is to free or allow. The exact numbers stand in `numbers`. */
export function bytesInWords(bytes: number, rounding: 'nearest' | 'up' = 'nearest'): string {
  let unit = 0;
  let rest = Math.abs(bytes);
  // 1,023.7 would print as 1024 of the smaller unit.
  while (rest >= 1023.5 && unit < UNITS.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  const scale = unit === 0 || rest >= 100 ? 1 : rest >= 10 ? 10 : 100;
  const digits = (rounding === 'up' ? Math.ceil(rest * scale) : Math.round(rest * scale)) / scale;
  return `${bytes < 0 ? '-' : ''}${digits} ${UNITS[unit]!}`;
}

/** An amount of a dimension with its unit. */
export function amountInWords(value: number, dimension: BalanceDimension, rounding: 'nearest' | 'up' = 'nearest'): string {
  const digits = value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
  switch (dimension) {
    case 'cpu': return `${digits} cores`;
    case 'memory':
    case 'disk':
    case 'data': return bytesInWords(value, rounding);
    case 'network': return `${bytesInWords(value, rounding)}/s`;
    case 'operations': return `${digits} operations/s`;
    case 'shards':
    case 'primaries': return `${digits} shards`;
    default: return assertNever(dimension);
  }
}
