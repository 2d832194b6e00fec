import { describe, expect, it } from 'vitest';
import { limitPoints, POINTS_MAX, rowsOfSeries, summaryOf, valueTicks, type TimePoint } from '@/components/charts/time-series-rows';

const every = (count: number, stepMs: number, valueOf: (index: number) => number | null): TimePoint[] =>
  Array.from({ length: count }, (_, index) => ({ atMs: index * stepMs, value: valueOf(index) }));
const seriesOf = (key: string, points: TimePoint[]) => ({ key, label: key, points });

describe('the rows of a chart', () => {
  it('never have more than 180 points a series, whatever was recorded', () => {
    const rows = rowsOfSeries([seriesOf('a', every(2_000, 1_000, (index) => index))]);
    expect(rows.length).toBeLessThanOrEqual(POINTS_MAX);
    expect(rows[0]!.values[0]).toBeCloseTo(5.5);
  });

  it('keep what is unknown unknown: no bucket of unknowns becomes a number, and no unknown lowers a mean', () => {
    const limited = limitPoints(every(4, 10, (index) => [null, null, 6, null][index]!), 2);
    expect(limited.map(({ value }) => value)).toEqual([null, 6]);
  });

  it('break the line where the recording stopped', () => {
    const points = [...every(5, 10, () => 1), { atMs: 200, value: 1 }];
    const rows = rowsOfSeries([seriesOf('a', points)]);
    expect(rows.map(({ atMs, values }) => [atMs, values[0]])).toEqual([[0, 1], [10, 1], [20, 1], [30, 1], [40, 1], [50, null], [200, 1]]);
  });

  it('join series by time, each in its own place', () => {
    const rows = rowsOfSeries([seriesOf('a', [{ atMs: 0, value: 1 }]), seriesOf('b', [{ atMs: 0, value: 2 }, { atMs: 5, value: 3 }])]);
    expect(rows).toEqual([{ atMs: 0, values: [1, 2] }, { atMs: 5, values: [null, 3] }]);
  });

  it('no series and no points give no rows', () => {
    expect(rowsOfSeries([])).toEqual([]);
    expect(rowsOfSeries([seriesOf('a', [])])).toEqual([]);
  });
});

describe('a summary', () => {
  it('says what is known and that the newest value is not', () => {
    expect(summaryOf(every(3, 1, (index) => [4, 2, null][index]!))).toEqual({ least: 2, most: 4, latest: null });
    expect(summaryOf(every(3, 1, () => null))).toBeNull();
  });
});

describe('the scale of values', () => {
  it('starts at zero and ends at a round number above the largest value', () => {
    expect(valueTicks(61_000, 10)).toEqual([0, 20_000, 40_000, 60_000, 80_000]);
    expect(valueTicks(1, 10)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(valueTicks(0, 10)).toEqual([0, 1]);
  });

  it('is round in bytes for bytes', () => {
    const gib = 1024 ** 3;
    expect(valueTicks(5.2 * gib, 1024)).toEqual([0, 2 * gib, 4 * gib, 6 * gib, 8 * gib]);
  });
});
