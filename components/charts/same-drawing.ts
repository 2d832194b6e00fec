import type { TimeSeriesProps } from './time-series-props';
import type { TimeSeriesData } from './time-series-rows';

/**
 * Would both props give the same drawing? Compared by value, because callers build series
 * and lines while rendering; a few hundred comparisons against tens of milliseconds.
 * `format` is taken to go with the title, and `formatTime` with its key.
 */
export function sameDrawing(a: TimeSeriesProps, b: TimeSeriesProps): boolean {
  return a.fromMs === b.fromMs && a.toMs === b.toMs && a.title === b.title && a.zoneKey === b.zoneKey
    && a.valueMax === b.valueMax && a.base === b.base && a.heightPx === b.heightPx
    && sameList(a.series, b.series, sameSeries)
    && sameList(a.thresholds, b.thresholds, (left, right) => left.value === right.value && left.label === right.label)
    && sameList(a.events, b.events, (left, right) => left.key === right.key);
}

function sameSeries(a: TimeSeriesData, b: TimeSeriesData): boolean {
  return a.key === b.key && a.label === b.label && sameList(a.points, b.points, (left, right) => left.atMs === right.atMs && Object.is(left.value, right.value));
}

function sameList<T>(a: readonly T[] = [], b: readonly T[] = [], same: (left: T, right: T) => boolean): boolean {
  return a === b || (a.length === b.length && a.every((left, index) => same(left, b[index]!)));
}
