import { IconBan } from '@tabler/icons-react';
import { formatCount, plural } from '@/lib/client/format';
import { printName, printNumber } from '@/lib/client/print-number';
import type { Refusal } from '@/lib/contract/plan';
import classes from './refusal-list.module.css';

interface RefusalListProps {
  readonly refusals: readonly Refusal[];
  readonly label?: string;
  /** What people call a node; the id when absent. */
  readonly nameOf?: (nodeId: string) => string;
}

/** Typed reasons for a "no", each with the numbers that made it and how often it was said. */
export function RefusalList({ refusals, label = 'Refused because', nameOf = (nodeId) => nodeId }: RefusalListProps) {
  return (
    <ul className={classes['list']} aria-label={label}>
      {refusals.map((refusal, index) => (
        <li key={`${refusal.constraint} ${refusal.nodeId ?? ''} ${refusal.shardId ?? ''} ${index}`} className={classes['item']}>
          <IconBan size={14} className={classes['icon']} aria-hidden />
          <div>
            <span>{refusal.message}</span>
            <div className={classes['facts']}>
              <code>{refusal.constraint}</code>
              {refusal.nodeId !== null && <span>node {nameOf(refusal.nodeId)}</span>}
              {refusal.shardId !== null && <span>shard {formatCount(refusal.shardId)}</span>}
              {Object.entries(refusal.numbers).map(([name, value]) => <span key={name}>{printName(name)} {printNumber(name, value)}</span>)}
              {refusal.count > 1 && <span>{plural(refusal.count, 'candidate')}</span>}
            </div>
            {refusal.remedy !== undefined && <div className={classes['remedy']}>To allow it: {refusal.remedy}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}
