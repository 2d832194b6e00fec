/**
 * From series to the rows of a chart. A chart never draws more than POINTS_MAX points a
 * series, and never a line over a time in which nothing was measured.
 */
export const POINTS_MAX = 180;

export interface TimePoint {
  readonly atMs: number;
  /** `null`: not known at that time. */
  readonly value: number | null;
}

export interface TimeSeriesData {
  readonly key: string;
  readonly label: string;
  /** Time ascending. */
  readonly points: readonly TimePoint[];
}

/** One moment of all series, in their order. */
export interface TimeRow {
  readonly atMs: number;
  readonly values: readonly (number | null)[];
}

/** Merges neighbours by their mean until at most `max` points are left; a bucket without a known value stays unknown. */
export function limitPoints(points: readonly TimePoint[], max = POINTS_MAX): readonly TimePoint[] {
  if (points.length <= max) return points;
  const size = Math.ceil(points.length / max);
  return Array.from({ length: Math.ceil(points.length / size) }, (_, bucket) => {
    const inside = points.slice(bucket * size, (bucket + 1) * size);
    const known = inside.flatMap(({ value }) => (value === null ? [] : [value]));
    const mean = known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
    return { atMs: inside[0]!.atMs, value: mean };
  });
}

/**
 * Rows by time, ascending. Where two neighbouring rows are further apart than one and a
 * half of the usual step, an all-unknown row is put between, so that the line breaks
 * where the recording did.
 */
export function rowsOfSeries(series: readonly TimeSeriesData[]): readonly TimeRow[] {
  const byTime = new Map<number, (number | null)[]>();
  series.forEach(({ points }, index) => {
    for (const { atMs, value } of limitPoints(points)) {
      const values = byTime.get(atMs) ?? series.map(() => null);
      values[index] = value;
      byTime.set(atMs, values);
    }
  });
  const rows = [...byTime].map(([atMs, values]) => ({ atMs, values })).sort((a, b) => a.atMs - b.atMs);
  const step = usualStepMs(rows);
  return rows.flatMap((row, index) => {
    const before = rows[index - 1];
    if (before === undefined || step === null || row.atMs - before.atMs <= step * 1.5) return [row];
    return [{ atMs: before.atMs + step, values: series.map(() => null) }, row];
  });
}

/** The median distance of neighbours; `null` below three rows, where nothing is usual. */
function usualStepMs(rows: readonly TimeRow[]): number | null {
  if (rows.length < 3) return null;
  const steps = rows.slice(1).map((row, index) => row.atMs - rows[index]!.atMs).sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)]!;
}

export function largestOf(rows: readonly TimeRow[]): number {
  return rows.reduce((largest, { values }) => values.reduce<number>((most, value) => Math.max(most, value ?? 0), largest), 0);
}

/** From 0 to the first round number that is not below `largest`, in four steps; round in powers of ten or, for bytes, of 1024. */
export function valueTicks(largest: number, base: 10 | 1024): readonly number[] {
  if (!(largest > 0)) return [0, 1];
  const power = base ** Math.floor(Math.log(largest) / Math.log(base));
  const rounds = base === 10 ? [1, 2, 4, 8, 10] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
  // A hair of tolerance, because 0.3 / 0.1 is a little more than 3 in binary.
  const round = rounds.find((candidate) => candidate * power >= largest * (1 - 1e-9)) ?? base;
  return [0, 0.25, 0.5, 0.75, 1].map((share) => share * round * power);
}

export interface SeriesSummary {
  readonly least: number;
  readonly most: number;
  readonly latest: number | null;
}

/** `null` when no value is known. */
export function summaryOf(points: readonly TimePoint[]): SeriesSummary | null {
  const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (known.length === 0) return null;
  return { least: Math.min(...known), most: Math.max(...known), latest: points.at(-1)?.value ?? null };
}
