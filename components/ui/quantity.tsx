import { formatByteRate, formatBytes, formatCores, formatCount, formatCountShort, formatDuration, formatLatency, formatRate, formatRatio } from '@/lib/client/format';
import classes from './quantity.module.css';

const FORMATS = {
  bytes: formatBytes,
  'byte-rate': formatByteRate,
  count: formatCount,
  'count-short': formatCountShort,
  rate: (value: number | null) => formatRate(value),
  ops: (value: number | null) => formatRate(value, 'ops'),
  ratio: formatRatio,
  cores: formatCores,
  latency: formatLatency,
  duration: formatDuration,
} satisfies Record<string, (value: number | null) => string>;

export type QuantityKind = keyof typeof FORMATS;

export interface QuantityProps {
  readonly kind: QuantityKind;
  /** `null` and NaN are unknown. */
  readonly value: number | null;
  /** Why it is unknown, for the tooltip. */
  readonly unknownTitle?: string;
}

/** A number with its unit. What is unknown is a dash on the hatched ground that says so, never a zero. */
export function Quantity({ kind, value, unknownTitle = 'Unknown: not reported' }: QuantityProps) {
  if (value === null || Number.isNaN(value)) {
    return <span className={`${classes['unknown'] ?? ''} ps-hatched`} title={unknownTitle} role="img" aria-label="unknown">–</span>;
  }
  return <span className={classes['value']}>{FORMATS[kind](value)}</span>;
}
