'use client';

import { Anchor } from '@mantine/core';
import Link from 'next/link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, ProblemState } from '@/components/ui/states';
import { ToneIcon } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import type { ApiProblem } from '@/lib/client/api-problem';
import { severityWords } from '@/lib/client/status';
import type { DomainEvent } from '@/lib/contract/events';
import classes from './nodes.module.css';

const SHOWN_MAX = 12;

interface NodeEventsProps {
  readonly nodeId: string;
  /** Newest first; `null` while they are asked for. */
  readonly events: readonly DomainEvent[] | null;
  readonly problem: ApiProblem | null;
  readonly onRetry: () => void;
}

/** What happened to the node, newest first. */
export function NodeEvents({ nodeId, events, problem, onRetry }: NodeEventsProps) {
  const clusterId = useClusterId();
  const nowMs = useNow();
  return (
    <Panel title="What happened to it" actions={<Anchor component={Link} size="xs" href={`/${clusterId}/events?node=${encodeURIComponent(nodeId)}`}>All events of it</Anchor>}>
      {problem !== null && <ProblemState what="its events" problem={problem} onRetry={onRetry} />}
      {problem === null && events === null && <LoadingState what="its events" />}
      {events?.length === 0 && <EmptyState title="Nothing happened to it yet" />}
      {events !== null && events.length > 0 && (
        <ol className={classes.events}>
          {events.slice(0, SHOWN_MAX).map((event) => (
            <li key={event.id}>
              <TimeText atMs={event.atMs} nowMs={nowMs} />
              <span title={severityWords(event.severity).label}>
                {event.severity !== 'info' && <><ToneIcon tone={severityWords(event.severity).tone} /><span className="ps-visually-hidden">{severityWords(event.severity).label}: </span> </>}
                {event.message} <span style={{ color: 'var(--mantine-color-dimmed)' }}>by {event.actor.name}</span>
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
