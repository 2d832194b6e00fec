import type { TimeSeriesData } from './time-series-rows';

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
  /** Another one whenever `formatTime` prints differently, such as in another zone. */
  readonly zoneKey: string;
  readonly thresholds?: readonly ThresholdLine[];
  readonly events?: readonly EventMarker[];
  /** Top of the scale; the data decide when absent. */
  readonly valueMax?: number;
  /** What the steps of the scale are round in: 1024 for bytes, else 10. */
  readonly base?: 10 | 1024;
  readonly heightPx?: number;
}
