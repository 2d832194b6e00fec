'use client';

import { Button, Menu } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconDownload } from '@tabler/icons-react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useConsole } from '@/components/realtime/live-provider';
import { ApiCall } from '@/components/ui/api-call';
import { toApiProblem } from '@/lib/client/api-problem';
import { apiFilterOf, type EventFilter } from '@/lib/client/event-query';
import { saveFile, toCsv } from '@/lib/client/export-file';
import { plural } from '@/lib/client/format';
import type { DomainEvent } from '@/lib/contract/events';
import classes from './events.module.css';

const PAGE_SIZE = 1_000;
/** An export is for people and their spreadsheets; the API has all of it. */
const EXPORT_MAX = 10_000;
const COLUMNS = ['sequence', 'at', 'severity', 'type', 'message', 'actor', 'actorKind', 'nodeId', 'shardId', 'planId', 'operationId', 'data'] as const;

type Format = 'csv' | 'json';

/** The filtered log as a file, and as the API call that gives the same. */
export function EventExport({ filter }: { readonly filter: EventFilter }) {
  const clusterId = useClusterId();
  const { client } = useConsole();
  const mutation = useMutation({
    mutationFn: async (format: Format) => {
      const events: DomainEvent[] = [];
      let cursor: string | null = null;
      do {
        const page: { events: DomainEvent[]; nextCursor: string | null } = await client.events.list({ clusterId, limit: PAGE_SIZE, ...apiFilterOf(filter), ...(cursor !== null && { cursor }) });
        events.push(...page.events);
        cursor = page.nextCursor;
      } while (cursor !== null && events.length < EXPORT_MAX);
      saveFile({ name: `events-${clusterId}.${format}`, ...contentOf(events, format) });
      return { count: events.length, complete: cursor === null };
    },
  });
  return (
    <>
      <span role="status" className={classes['exported']}>
        {mutation.isSuccess && `${plural(mutation.data.count, 'event')} exported${mutation.data.complete ? '' : '; older ones are left out'}`}
        {mutation.isError && `Export failed: ${toApiProblem(mutation.error).detail}`}
      </span>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDownload size={14} aria-hidden />} loading={mutation.isPending}>Export</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => mutation.mutate('csv')}>As CSV, as filtered</Menu.Item>
          <Menu.Item onClick={() => mutation.mutate('json')}>As JSON, as filtered</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ApiCall method="GET" path={`/clusters/${clusterId}/events${queryOf(filter)}`} />
    </>
  );
}

function contentOf(events: readonly DomainEvent[], format: Format) {
  if (format === 'json') return { type: 'application/json', text: JSON.stringify(events, null, 2) } as const;
  const rows = events.map((event) => ({
    ...event, at: new Date(event.atMs).toISOString(), actor: event.actor.name, actorKind: event.actor.kind, data: JSON.stringify(event.data),
  }));
  return { type: 'text/csv', text: toCsv(rows, COLUMNS) } as const;
}

function queryOf(filter: EventFilter): string {
  const { type = [], ...rest } = apiFilterOf(filter);
  const query = new URLSearchParams([...type.map((one, index) => [`type[${index}]`, one] as [string, string]), ...Object.entries(rest)]).toString();
  return query === '' ? '' : `?${query}`;
}
