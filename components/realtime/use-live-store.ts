'use client';

import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { connectionWords, type ConnectionState } from '@/lib/client/connection-state';
import { formatTimeOfDay } from '@/lib/client/format-time';
import type { FleetState } from '@/lib/client/live-store';
import { useConsole } from './live-provider';

const onServer = (): number => 0;

/** All clusters with their health, and the state of the connection. */
export function useFleet(): FleetState {
  const { store } = useConsole();
  return useSyncExternalStore(store.subscribeFleet, store.getFleet, store.getFleet);
}

/** The server's wall clock, moving once a second; 0 while the page is rendered on the server. */
export function useNow(): number {
  const { store } = useConsole();
  return useSyncExternalStore(store.subscribeTick, store.getNowMs, onServer);
}

/** The same, moving only every `stepMs`: for the ends of queried windows. 0 while rendered on the server. */
export function useRoundedNow(stepMs: number): number {
  const { store } = useConsole();
  const rounded = useCallback(() => Math.floor(store.getNowMs() / stepMs) * stepMs, [store, stepMs]);
  return useSyncExternalStore(store.subscribeTick, rounded, onServer);
}

export interface Connection {
  readonly state: ConnectionState;
  /** "Live", "Delayed 4 s", "Reconnecting (attempt 3)", "Offline since 03:12:09". */
  readonly words: string;
}

/** The state of the live connection in a machine's and in people's terms. */
export function useConnection(): Connection {
  const { store } = useConsole();
  const state = useFleet().connection;
  const nowMs = useNow();
  // `nowMs` is what makes the seconds of "Delayed" move.
  return useMemo(() => ({
    state,
    words: connectionWords(state, nowMs === 0 ? 0 : store.monotonicMs(), (lostMs) => formatTimeOfDay(store.wallMsOf(lostMs), 'viewer')),
  }), [state, nowMs, store]);
}
