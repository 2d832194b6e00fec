'use client';

import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { freshnessOf, writeAllowed, type Freshness, type FreshnessInput, type WriteAllowed } from '@/lib/client/freshness';
import type { LiveState } from '@/lib/client/live-state';
import { ShownSelection, shallowEqual, stableSelection } from '@/lib/client/selection';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { LiveView } from '@/lib/contract/live';
import { useClusterStore } from './cluster-provider';
import { useConsole } from './live-provider';

/**
 * A part of the cluster's live state. Renders again only when the selection changed by
 * `isEqual` (shallow by default), and hands out the same object until then, whether the
 * selector is written inline or not.
 */
export function useCluster<T>(selector: (state: LiveState) => T, isEqual: (a: T, b: T) => boolean = shallowEqual): T {
  const store = useClusterStore();
  const [shown] = useState(() => new ShownSelection<T>());
  const getSelection = useMemo(
    () => stableSelection({ getSource: store.getState, select: selector, isEqual, previous: shown.previous }),
    [store, selector, isEqual, shown],
  );
  const value = useSyncExternalStore(store.subscribe, getSelection, getSelection);
  useEffect(() => {
    shown.keep(value);
  }, [shown, value]);
  return value;
}

const summaryOf = (state: LiveState) => state.summary;

/**
 * The summary of the cluster. For the screens: the shell shows them only once there is a
 * summary, and it stays while the connection is lost.
 */
export function useSummary(): ClusterSummary {
  const summary = useCluster(summaryOf);
  if (summary === null) throw new Error('Used outside of the shell, which waits for the summary');
  return summary;
}

/** Keeps a view of the cluster fresh while the component is mounted. */
export function useLiveView(view: LiveView): void {
  const { store } = useConsole();
  const { clusterId } = useClusterStore();
  useEffect(() => store.acquire({ clusterId, view }), [store, clusterId, view]);
}

/** How old the picture is, and whether it may still be called fresh. Moves once a second with the age. */
export function useFreshness(): Freshness {
  return useFreshnessOf(freshnessOf);
}

/** May an action be started from this picture? With the reason when not. */
export function useWriteAllowed(): WriteAllowed {
  return useFreshnessOf(writeAllowed);
}

/** Follows the cluster, the connection and the time, and renders only when what is made of them changed. */
function useFreshnessOf<T>(make: (input: FreshnessInput) => T): T {
  const { store } = useConsole();
  const cluster = useClusterStore();
  const subscribe = useCallback((listener: () => void) => {
    const stops = [cluster.subscribe(listener), store.subscribeFleet(listener), store.subscribeTick(listener)];
    return () => {
      for (const stop of stops) stop();
    };
  }, [cluster, store]);
  const getValue = useMemo(() => stableSelection<T, T>({
    getSource: () => make({ state: cluster.getState(), connection: store.getFleet().connection, serverNowMs: store.getNowMs() }),
    select: (made) => made,
    isEqual: shallowEqual,
    previous: () => null,
  }), [cluster, store, make]);
  return useSyncExternalStore(subscribe, getValue, getValue);
}
