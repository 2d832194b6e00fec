import { limitPoints, summaryOf, type TimePoint } from './time-series-rows';

export interface SparklineProps {
  /** Time ascending. */
  readonly points: readonly TimePoint[];
  /** What it shows, for the spoken description. */
  readonly label: string;
  readonly format: (value: number) => string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** Bottom and top of the scale; bottom 0 and the largest value when absent. */
  readonly domain?: readonly [number, number];
}

const SPARK_POINTS_MAX = 60;

/** A line the height of a word: plain SVG, no axes. Breaks where nothing is known. */
export function Sparkline({ points, label, format, widthPx = 96, heightPx = 24, domain }: SparklineProps) {
  const summary = summaryOf(points);
  const spoken = summary === null
    ? `${label}: nothing recorded`
    : `${label}: ${format(summary.least)} to ${format(summary.most)}, now ${summary.latest === null ? 'unknown' : format(summary.latest)}`;
  return (
    <svg role="img" aria-label={spoken} viewBox={`0 0 ${widthPx} ${heightPx}`} width={widthPx} height={heightPx} preserveAspectRatio="none" style={{ display: 'block', maxWidth: '100%' }}>
      {summary !== null && (
        <path d={sparkPath({ points, widthPx, heightPx, domain: domain ?? [0, summary.most] })} fill="none" stroke="currentColor" strokeWidth={1.5} vectorEffect="non-scaling-stroke" />
      )}
    </svg>
  );
}

/** SVG path data; every unknown point lifts the pen. */
export function sparkPath({ points, widthPx, heightPx, domain }: { points: readonly TimePoint[]; widthPx: number; heightPx: number; domain: readonly [number, number] }): string {
  const shown = limitPoints(points, SPARK_POINTS_MAX);
  const first = shown[0]?.atMs ?? 0;
  const span = Math.max(1, (shown.at(-1)?.atMs ?? 0) - first);
  const [low, high] = domain;
  const height = high > low ? high - low : 1;
  const pad = 1;
  let penDown = false;
  return shown.map(({ atMs, value }) => {
    if (value === null) {
      penDown = false;
      return '';
    }
    const x = ((atMs - first) / span) * widthPx;
    const y = pad + (1 - Math.min(1, Math.max(0, (value - low) / height))) * (heightPx - 2 * pad);
    const command = penDown ? 'L' : 'M';
    penDown = true;
    return `${command}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join('');
}
