import { IconBan } from '@tabler/icons-react';
import { formatByteRate, formatBytes, formatCount, formatDuration, formatRatio, plural } from '@/lib/client/format';
import type { Refusal } from '@/lib/contract/plan';
import classes from './refusal-list.module.css';

/** The name of a number carries its unit: `freeBytes`, `holdMs`, `utilizationRatio`. */
function printNumber(name: string, value: number): string {
  if (/BytesPerSecond$/i.test(name)) return formatByteRate(value);
  if (/bytes$/i.test(name)) return formatBytes(value);
  if (/Ms$/.test(name)) return formatDuration(value);
  if (/seconds$/i.test(name)) return formatDuration(value * 1_000);
  if (/(ratio|utilization|imbalance|threshold|line)$/i.test(name)) return formatRatio(value);
  return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4)));
}

/** `freeBytes` -> "free", `capacityMax` -> "capacity max". */
function printName(name: string): string {
  const words = name.replace(/(BytesPerSecond|Bytes|Ms|Seconds|Ratio)$/, '').replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words === '' ? name : words;
}

/** Typed reasons for a "no", each with the numbers that made it and how often it was said. */
export function RefusalList({ refusals, label = 'Refused because' }: { readonly refusals: readonly Refusal[]; readonly label?: string }) {
  return (
    <ul className={classes['list']} aria-label={label}>
      {refusals.map((refusal, index) => (
        <li key={`${refusal.constraint} ${refusal.nodeId ?? ''} ${refusal.shardId ?? ''} ${index}`} className={classes['item']}>
          <IconBan size={14} className={classes['icon']} aria-hidden />
          <div>
            <span>{refusal.message}</span>
            <div className={classes['facts']}>
              <code>{refusal.constraint}</code>
              {refusal.nodeId !== null && <span>node {refusal.nodeId}</span>}
              {refusal.shardId !== null && <span>shard {formatCount(refusal.shardId)}</span>}
              {Object.entries(refusal.numbers).map(([name, value]) => <span key={name}>{printName(name)} {printNumber(name, value)}</span>)}
              {refusal.count > 1 && <span>{plural(refusal.count, 'candidate')}</span>}
            </div>
          </div>
        </li>
      ))}
    </ul>
  );
}
