'use client';

import { useConnection } from '@/components/realtime/use-live-store';
import type { ConnectionState } from '@/lib/client/connection-state';
import classes from './connection-dot.module.css';

const EXPLAINED: Record<ConnectionState['status'], string> = {
  connecting: 'Connecting to the server',
  live: 'Connected; changes arrive as they happen',
  delayed: 'Connected, but the server has sent nothing for more than two seconds',
  reconnecting: 'The connection was lost; trying again. The last picture stays',
  offline: 'No connection; trying again every few seconds. The last picture stays',
};

/** The state of the connection: a dot whose shape differs too, and its words. */
export function ConnectionDot() {
  const { state, words } = useConnection();
  return (
    <span className={classes['connection']} data-status={state.status} title={EXPLAINED[state.status]}>
      <span className={classes['dot']} aria-hidden />
      {/* Only the state is announced; the seconds of a delay would never end. */}
      <span role="status" className={classes['spoken']}>{state.status === 'live' ? 'Live' : state.status}</span>
      <span className={classes['words']} aria-hidden>{words}</span>
    </span>
  );
}
