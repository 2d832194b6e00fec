import { Panel } from '@/components/ui/panel';
import { formatBytes, formatDuration, formatSecondsRange } from '@/lib/client/format';
import type { Operation, Report } from '@/lib/contract/operation';
import { ImbalanceTable } from './imbalance-table';
import classes from './operations.module.css';

/** Predicted against actual. */
export function ReportPanel({ operation, report }: { readonly operation: Operation; readonly report: Report }) {
  const rows = [
    ['Time', formatSecondsRange(report.secondsPredicted), formatDuration(report.secondsActual * 1_000)],
    ['Data', formatBytes(report.bytesPredicted), formatBytes(report.bytesActual)],
    ['Moves', operation.progress.movesTotal.toLocaleString('en-US'), movesText(report)],
  ];
  return (
    <Panel title="Report" note="predicted against actual">
      <div className={classes['columns']}>
        <table className={classes['table']}>
          <thead><tr><th scope="col">What</th><th scope="col">Predicted</th><th scope="col">Actual</th></tr></thead>
          <tbody>{rows.map(([what, predicted, actual]) => <tr key={what}><th scope="row">{what}</th><td>{predicted}</td><td>{actual}</td></tr>)}</tbody>
        </table>
        <ImbalanceTable columns={[{ label: 'Before', imbalance: report.imbalanceBefore }, { label: 'Predicted', imbalance: report.imbalancePredicted }, { label: 'Actual', imbalance: report.imbalanceAfter }]} />
      </div>
    </Panel>
  );
}

function movesText({ movesDone, movesFailed, movesReverted }: Report): string {
  const parts = [`${movesDone.toLocaleString('en-US')} done`];
  if (movesFailed > 0) parts.push(`${movesFailed.toLocaleString('en-US')} failed`);
  if (movesReverted > 0) parts.push(`${movesReverted.toLocaleString('en-US')} not made`);
  return parts.join(', ');
}
