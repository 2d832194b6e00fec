'use client';

import { ActionIcon, Group, Text, Tooltip, useComputedColorScheme } from '@mantine/core';
import { IconChartLine, IconTable } from '@tabler/icons-react';
import { useId, useMemo, useRef, useState } from 'react';
import { Legend } from './legend-lines';
import { sameDrawing } from './same-drawing';
import type { Scheme } from './shard-colors';
import { TimeSeriesPlot, type TimeSeriesPlotProps } from './time-series-plot';
import { largestOf, rowsOfSeries, summaryOf, valueTicks, type TimeRow, type TimeSeriesData } from './time-series-rows';
import type { TimeSeriesProps } from './time-series-props';
import { TimeSeriesTable } from './time-series-table';
import { useOnScreen } from './use-on-screen';
import { useOwnTurn } from './use-own-turn';
import { useStable } from './use-stable';

const NOTHING: readonly never[] = [];
const HEIGHT_PX = 180;

/** A line chart with its title, its averaging window, a spoken summary and a table of the same numbers. */
export function TimeSeries(props: TimeSeriesProps) {
  const { title, window, series, format, formatTime, thresholds = NOTHING, heightPx = HEIGHT_PX } = props;
  const scheme = useComputedColorScheme('light');
  const frame = useRef<HTMLElement>(null);
  const onScreen = useOnScreen(frame);
  const [asTable, setAsTable] = useState(false);
  const titleId = useId();
  const drawn = useStable(props, sameDrawing);
  const { rows, plot } = useMemo(() => plotOf(drawn, scheme), [drawn, scheme]);
  const shown = useOwnTurn(plot, !onScreen || asTable);
  const hasValue = rows.some((row) => row.values.some((value) => value !== null));
  const toggle = asTable ? 'Show as chart' : 'Show as table';

  return (
    <figure ref={frame} aria-labelledby={titleId} style={{ margin: 0 }}>
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <Group gap="xs" id={titleId}>
          <Text fw={600} size="sm">{title}</Text>
          <Text size="xs" c="dimmed">{window}</Text>
        </Group>
        <Tooltip label={toggle}>
          <ActionIcon variant="subtle" color="gray" aria-label={`${toggle}: ${title}`} onClick={() => setAsTable(!asTable)}>
            {asTable ? <IconChartLine size={16} aria-hidden /> : <IconTable size={16} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      </Group>
      {asTable && <TimeSeriesTable title={title} series={series} rows={rows} events={plot.events} format={format} formatTime={formatTime} heightPx={heightPx} />}
      {!asTable && !hasValue && <Text size="sm" c="dimmed" style={{ minHeight: heightPx }}>Nothing was recorded in this range.</Text>}
      {!asTable && hasValue && (
        <div role="img" style={{ minHeight: heightPx }} aria-label={spokenSummary({ title, series, format, eventCount: plot.events.length })}>
          {shown !== null && <TimeSeriesPlot {...shown} />}
        </div>
      )}
      {(series.length > 1 || thresholds.length > 0) && <Legend series={series} thresholds={thresholds} scheme={scheme} />}
    </figure>
  );
}

/** What the drawing needs of the props. */
function plotOf(props: TimeSeriesProps, scheme: Scheme): { rows: readonly TimeRow[]; plot: TimeSeriesPlotProps } {
  const { series, fromMs, toMs, format, formatTime, thresholds = NOTHING, events = NOTHING, valueMax, base = 10, heightPx = HEIGHT_PX } = props;
  const rows = rowsOfSeries(series);
  const ticks = valueTicks(valueMax ?? largestOf(rows), base);
  const marked = events.filter((event) => event.atMs >= fromMs && event.atMs <= toMs);
  return { rows, plot: { scheme, series, rows, fromMs, toMs, format, formatTime, thresholds, events: marked, heightPx, ticks } };
}

function spokenSummary({ title, series, format, eventCount }: { title: string; series: readonly TimeSeriesData[]; format: (value: number) => string; eventCount: number }): string {
  const parts = series.map(({ label, points }) => {
    const summary = summaryOf(points);
    if (summary === null) return `${label}: nothing known`;
    const latest = summary.latest === null ? 'now unknown' : `now ${format(summary.latest)}`;
    return `${label}: ${format(summary.least)} to ${format(summary.most)}, ${latest}`;
  });
  return `${title}. ${parts.join('. ')}.${eventCount === 0 ? '' : ` ${eventCount} events are marked.`} The table holds the same numbers.`;
}
