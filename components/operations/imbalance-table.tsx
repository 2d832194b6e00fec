import { BALANCE_DIMENSIONS, type Imbalance } from '@/lib/contract/imbalance';
import { Quantity } from '@/components/ui/quantity';
import { formatRatio } from '@/lib/client/format';
import { DIMENSION_WORDS } from './plan-words';
import classes from './operations.module.css';

interface ImbalanceTableProps {
  readonly columns: readonly { readonly label: string; readonly imbalance: Imbalance }[];
  /** Above it a value is marked; absent: nothing is. */
  readonly threshold?: number;
}

/** Imbalance per dimension, side by side. Dimensions that are unknown everywhere are left out. */
export function ImbalanceTable({ columns, threshold }: ImbalanceTableProps) {
  const known = BALANCE_DIMENSIONS.filter((dimension) => columns.some(({ imbalance }) => imbalance[dimension] !== null));
  return (
    <div className={classes['tableScroll']} tabIndex={0} role="region" aria-label="Imbalance per dimension">
      <table className={classes['table']}>
        <caption className={classes['caption']}>Imbalance: (highest - mean) / mean over nodes{threshold !== undefined && `; marked above ${formatRatio(threshold)}`}</caption>
        <thead><tr><th scope="col">Dimension</th>{columns.map(({ label }) => <th key={label} scope="col">{label}</th>)}</tr></thead>
        <tbody>
          {known.map((dimension) => (
            <tr key={dimension}>
              <th scope="row">{DIMENSION_WORDS[dimension]}</th>
              {columns.map(({ label, imbalance }) => {
                const value = imbalance[dimension];
                const above = threshold !== undefined && value !== null && value > threshold;
                return <td key={label} data-above={above || undefined}><Quantity kind="ratio" value={value} />{above && <span title="Above the threshold"> ▲</span>}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
