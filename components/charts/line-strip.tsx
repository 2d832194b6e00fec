'use client';

import { Slider } from '@mantine/core';
import classes from './line-strip.module.css';

interface LineStripProps {
  /** What the line is of: "CPU safety line". */
  readonly label: string;
  /** The line, 0..1. */
  readonly value: number;
  readonly onChange: (value: number) => void;
  /** Where things are now, 0..1 and above: one tick each. */
  readonly values: readonly number[];
  /** The line that stands in the settings, marked below the track. */
  readonly usual: number;
  /** What the ticks above the line mean: "3 of 12 nodes are over it". */
  readonly words: string;
}

/** A line to drag over a scale from 0 to 100 %, with a tick for everything that is measured against it. */
export function LineStrip({ label, value, onChange, values, usual, words }: LineStripProps) {
  const ticks = (over: boolean) => values.filter((at) => at > value === over).map((at) => `M${(Math.min(1, at) * 100).toFixed(1)} 0V10`).join('');
  return (
    <div>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" className={classes.ticks} aria-hidden="true">
        <path d={ticks(false)} className={classes.under} />
        <path d={ticks(true)} className={classes.over} />
      </svg>
      <Slider
        size="sm" min={0} max={100} step={1} value={Math.round(value * 100)} onChange={(percent) => { onChange(percent / 100); }}
        label={(percent) => `${percent} %`} thumbLabel={label} thumbSize={18} thumbValueText={() => `${Math.round(value * 100)} %, ${words}`}
        marks={[{ value: Math.round(usual * 100) }]}
      />
    </div>
  );
}
