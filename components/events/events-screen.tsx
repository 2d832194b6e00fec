'use client';

import { Button, Group, Switch } from '@mantine/core';
import { parseAsBoolean, parseAsString, useQueryState } from 'nuqs';
import { useLiveView } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, NoMatchState, ProblemState } from '@/components/ui/states';
import { toApiProblem } from '@/lib/client/api-problem';
import { isFiltered } from '@/lib/client/event-query';
import { plural } from '@/lib/client/format';
import { EventExport } from './event-export';
import { EventFilters } from './event-filters';
import { EventTimeline } from './event-timeline';
import { useEventFilter } from './use-event-filter';
import { useEvents } from './use-events';
import classes from './events.module.css';

/** What happened, who did it, and to what. */
export function EventsScreen() {
  // Names of nodes, for the filter and the links.
  useLiveView('nodes');
  const { filter, setFilter, clear } = useEventFilter();
  const [following, setFollowing] = useQueryState('follow', parseAsBoolean.withDefault(true));
  const [selected, setSelected] = useQueryState('event', parseAsString);
  const { history, events, heldBack } = useEvents(filter, following);
  return (
    <>
      <h1 className={classes['heading']}>Events</h1>
      <Panel
        flush
        title={<Switch size="xs" label="Show new events as they happen" checked={following} onChange={(change) => void setFollowing(change.currentTarget.checked)} />}
        actions={<EventExport filter={filter} />}
      >
        <EventFilters filter={filter} onChange={setFilter} onClear={clear} />
        {heldBack > 0 && (
          <div className={classes['held']} role="status">
            <Button variant="light" fullWidth radius={0} onClick={() => void setFollowing(true)}>{plural(heldBack, 'new event')}: show</Button>
          </div>
        )}
        {history.isPending && <LoadingState what="events" />}
        {history.isError && events.length === 0 && <ProblemState what="events" problem={toApiProblem(history.error)} onRetry={() => void history.refetch()} />}
        {history.isSuccess && events.length === 0 && (isFiltered(filter)
          ? <NoMatchState what="events" onClear={clear} />
          : <EmptyState title="Nothing has happened yet">Every change, decision and refusal will be listed here.</EmptyState>)}
        {events.length > 0 && <EventTimeline events={events} selected={selected} onSelect={(id) => void setSelected(id)} onFilter={setFilter} />}
        {history.hasNextPage && (
          <Group justify="center" p="sm">
            <Button variant="default" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>Load older events</Button>
          </Group>
        )}
      </Panel>
    </>
  );
}
