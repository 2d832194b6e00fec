'use client';

import { UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useZone } from '@/components/ui/zone-provider';
import { StatusBadge, ToneIcon } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import type { EventFilter } from '@/lib/client/event-query';
import { formatDate, zoneLabel } from '@/lib/client/format-time';
import { severityWords } from '@/lib/client/status';
import type { DomainEvent } from '@/lib/contract/events';
import { EventDetails } from './event-details';
import classes from './events.module.css';

export interface EventTimelineProps {
  /** Newest first. */
  readonly events: readonly DomainEvent[];
  readonly selected: string | null;
  readonly onSelect: (eventId: string | null) => void;
  readonly onFilter: (change: Partial<EventFilter>) => void;
}

/** The log by days. News are put on top; what is opened stays opened, and the browser keeps the place that is read. */
export function EventTimeline({ events, selected, onSelect, onFilter }: EventTimelineProps) {
  const { zone } = useZone();
  const days: { readonly date: string; readonly events: DomainEvent[] }[] = [];
  for (const event of events) {
    const date = formatDate(event.atMs, zone);
    const day = days.at(-1);
    if (day?.date === date) day.events.push(event);
    else days.push({ date, events: [event] });
  }
  return (
    <div className={classes['timeline']}>
      {days.map((day) => (
        <section key={day.date} aria-label={day.date}>
          <h2 className={classes['day']}>{day.date} <span className={classes['zone']}>{zoneLabel(day.events[0]?.atMs ?? 0, zone)}</span></h2>
          <ol className={classes['list']}>
            {day.events.map((event) => (
              <EventRow key={event.id} event={event} opened={event.id === selected} onToggle={() => onSelect(event.id === selected ? null : event.id)} onFilter={onFilter} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

interface EventRowProps {
  readonly event: DomainEvent;
  readonly opened: boolean;
  readonly onToggle: () => void;
  readonly onFilter: (change: Partial<EventFilter>) => void;
}

function EventRow({ event, opened, onToggle, onFilter }: EventRowProps) {
  const words = severityWords(event.severity);
  const detailsId = `event-${event.id}`;
  return (
    <li className={classes['event']} data-opened={opened || undefined}>
      <UnstyledButton className={classes['eventHead']} onClick={onToggle} aria-expanded={opened} aria-controls={opened ? detailsId : undefined}>
        <IconChevronRight size={14} className={classes['chevron']} aria-hidden />
        <span className={classes['time']}><TimeText atMs={event.atMs} format="time-of-day" /></span>
        {event.severity === 'info'
          ? <span className={classes['severity']}><ToneIcon tone="neutral" /><span className="ps-visually-hidden">Info</span></span>
          : <span className={classes['severity']}><StatusBadge status={words} variant="plain" /></span>}
        <span className={classes['message']}>{event.message}</span>
        <span className={classes['meta']}>{event.type} · {event.actor.name}</span>
      </UnstyledButton>
      {opened && <div id={detailsId}><EventDetails event={event} onFilter={onFilter} /></div>}
    </li>
  );
}
