'use client';

import { useId, useRef, type KeyboardEvent, type PointerEvent } from 'react';
import { formatBytes, formatCount, formatRatio, plural } from '@/lib/client/format';
import type { Frontier, StopPoint } from './frontier';
import classes from './frontier-chart.module.css';

interface FrontierChartProps {
  readonly frontier: Frontier;
  readonly stepCount: number;
  readonly onChange: (stepCount: number) => void;
  readonly suggestions: readonly StopPoint[];
}

const PERCENTS = [0, 25, 50, 75, 100] as const;
const LARGE_STEPS = 10;

/** "Stop after 42 of 312 moves: 80 % of the gain for 15 % of the data, 512 MiB". */
export function stopWords(stop: StopPoint, frontier: Frontier): string {
  const gain = stop.gainShare === null ? '' : `: ${formatRatio(stop.gainShare)} of the gain`;
  return `Stop after ${formatCount(stop.stepCount)} of ${plural(frontier.stepTotal, 'move')}${gain}, ${formatRatio(stop.costShare)} of the ${frontier.cost}, ${formatBytes(stop.bytes)}`;
}

/**
 * What the moves bring against what they cost, with the handle that says where to stop.
 * The line is stretched to the space there is; what must not be stretched (handle, dots,
 * words) is laid over it.
 */
export function FrontierChart({ frontier, stepCount, onChange, suggestions }: FrontierChartProps) {
  const plot = useRef<HTMLDivElement>(null);
  const keptId = useId();
  const stop = frontier.at(stepCount);
  const path = frontier.line.map(({ costShare, gainShare }, index) => `${index === 0 ? 'M' : 'L'}${(costShare * 100).toFixed(2)} ${(100 - (gainShare ?? 0) * 100).toFixed(2)}`).join(' ');
  const follow = (event: PointerEvent<HTMLDivElement>) => {
    const box = plot.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return;
    onChange(Math.max(1, frontier.stepsWithin((event.clientX - box.left) / box.width)));
  };
  return (
    <div className={classes.chart}>
      <span className={classes.yTitle} aria-hidden="true">gain</span>
      <div className={classes.yTicks} aria-hidden="true">{PERCENTS.map((percent) => <span key={percent} style={{ bottom: `${percent}%` }}>{percent} %</span>)}</div>
      <div
        ref={plot} className={classes.plot}
        onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); follow(event); }}
        onPointerMove={(event) => { if (event.buttons !== 0) follow(event); }}
      >
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" className={classes.svg} aria-hidden="true">
          <path d="M0 100 L100 0" className={classes.even} />
          <path d={`${path} L100 100 L0 100 Z`} className={classes.area} />
          <clipPath id={keptId}><rect x="0" y="0" width={stop.costShare * 100} height="100" /></clipPath>
          <path d={`${path} L100 100 L0 100 Z`} className={classes.kept} clipPath={`url(#${keptId})`} />
          <path d={path} className={classes.line} />
        </svg>
        {suggestions.map((point) => <span key={point.stepCount} className={classes.dot} style={placeOf(point)} aria-hidden="true" />)}
        <span className={classes.guide} style={{ left: `${stop.costShare * 100}%` }} aria-hidden="true" />
        <div
          className={classes.handle} style={placeOf(stop)} role="slider" tabIndex={0} aria-label="Stop here, on the curve"
          aria-valuemin={1} aria-valuemax={frontier.stepTotal} aria-valuenow={stepCount} aria-valuetext={stopWords(stop, frontier)}
          onKeyDown={(event) => {
            const next = nextByKey(event, stepCount, frontier.stepTotal);
            if (next === null) return;
            event.preventDefault();
            onChange(next);
          }}
        />
      </div>
      <div className={classes.xTicks} aria-hidden="true">{PERCENTS.map((percent) => <span key={percent} style={{ left: `${percent}%` }}>{percent} %</span>)}</div>
      <span className={classes.xTitle} aria-hidden="true">{frontier.cost === 'data' ? 'data moved' : 'moves made (nothing is known of the bytes)'}</span>
    </div>
  );
}

function placeOf({ costShare, gainShare }: StopPoint): { left: string; top: string } {
  return { left: `${costShare * 100}%`, top: `${100 - (gainShare ?? 0) * 100}%` };
}

/** The keys of a slider: a move, a tenth of them, the first, all. `null`: not one of them. */
function nextByKey(event: Pick<KeyboardEvent, 'key'>, stepCount: number, total: number): number | null {
  const large = Math.max(1, Math.round(total / LARGE_STEPS));
  const within = (count: number) => Math.max(1, Math.min(total, count));
  switch (event.key) {
    case 'ArrowRight': case 'ArrowUp': return within(stepCount + 1);
    case 'ArrowLeft': case 'ArrowDown': return within(stepCount - 1);
    case 'PageUp': return within(stepCount + large);
    case 'PageDown': return within(stepCount - large);
    case 'Home': return 1;
    case 'End': return total;
    default: return null;
  }
}
