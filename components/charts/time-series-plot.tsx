'use client';

import { Paper, Text } from '@mantine/core';
import { memo } from 'react';
import { CartesianGrid, Line, LineChart, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import { seriesStyleOf } from './series-colors';
import type { Scheme } from './shard-colors';
import type { EventMarker, ThresholdLine } from './time-series-props';
import type { TimeRow, TimeSeriesData } from './time-series-rows';

export interface TimeSeriesPlotProps {
  readonly scheme: Scheme;
  readonly series: readonly TimeSeriesData[];
  readonly rows: readonly TimeRow[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly format: (value: number) => string;
  readonly formatTime: (atMs: number) => string;
  readonly thresholds: readonly ThresholdLine[];
  readonly events: readonly EventMarker[];
  /** From 0 to the top of the scale. */
  readonly ticks: readonly number[];
  readonly heightPx: number;
}

const quiet = 'var(--mantine-color-dimmed)';
const grid = 'var(--ps-border)';
const tick = { fontSize: 11, fill: quiet };
const AXIS_WIDTH_PX = 64;
const MARKED_EVENTS_MAX = 40;

/** The drawing itself, without animation; TimeSeries decides when it may update. */
export const TimeSeriesPlot = memo(({ scheme, series, rows, fromMs, toMs, format, formatTime, thresholds, events, ticks, heightPx }: TimeSeriesPlotProps) => {
  // A line is drawn by one accessor per series: rows stay arrays and are never copied into keyed objects.
  return (
    <LineChart responsive data={[...rows]} style={{ width: '100%', height: heightPx }} accessibilityLayer={false} margin={{ top: 6, right: 12, bottom: 0, left: 0 }}>
      <CartesianGrid stroke={grid} vertical={false} />
      <XAxis dataKey="atMs" type="number" domain={[fromMs, toMs]} tickFormatter={formatTime} tick={tick} stroke={grid} minTickGap={48} tickCount={6} allowDataOverflow />
      <YAxis width={AXIS_WIDTH_PX} domain={[0, ticks.at(-1) ?? 1]} ticks={[...ticks]} interval={0} tickFormatter={format} tick={tick} stroke={grid} allowDataOverflow={false} />
      <Tooltip
        isAnimationActive={false}
        cursor={{ stroke: quiet, strokeDasharray: '2 2' }}
        content={({ active, label }) => (active && typeof label === 'number'
          ? <Reading atMs={label} {...{ series, rows, events, format, formatTime }} />
          : null)}
      />
      {thresholds.map(({ value, label }) => <ReferenceLine key={label} y={value} stroke="var(--ps-critical)" strokeDasharray="4 4" ifOverflow="extendDomain" />)}
      {events.slice(-MARKED_EVENTS_MAX).map(({ key, atMs }) => (
        <ReferenceLine key={key} x={atMs} stroke={quiet} strokeDasharray="2 3" label={{ value: '▾', position: 'insideTop', fill: quiet, fontSize: 12 }} />
      ))}
      {series.map(({ key }, index) => {
        const style = seriesStyleOf(index, scheme);
        return (
          <Line
            key={key} dataKey={(row: TimeRow) => row.values[index] ?? null} stroke={style.color} strokeDasharray={style.dash}
            strokeWidth={1.75} dot={false} activeDot={{ r: 3 }} connectNulls={false} isAnimationActive={false} type="linear"
          />
        );
      })}
    </LineChart>
  );
});
TimeSeriesPlot.displayName = 'TimeSeriesPlot';

type ReadingProps = Pick<TimeSeriesPlotProps, 'series' | 'rows' | 'events' | 'format' | 'formatTime'> & { readonly atMs: number };

function Reading({ atMs, series, rows, events, format, formatTime }: ReadingProps) {
  const at = rows.findIndex((row) => row.atMs === atMs);
  const row = rows[at];
  if (row === undefined) return null;
  const untilMs = rows[at + 1]?.atMs ?? Infinity;
  return (
    <Paper withBorder p="xs" shadow="sm">
      <Text size="xs" fw={600}>{formatTime(atMs)}</Text>
      {series.map(({ key, label }, index) => {
        const value = row.values[index] ?? null;
        return <Text key={key} size="xs">{label}: {value === null ? 'unknown' : format(value)}</Text>;
      })}
      {events.filter((event) => event.atMs >= atMs && event.atMs < untilMs).map((event) => (
        <Text key={event.key} size="xs" c="dimmed" maw={280}>{formatTime(event.atMs)} {event.label}</Text>
      ))}
    </Paper>
  );
}
