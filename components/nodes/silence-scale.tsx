import { formatDuration } from '@/lib/client/format';
import type { NodeLiveness } from '@/lib/contract/health';
import classes from './liveness.module.css';

/** Beyond the last limit there is still a piece of scale. */
const BEYOND = 2;
/** Below this the scale is nearly linear, above it logarithmic: seconds and minutes both have room on it. */
const BEND_MS = 500;
/** So far apart are the middles of two labels at least, in percent: no nearer even on a phone. */
const LABELS_APART = 20;

/** How long the node has been silent against the limits that make it suspect, unreachable and dead. */
export function SilenceScale({ facts: { quietMs, timeouts } }: { readonly facts: NodeLiveness }) {
  const { suspectAfterMs, unreachableAfterMs, deadAfterMs } = timeouts;
  const endMs = deadAfterMs * BEYOND;
  const place = (ms: number) => (Math.log1p(Math.min(ms, endMs) / BEND_MS) / Math.log1p(endMs / BEND_MS)) * 100;
  const limits = [
    { state: 'alive', fromMs: 0, toMs: suspectAfterMs },
    { state: 'suspect', fromMs: suspectAfterMs, toMs: unreachableAfterMs },
    { state: 'unreachable', fromMs: unreachableAfterMs, toMs: deadAfterMs },
    { state: 'dead', fromMs: deadAfterMs, toMs: endMs },
  ];
  const now = place(quietMs);
  const labels = labelPlaces(limits.slice(1).map(({ fromMs }) => place(fromMs)));
  return (
    <div className={classes['scale']} role="img" aria-label={`Silent for ${formatDuration(quietMs)}; suspect after ${formatDuration(suspectAfterMs)}, unreachable after ${formatDuration(unreachableAfterMs)}, dead after ${formatDuration(deadAfterMs)}`}>
      <div className={classes['now']} data-flip={now > 60 || undefined} style={{ left: `${now}%` }}><span>silent {formatDuration(quietMs)}</span></div>
      <div className={classes['scaleBar']}>
        {limits.map(({ state, fromMs, toMs }) => <span key={state} className={classes['zone']} data-state={state} style={{ width: `${place(toMs) - place(fromMs)}%` }} />)}
      </div>
      {limits.slice(1).map(({ state, fromMs }, index) => (
        <span key={state} className={classes['tick']} data-shifted={labels[index] !== place(fromMs) || undefined} style={{ left: `${labels[index]}%` }}>{state}<br />{formatDuration(fromMs)}</span>
      ))}
    </div>
  );
}

/** Where limits lie close together their labels give way to the right, each still under its own piece of the scale or beside it. */
export function labelPlaces(places: readonly number[]): number[] {
  const shifted: number[] = [];
  for (const place of places) shifted.push(Math.max(place, (shifted.at(-1) ?? -LABELS_APART) + LABELS_APART));
  return shifted;
}
