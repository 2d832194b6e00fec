'use client';

import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, type ReactNode } from 'react';
import type { ClusterStore } from '@/lib/client/cluster-store';
import { areasTouchedBy, type ApiArea } from '@/lib/client/query-areas';
import { useConsole } from './live-provider';
import { useFleet } from './use-live-store';

const ClusterContext = createContext<ClusterStore | null>(null);

/**
 * The cluster of everything below it. Keeps its summary and events fresh, and lets pushed
 * events make old answers be asked for again, so that no page polls.
 */
export function ClusterProvider({ clusterId, children }: { readonly clusterId: string; readonly children: ReactNode }) {
  const { store } = useConsole();
  const cluster = useMemo(() => store.cluster(clusterId), [store, clusterId]);
  useEffect(() => {
    const releases = (['summary', 'events'] as const).map((view) => store.acquire({ clusterId, view }));
    return () => {
      for (const release of releases) release();
    };
  }, [store, clusterId]);
  useInvalidation(cluster);
  return <ClusterContext value={cluster}>{children}</ClusterContext>;
}

export function useClusterStore(): ClusterStore {
  const cluster = useContext(ClusterContext);
  if (cluster === null) throw new Error('Used outside of ClusterProvider');
  return cluster;
}

/** The id in the address of the page. */
export function useClusterId(): string {
  return useClusterStore().clusterId;
}

function useInvalidation(cluster: ClusterStore): void {
  const { api } = useConsole();
  const queries = useQueryClient();
  const { connectionCount } = useFleet();
  useEffect(() => {
    const invalidate = (area: ApiArea) => void queries.invalidateQueries({ queryKey: api[area].key() });
    // What happened before the page was opened is in the answers already.
    let sequence = cluster.getState().events?.[0]?.sequence ?? null;
    return cluster.subscribe(() => {
      const { events } = cluster.getState();
      const newest = events?.[0]?.sequence;
      if (events === null || newest === undefined || newest === sequence) return;
      const since = sequence;
      sequence = newest;
      if (since !== null) areasTouchedBy(events.filter((event) => event.sequence > since)).forEach(invalidate);
    });
  }, [cluster, api, queries]);
  useEffect(() => {
    // Events may have been missed between two connections, so every answer is in doubt.
    if (connectionCount > 1) void queries.invalidateQueries();
  }, [connectionCount, queries]);
}
