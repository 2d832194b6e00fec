import { Table } from '@mantine/core';
import type { EventMarker, TimeSeriesProps } from './time-series-props';
import type { TimeRow } from './time-series-rows';

type TimeSeriesTableProps = Pick<TimeSeriesProps, 'title' | 'series' | 'format' | 'formatTime'> & {
  readonly rows: readonly TimeRow[];
  readonly events: readonly EventMarker[];
  readonly heightPx: number;
};

/** The chart's numbers, newest first, with its events between the rows they belong to. */
export function TimeSeriesTable({ title, series, rows, events, format, formatTime, heightPx }: TimeSeriesTableProps) {
  const lines = [
    ...rows.map((row) => ({ kind: 'row' as const, atMs: row.atMs, row })),
    ...events.map((event) => ({ kind: 'event' as const, atMs: event.atMs, event })),
  ].sort((a, b) => b.atMs - a.atMs);
  return (
    <div style={{ maxHeight: heightPx + 40, overflow: 'auto' }} tabIndex={0} role="region" aria-label={`${title} as a table`}>
      <Table stickyHeader withTableBorder={false} verticalSpacing={2} fz="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Time</Table.Th>
            {series.map(({ key, label }) => <Table.Th key={key} scope="col">{label}</Table.Th>)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map((line) => (line.kind === 'event'
            ? <Table.Tr key={line.event.key}><Table.Td>{formatTime(line.atMs)}</Table.Td><Table.Td colSpan={series.length}>{line.event.label}</Table.Td></Table.Tr>
            : (
              <Table.Tr key={line.atMs}>
                <Table.Td>{formatTime(line.atMs)}</Table.Td>
                {series.map(({ key }, index) => {
                  const value = line.row.values[index] ?? null;
                  return <Table.Td key={key}>{value === null ? 'unknown' : format(value)}</Table.Td>;
                })}
              </Table.Tr>
            )))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
