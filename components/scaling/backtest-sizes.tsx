'use client';

import { useZone } from '@/components/ui/zone-provider';
import { formatDateTime } from '@/lib/client/format-time';
import { plural } from '@/lib/client/format';
import type { BacktestAnswer } from '@/lib/contract/scaling-view';
import { sizeSteps, thinned, type SizeStep } from './size-steps';
import classes from './backtest.module.css';

const MARKS_MAX = 60;

/** Both sizes over time; where they differ is shaded and marked. */
export function BacktestSizes({ answer }: { readonly answer: BacktestAnswer | null }) {
  const { zone } = useZone();
  const span = answer ?? { fromMs: 0, toMs: 1 };
  const first = answer?.differences[0];
  const start = answer === null ? 0 : answer.active.markers[0]?.from ?? answer.edited.markers[0]?.from ?? Math.round(answer.active.nodeHours / Math.max(1e-9, answer.active.countedMs / 3_600_000));
  const stairs = (which: 'active' | 'edited') => (answer === null ? [] : thinned(sizeSteps(answer[which], span, first !== undefined && answer[which].markers.length === 0 ? first[which === 'active' ? 'activeNodes' : 'editedNodes'] : start), span));
  const active = stairs('active');
  const edited = stairs('edited');
  const top = Math.max(1, ...active.map(({ nodes }) => nodes), ...edited.map(({ nodes }) => nodes));
  const x = (atMs: number) => ((atMs - span.fromMs) / Math.max(1, span.toMs - span.fromMs)) * 100;
  const differences = answer?.differences ?? [];
  return (
    <figure className={classes['sizes']} aria-label="Nodes over time">
      <figcaption className={classes['legend']}>
        <span><i className={classes['keyActive']} aria-hidden="true" />active</span>
        <span><i className={classes['keyEdited']} aria-hidden="true" />this form</span>
        <span className={classes['differs']}>{answer === null ? ' ' : differences.length === 0 ? `at most ${plural(top, 'node')}, the same size all along` : `at most ${plural(top, 'node')} · ▾ ${plural(differences.length, 'stretch', 'stretches')} with another size`}</span>
      </figcaption>
      <div className={classes['plot']} role="img" aria-label={answer === null ? 'Nothing tried out yet' : spoken(answer, (atMs) => formatDateTime(atMs, zone))}>
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          {differences.slice(-MARKS_MAX).map(({ fromMs, toMs }) => <rect key={fromMs} x={x(fromMs)} width={Math.max(0.3, x(toMs) - x(fromMs))} y="0" height="100" className={classes['differing']} />)}
          <path d={pathOf(active, x, top)} className={classes['active']} />
          <path d={pathOf(edited, x, top)} className={classes['edited']} />
        </svg>
        {differences.slice(-MARKS_MAX).map(({ fromMs }) => <span key={fromMs} className={classes['mark']} style={{ left: `${x(fromMs)}%` }} aria-hidden="true">▾</span>)}
      </div>
      <div className={classes['ends']} aria-hidden="true" suppressHydrationWarning>
        <span>{answer === null ? ' ' : formatDateTime(answer.fromMs, zone).slice(0, 16)}</span><span>{answer === null ? '' : formatDateTime(answer.toMs, zone).slice(0, 16)}</span>
      </div>
    </figure>
  );
}

function pathOf(steps: readonly SizeStep[], x: (atMs: number) => number, top: number): string {
  return steps.map(({ atMs, nodes }, index) => `${index === 0 ? 'M' : 'L'}${x(atMs).toFixed(2)} ${(96 - (nodes / top) * 88).toFixed(2)}`).join(' ');
}

function spoken({ differences, active, edited }: BacktestAnswer, print: (atMs: number) => string): string {
  const changes = `Active: ${plural(active.moves, 'change')} of size. This form: ${plural(edited.moves, 'change')}.`;
  const [first] = differences;
  if (first === undefined) return `${changes} The size is the same all along.`;
  return `${changes} They differ in ${plural(differences.length, 'stretch', 'stretches')}, first at ${print(first.fromMs)}: ${first.activeNodes} against ${plural(first.editedNodes, 'node')}.`;
}
