/** Sizes of a pool over time, from the changes of size of a backtest. */
import type { BacktestResult } from '@/lib/contract/scaling-backtest';

export interface SizeStep {
  readonly atMs: number;
  readonly nodes: number;
}

export interface SizeSpan { readonly fromMs: number; readonly toMs: number }

/** Corners of a stairway, ascending in time. `start`: the size where there was no change at all. Changes that were left out are before what is drawn. */
export function sizeSteps({ markers }: Pick<BacktestResult, 'markers'>, { fromMs, toMs }: SizeSpan, start: number): readonly SizeStep[] {
  const first = markers[0]?.from ?? start;
  const corners = markers.flatMap(({ atMs, from, to }) => [{ atMs, nodes: from }, { atMs, nodes: to }]);
  return [{ atMs: fromMs, nodes: first }, ...corners, { atMs: toMs, nodes: corners.at(-1)?.nodes ?? first }];
}

const MARKS_MAX = 90;

/** Thins a stairway out to at most twice MARKS_MAX corners by keeping the size at even times; the last one of a time counts. */
export function thinned(steps: readonly SizeStep[], { fromMs, toMs }: SizeSpan): readonly SizeStep[] {
  if (steps.length <= 2 * MARKS_MAX) return steps;
  const kept: SizeStep[] = [];
  let at = 0;
  for (let mark = 0; mark < MARKS_MAX; mark += 1) {
    const atMs = fromMs + ((toMs - fromMs) * mark) / (MARKS_MAX - 1);
    while (at + 1 < steps.length && steps[at + 1]!.atMs <= atMs) at += 1;
    const before = kept.at(-1);
    if (before !== undefined) kept.push({ atMs, nodes: before.nodes });
    kept.push({ atMs, nodes: steps[at]!.nodes });
  }
  return kept.slice(0, 2 * MARKS_MAX);
}
