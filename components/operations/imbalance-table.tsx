import type { BalanceDimension, Imbalance } from '@/lib/contract/imbalance';
import { BALANCE_DIMENSIONS } from '@/lib/contract/vocabulary';
import { Quantity } from '@/components/ui/quantity';
import { formatRatio } from '@/lib/client/format';
import { DIMENSION_WORDS } from './plan-words';
import classes from './operations.module.css';

interface ImbalanceTableProps {
  readonly columns: readonly { readonly label: string; readonly imbalance: Partial<Imbalance>; /** No measured state but a limit: not marked, and empty where there is none. */ readonly bound?: boolean }[];
  /** What the strategy evens, and above which value one of these is marked; absent: nothing is. */
  readonly weighed?: { readonly dimensions: readonly BalanceDimension[]; readonly threshold: number };
}

/** Imbalance per dimension, side by side. Dimensions that are unknown everywhere are left out. */
export function ImbalanceTable({ columns, weighed }: ImbalanceTableProps) {
  const known = BALANCE_DIMENSIONS.filter((dimension) => columns.some(({ imbalance }) => (imbalance[dimension] ?? null) !== null));
  return (
    <div className={classes['tableScroll']} tabIndex={0} role="region" aria-label="Imbalance per dimension">
      <table className={classes['table']}>
        <caption className={classes['caption']}>Imbalance: (highest - mean) / mean over nodes{weighed !== undefined && `; what the strategy evens is marked above ${formatRatio(weighed.threshold)}, the rest is for information`}</caption>
        <thead><tr><th scope="col">Dimension</th>{columns.map(({ label }) => <th key={label} scope="col">{label}</th>)}</tr></thead>
        <tbody>
          {known.map((dimension) => (
            <tr key={dimension}>
              <th scope="row" data-aside={(weighed !== undefined && !weighed.dimensions.includes(dimension)) || undefined}>{DIMENSION_WORDS[dimension]}</th>
              {columns.map(({ label, imbalance, bound = false }) => {
                const value = imbalance[dimension] ?? null;
                if (bound) return <td key={label} data-bound>{value === null ? '' : formatRatio(value)}</td>;
                const above = weighed?.dimensions.includes(dimension) === true && value !== null && value > weighed.threshold;
                return <td key={label} data-above={above || undefined}><Quantity kind="ratio" value={value} />{above && <span title="Above the threshold"> ▲</span>}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
