import classes from './sparkline.module.css';

const WIDTH = 120;
const HEIGHT = 28;

export interface SparklineProps {
  /** Oldest first; `null` = nothing was recorded, drawn as a hole. */
  readonly values: readonly (number | null)[];
  /** Top of the scale; absent: the largest value. */
  readonly max?: number;
}

/** The course of a number, without axes: the number beside it is what is read. Starts at 0, so that noise looks like noise. */
export function Sparkline({ values, max }: SparklineProps) {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 2) return <div className={`${classes['none'] ?? ''} ps-hatched`} title="No history yet" />;
  const top = max ?? (Math.max(...known) || 1);
  const runs = runsOf(values, top);
  return (
    <svg className={classes['sparkline']} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
      {runs.map((run) => (
        <g key={run[0]?.x}>
          <path className={classes['area']} d={`${lineOf(run)}L${run.at(-1)?.x ?? 0},${HEIGHT}L${run[0]?.x ?? 0},${HEIGHT}Z`} />
          <path className={classes['line']} d={lineOf(run)} vectorEffect="non-scaling-stroke" />
        </g>
      ))}
    </svg>
  );
}

interface Point { readonly x: number; readonly y: number }

/** Stretches without a hole. */
function runsOf(values: readonly (number | null)[], top: number): Point[][] {
  const runs: Point[][] = [];
  let run: Point[] = [];
  values.forEach((value, index) => {
    if (value === null) {
      if (run.length > 0) runs.push(run);
      run = [];
      return;
    }
    const x = (index / Math.max(1, values.length - 1)) * WIDTH;
    const y = HEIGHT - 1 - Math.min(1, value / top) * (HEIGHT - 3);
    run.push({ x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 });
  });
  if (run.length > 0) runs.push(run);
  return runs;
}

function lineOf(run: readonly Point[]): string {
  return run.map((point, index) => `${index === 0 ? 'M' : 'L'}${point.x},${point.y}`).join('');
}
