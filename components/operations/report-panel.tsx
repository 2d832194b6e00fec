import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { ApiCall } from '@/components/ui/api-call';
import { Panel } from '@/components/ui/panel';
import { formatByteRate, formatBytes, formatCount, formatDuration, formatLatency, formatSecondsRange } from '@/lib/client/format';
import type { Operation, Report } from '@/lib/contract/operation';
import { ImbalanceTable } from './imbalance-table';
import { ReverseOperation } from './reverse-operation';
import classes from './operations.module.css';

/** Predicted against actual, kept with the operation. */
export function ReportPanel({ operation, report }: { readonly operation: Operation; readonly report: Report }) {
  const api = `/operations/${operation.id}`;
  return (
    <div id="report" ref={bringIntoView}>
      <Panel
        title="Report" note="predicted against actual"
        actions={(
          <>
            <ReverseOperation operation={operation} />
            <Button component="a" variant="default" href={`/api/v1${api}/report.csv`} download leftSection={<IconDownload size={14} aria-hidden />}>CSV</Button>
            <Button component="a" variant="default" href={`/api/v1${api}`} download={`${operation.id}.json`} leftSection={<IconDownload size={14} aria-hidden />}>JSON</Button>
            <ApiCall method="GET" path={`${api}/report.csv`} />
          </>
        )}
      >
        <div className={classes['columns']}>
          <div className={classes['live']}>
            <ReportTable label="Predicted against actual" heads={['What', 'Predicted', 'Actual']} rows={reportRows(report)} />
            <ReportTable label="Client latency" heads={['Client latency p99', 'Before', 'During', 'Worst', 'After']} rows={[latencyRow(report)]} />
          </div>
          <ImbalanceTable columns={[{ label: 'Before', imbalance: report.imbalanceBefore }, { label: 'Predicted', imbalance: report.imbalancePredicted }, { label: 'After', imbalance: report.imbalanceAfter }]} />
        </div>
      </Panel>
    </div>
  );
}

/** The browser looked for it before it was there. */
function bringIntoView(element: HTMLElement | null): void {
  if (window.location.hash === '#report') element?.scrollIntoView();
}

function ReportTable({ label, heads, rows }: { readonly label: string; readonly heads: readonly string[]; readonly rows: readonly (readonly string[])[] }) {
  return (
    <div className={classes['tableScroll']} tabIndex={0} role="region" aria-label={label}>
      <table className={classes['table']}>
        <thead><tr>{heads.map((head) => <th key={head} scope="col">{head}</th>)}</tr></thead>
        <tbody>{rows.map(([what, ...values]) => <tr key={what}><th scope="row">{what}</th>{values.map((value, index) => <td key={heads[index + 1]}>{value}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

function reportRows(report: Report): string[][] {
  return [
    ['Time', formatSecondsRange(report.secondsPredicted), `${formatDuration(report.secondsActual * 1_000)}, moving ${formatDuration(report.secondsMoving * 1_000)}`],
    ['Data', formatBytes(report.bytesPredicted), formatBytes(report.bytesActual)],
    ['Keys', formatCount(report.keysPredicted), formatCount(report.keysActual)],
    ['Moves', formatCount(report.movesTotal), movesText(report)],
    ['Speed while moving', '–', formatByteRate(report.bytesPerSecond)],
  ];
}

function latencyRow({ latency }: Report): string[] {
  return [
    latency.duringSamples === 0 ? 'Not measured while data moved' : `Over ${formatCount(latency.duringSamples)} readings`,
    formatLatency(latency.beforeP99Ms), formatLatency(latency.duringP99Ms), formatLatency(latency.duringWorstP99Ms), formatLatency(latency.afterP99Ms),
  ];
}

function movesText({ movesDone, movesFailed, movesReverted }: Report): string {
  const parts = [`${formatCount(movesDone)} done`];
  if (movesFailed > 0) parts.push(`${formatCount(movesFailed)} failed`);
  if (movesReverted > 0) parts.push(`${formatCount(movesReverted)} not made`);
  return parts.join(', ');
}
