import { formatBytes, formatCount, formatDuration } from '@/lib/client/format';
import type { BacktestResult } from '@/lib/contract/scaling-backtest';
import type { BacktestAnswer } from '@/lib/contract/scaling-view';
import classes from './backtest.module.css';

interface FigureRow {
  readonly label: string;
  readonly of: (result: BacktestResult) => number;
  readonly print: (value: number) => string;
}

const hours = (value: number) => `${value >= 100 ? formatCount(value) : value.toFixed(1)} h`;
const ROWS: readonly FigureRow[] = [
  { label: 'Actions', of: ({ moves }) => moves, print: formatCount },
  { label: 'Node-hours', of: ({ nodeHours }) => nodeHours, print: hours },
  { label: 'Above capacity', of: ({ overCapacityMs }) => overCapacityMs / 60_000, print: (minutes) => (minutes === 0 ? '0 min' : formatDuration(minutes * 60_000)) },
  { label: 'Bytes moved', of: ({ bytesMoved }) => bytesMoved, print: formatBytes },
  { label: 'Reversals', of: ({ reversals }) => reversals, print: formatCount },
];

/** The five figures of both policies; less is better in each. */
export function BacktestFigures({ answer }: { readonly answer: BacktestAnswer | null }) {
  return (
    <table className={classes['figures']}>
      <caption className="ps-visually-hidden">What the two policies would have done; less is better in each row</caption>
      <thead><tr><th scope="col">Figure</th><th scope="col">Active</th><th scope="col">This form</th><th scope="col">Difference</th></tr></thead>
      <tbody>
        {ROWS.map(({ label, of, print }) => {
          const active = answer === null ? null : of(answer.active);
          const edited = answer === null ? null : of(answer.edited);
          return (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{active === null ? '–' : print(active)}</td>
              <td>{edited === null ? '–' : print(edited)}</td>
              <td data-better={active !== null && edited !== null && edited < active || undefined} data-worse={active !== null && edited !== null && edited > active || undefined}>{differenceWords(active, edited, print)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function differenceWords(active: number | null, edited: number | null, print: (value: number) => string): string {
  if (active === null || edited === null) return '–';
  const difference = print(Math.abs(edited - active));
  if (difference === print(0)) return 'same';
  return `${edited > active ? '+' : '−'}${difference}`;
}
