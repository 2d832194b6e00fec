'use client';

import Link from 'next/link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState } from '@/components/ui/states';
import { ToneIcon } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { severityWords } from '@/lib/client/status';
import classes from './overview.module.css';

const SHOWN_MAX = 8;

/** The newest events as they happen. */
export function RecentEventsPanel() {
  const clusterId = useClusterId();
  const nowMs = useNow();
  const events = useCluster((state) => state.events?.slice(0, SHOWN_MAX) ?? null);
  return (
    <Panel title="Last events" flush actions={<Link href={`/${clusterId}/events`} className={classes['dim']}>All events</Link>}>
      {events === null && <LoadingState what="events" />}
      {events?.length === 0 && <EmptyState title="Nothing has happened yet" />}
      {events !== null && events.length > 0 && (
        <ol className={classes['rows']} reversed>
          {events.map((event) => (
            <li key={event.id} className={classes['row']}>
              <span title={severityWords(event.severity).label}><ToneIcon tone={severityWords(event.severity).tone} /></span>
              <span className={classes['message']}>{event.message} <span className={classes['dim']}>{event.actor.name}</span></span>
              <span className={classes['dim']}><TimeText atMs={event.atMs} nowMs={nowMs} /></span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
