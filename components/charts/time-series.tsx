'use client';

import { ActionIcon, Group, Text, Tooltip, useComputedColorScheme } from '@mantine/core';
import { IconChartLine, IconTable } from '@tabler/icons-react';
import { memo, useId, useMemo, useRef, useState } from 'react';
import { Legend } from './legend-lines';
import { TimeSeriesPlot, type TimeSeriesPlotProps } from './time-series-plot';
import { largestOf, rowsOfSeries, summaryOf, valueTicks, type TimeSeriesData } from './time-series-rows';
import { TimeSeriesTable } from './time-series-table';
import { useOnScreen } from './use-on-screen';

/** A fact drawn as a vertical line. */
export interface EventMarker {
  readonly key: string;
  readonly atMs: number;
  readonly label: string;
}

/** A value drawn as a horizontal line. */
export interface ThresholdLine {
  readonly value: number;
  readonly label: string;
}

export interface TimeSeriesProps {
  readonly title: string;
  /** What one point is, such as "mean over 10 s"; stated beside the title. */
  readonly window: string;
  readonly series: readonly TimeSeriesData[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly format: (value: number) => string;
  /** Prints a moment for the axis, the tooltip and the table. */
  readonly formatTime: (atMs: number) => string;
  /** Changes when `formatTime` prints differently, such as in another zone. */
  readonly zoneKey: string;
  readonly thresholds?: readonly ThresholdLine[];
  readonly events?: readonly EventMarker[];
  /** Top of the scale; the data decide when absent. */
  readonly valueMax?: number;
  /** What the steps of the scale are round in: 1024 for bytes, else 10. */
  readonly base?: 10 | 1024;
  readonly heightPx?: number;
}

const NOTHING: readonly never[] = [];

type PausedPlotProps = TimeSeriesPlotProps & { readonly paused: boolean };

/** recharts costs tens of milliseconds an update: a chart is drawn again only when what it shows changed, and off-screen not even then. */
function keepsDrawing(before: PausedPlotProps, next: PausedPlotProps): boolean {
  if (next.paused) return true;
  return before.rows === next.rows && before.scheme === next.scheme && before.fromMs === next.fromMs && before.toMs === next.toMs
    && before.ticks.at(-1) === next.ticks.at(-1) && before.heightPx === next.heightPx && before.zoneKey === next.zoneKey
    && before.thresholds.length === next.thresholds.length && before.thresholds.every((line, index) => line.value === next.thresholds[index]!.value)
    && before.events.length === next.events.length && before.events.every((event, index) => event.key === next.events[index]!.key);
}

const PausedPlot = memo(({ paused: _paused, ...props }: PausedPlotProps) => <TimeSeriesPlot {...props} />, keepsDrawing);
PausedPlot.displayName = 'PausedPlot';

/** A line chart with its title, its averaging window, a spoken summary and a table of the same numbers. */
export function TimeSeries(props: TimeSeriesProps) {
  const { title, window, series, fromMs, toMs, format, formatTime, zoneKey, thresholds = NOTHING, events = NOTHING, valueMax, base = 10, heightPx = 180 } = props;
  const scheme = useComputedColorScheme('light');
  const frame = useRef<HTMLElement>(null);
  const onScreen = useOnScreen(frame);
  const [asTable, setAsTable] = useState(false);
  const titleId = useId();
  const rows = useMemo(() => rowsOfSeries(series), [series]);
  const ticks = useMemo(() => valueTicks(valueMax ?? largestOf(rows), base), [rows, valueMax, base]);
  const hasValue = rows.some((row) => row.values.some((value) => value !== null));
  const shownEvents = events.filter((event) => event.atMs >= fromMs && event.atMs <= toMs);
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
      {asTable && <TimeSeriesTable title={title} series={series} rows={rows} events={shownEvents} format={format} formatTime={formatTime} heightPx={heightPx} />}
      {!asTable && !hasValue && <Text size="sm" c="dimmed" style={{ minHeight: heightPx }}>Nothing was recorded in this range.</Text>}
      {!asTable && hasValue && (
        <div role="img" aria-label={spokenSummary({ title, series, format, eventCount: shownEvents.length })}>
          <PausedPlot paused={!onScreen} {...{ scheme, series, rows, fromMs, toMs, format, formatTime, zoneKey, thresholds, events: shownEvents, heightPx, ticks }} />
        </div>
      )}
      {(series.length > 1 || thresholds.length > 0) && <Legend series={series} thresholds={thresholds} scheme={scheme} />}
    </figure>
  );
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
