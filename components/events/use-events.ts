'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { apiFilterOf, matchesFilter, mergeEvents, type EventFilter } from '@/lib/client/event-query';
import type { DomainEvent } from '@/lib/contract/events';

const PAGE_SIZE = 100;

/**
 * The filtered log, newest first: history by pages, what happens since from the live
 * store. While `following` is off, what happens is counted and not shown.
 */
export function useEvents(filter: EventFilter, following: boolean) {
  const clusterId = useClusterId();
  const api = useApi();
  const live = useCluster((state) => state.events);
  const history = useInfiniteQuery({
    ...api.events.list.infiniteOptions({
      input: (cursor: string | undefined) => ({ clusterId, limit: PAGE_SIZE, ...apiFilterOf(filter), ...(cursor !== undefined && { cursor }) }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.nextCursor ?? undefined,
      // A key of its own: news are pushed, so an event need not load every page again.
      queryKey: ['event-history', clusterId, filter],
    }),
    staleTime: Infinity,
  });
  const [heldAt, setHeldAt] = useState<number | null>(null);
  const loaded = useMemo(() => history.data?.pages.flatMap((page) => page.events) ?? [], [history.data]);
  const matching = useMemo(() => live?.filter((event) => matchesFilter(event, filter)) ?? [], [live, filter]);
  const merged = useMemo(() => mergeEvents(matching, loaded), [matching, loaded]);
  useReloadAfterHole(live, history.refetch);

  // What was newest when following ended is the newest that is shown until it goes on.
  const newest = merged[0]?.sequence ?? 0;
  if (!following && heldAt === null && history.isSuccess) setHeldAt(newest);
  if (following && heldAt !== null) setHeldAt(null);
  const shown = heldAt === null ? merged : merged.filter((event) => event.sequence <= heldAt);
  return { history, events: shown, heldBack: merged.length - shown.length };
}

/** The live store keeps the newest 200: when all of them are news, some in between were never seen. */
function useReloadAfterHole(live: readonly DomainEvent[] | null, reload: () => unknown): void {
  const seenUpTo = useRef<number | null>(null);
  useEffect(() => {
    if (live === null) return;
    const oldest = live.at(-1)?.sequence ?? 0;
    if (seenUpTo.current !== null && oldest > seenUpTo.current + 1) reload();
    seenUpTo.current = live[0]?.sequence ?? 0;
  }, [live, reload]);
}
