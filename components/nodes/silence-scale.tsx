import { formatDuration } from '@/lib/client/format';
import type { NodeLiveness } from '@/lib/contract/health';
import classes from './liveness.module.css';

/** Beyond the last limit there is still a piece of scale. */
const BEYOND = 2;
/** Below this the scale is nearly linear, above it logarithmic: seconds and minutes both have room on it. */
const BEND_MS = 500;

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
  return (
    <div className={classes['scale']} role="img" aria-label={`Silent for ${formatDuration(quietMs)}; suspect after ${formatDuration(suspectAfterMs)}, unreachable after ${formatDuration(unreachableAfterMs)}, dead after ${formatDuration(deadAfterMs)}`}>
      <div className={classes['now']} data-flip={now > 60 || undefined} style={{ left: `${now}%` }}><span>silent {formatDuration(quietMs)}</span></div>
      <div className={classes['scaleBar']}>
        {limits.map(({ state, fromMs, toMs }) => <span key={state} className={classes['zone']} data-state={state} style={{ width: `${place(toMs) - place(fromMs)}%` }} />)}
      </div>
      {limits.slice(1).map(({ state, fromMs }) => <span key={state} className={classes['tick']} style={{ left: `${place(fromMs)}%` }}>{state}<br />{formatDuration(fromMs)}</span>)}
    </div>
  );
}
