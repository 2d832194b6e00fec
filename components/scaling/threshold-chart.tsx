'use client';

import { useRef, useState, type PointerEvent } from 'react';
import type { TimePoint } from '@/components/charts/time-series-rows';
import { printMetric, snapped, valueByKey, type Scale, type ThresholdLine } from './threshold-lines';
import classes from './threshold-chart.module.css';

export interface ShadedSpan {
  readonly key: string;
  readonly kind: 'window' | 'cooldown';
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ActionMark {
  readonly key: string;
  readonly atMs: number;
  readonly label: string;
}

/** From now to the horizon: expected, and what should stay above the outcome. */
export interface ForecastCone {
  readonly atMs: number;
  readonly now: number;
  readonly expected: number;
  readonly upper: number;
}

export interface ThresholdChartProps {
  readonly metric: string;
  readonly title: string;
  readonly points: readonly TimePoint[];
  readonly fromMs: number;
  readonly nowMs: number;
  readonly toMs: number;
  readonly scale: Scale;
  readonly lines: readonly ThresholdLine[];
  readonly spans: readonly ShadedSpan[];
  readonly marks: readonly ActionMark[];
  readonly forecast: ForecastCone | null;
  readonly formatTime: (atMs: number) => string;
  readonly onMove: (line: ThresholdLine, value: number) => void;
}

/**
 * A metric with the lines of its rule, which are dragged or moved by the keys of a
 * slider. The drawing is stretched to the space there is; what must not be stretched
 * (handles, words) is laid over it.
 */
export function ThresholdChart(props: ThresholdChartProps) {
  const { metric, title, points, fromMs, nowMs, toMs, scale, lines, spans, marks, forecast, formatTime } = props;
  const x = (atMs: number) => ((Math.min(toMs, Math.max(fromMs, atMs)) - fromMs) / Math.max(1, toMs - fromMs)) * 100;
  const y = (value: number) => 100 - Math.min(1, value / scale.top) * 100;
  return (
    <div className={classes['chart']}>
      <div className={classes['yTicks']} aria-hidden="true">{[0, 0.5, 1].map((share) => <span key={share} style={{ bottom: `${share * 100}%` }}>{printMetric(metric, share * scale.top)}</span>)}</div>
      <Plot {...props} y={y}>
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" className={classes['svg']} role="img" aria-label={spokenChart(props)}>
          {spans.map(({ key, kind, fromMs: from, toMs: to }) => <rect key={key} x={x(from)} width={Math.max(0.2, x(to) - x(from))} y="0" height="100" className={classes[kind]} />)}
          {forecast !== null && <path d={`M${x(nowMs)} ${y(forecast.now)} L${x(forecast.atMs)} ${y(forecast.upper)} L${x(forecast.atMs)} ${y(forecast.expected)} Z`} className={classes['band']} />}
          {forecast !== null && <path d={`M${x(nowMs)} ${y(forecast.now)} L${x(forecast.atMs)} ${y(forecast.expected)}`} className={classes['expected']} />}
          <path d={linePath(points, x, y)} className={classes['line']} />
          <line x1={x(nowMs)} x2={x(nowMs)} y1="0" y2="100" className={classes['now']} />
        </svg>
        {marks.map(({ key, atMs, label }) => <span key={key} className={classes['mark']} style={{ left: `${x(atMs)}%` }} title={`${formatTime(atMs)} ${label}`} aria-hidden="true">▾</span>)}
      </Plot>
      <div className={classes['xTicks']} aria-hidden="true" suppressHydrationWarning>
        <span>{formatTime(fromMs)}</span><span style={{ left: `${x(nowMs)}%` }}>now</span>
      </div>
      {lines.length === 0 && <p className={classes['none']}>{title} has no line to drag.</p>}
    </div>
  );
}

function Plot({ children, y, metric, scale, lines, onMove }: ThresholdChartProps & { readonly children: React.ReactNode; readonly y: (value: number) => number }) {
  const plot = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState<number | null>(null);
  const valueAt = (event: PointerEvent): number | null => {
    const box = plot.current?.getBoundingClientRect();
    return box === undefined || box.height === 0 ? null : snapped(((box.bottom - event.clientY) / box.height) * scale.top, scale);
  };
  const follow = (event: PointerEvent, index: number) => {
    const value = valueAt(event);
    const line = lines[index];
    if (value !== null && line !== undefined && value !== line.value) onMove(line, value);
  };
  return (
    <div ref={plot} className={classes['plot']}>
      {children}
      {lines.map((line, index) => line.value !== null && (
        <div
          key={line.path.join('.')} className={classes['threshold']} data-direction={line.direction} data-held={held === index || undefined}
          style={{ top: `${y(line.value)}%` }} role="slider" tabIndex={0} aria-orientation="vertical" aria-label={line.label}
          aria-valuemin={0} aria-valuemax={scale.top} aria-valuenow={line.value} aria-valuetext={`${line.label} ${printMetric(metric, line.value)}`}
          onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); setHeld(index); }}
          onPointerMove={(event) => { if (held === index) follow(event, index); }}
          onPointerUp={() => { setHeld(null); }} onPointerCancel={() => { setHeld(null); }}
          onKeyDown={(event) => {
            const next = line.value === null ? null : valueByKey(event.key, line.value, scale);
            if (next === null) return;
            event.preventDefault();
            if (next !== line.value) onMove(line, next);
          }}
        >
          <span className={classes['handle']}>{line.label} {printMetric(metric, line.value)}</span>
        </div>
      ))}
    </div>
  );
}

function linePath(points: readonly TimePoint[], x: (atMs: number) => number, y: (value: number) => number): string {
  let drawing = false;
  return points.map(({ atMs, value }) => {
    if (value === null) {
      drawing = false;
      return '';
    }
    const move = drawing ? 'L' : 'M';
    drawing = true;
    return `${move}${x(atMs).toFixed(2)} ${y(value).toFixed(2)}`;
  }).join(' ');
}

function spokenChart({ metric, title, points, lines, marks, forecast, spans }: ThresholdChartProps): string {
  const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const latest = points.at(-1)?.value ?? null;
  const range = known.length === 0 ? 'nothing was recorded' : `${printMetric(metric, Math.min(...known))} to ${printMetric(metric, Math.max(...known))}, now ${printMetric(metric, latest)}`;
  const expected = forecast === null ? '' : ` Expected ${printMetric(metric, forecast.expected)}, at most ${printMetric(metric, forecast.upper)}.`;
  return `${title}: ${range}. ${lines.map(({ label, value }) => `${label} ${printMetric(metric, value)}`).join(', ')}. ${spans.map(({ label }) => label).join('. ')}. ${marks.length} actions of the active policy.${expected}`;
}
