'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { createTanstackQueryUtils } from '@orpc/tanstack-query';
import { createApiClient, type ApiClient } from '@/lib/client/api-client';
import { toApiProblem } from '@/lib/client/api-problem';
import { LiveStore } from '@/lib/client/live-store';
import { createLiveSocket } from '@/lib/client/socket-client';
import { systemClock } from '@/lib/platform/system-clock';

/** Tries after the first when no answer came; an answered refusal is never repeated. */
const RETRIES_MAX = 2;

function createConsole(origin: string) {
  const client: ApiClient = createApiClient({
    url: `${origin}/api/v1`,
    fetch: (request, init) => fetch(request, init),
    nextKey: newKey,
  });
  const retry = (failures: number, error: unknown) => toApiProblem(error).lost && failures < RETRIES_MAX;
  return {
    store: new LiveStore({ socket: createLiveSocket(origin), clock: systemClock }),
    api: createTanstackQueryUtils(client),
    client,
    queryClient: new QueryClient({
      defaultOptions: {
        queries: { retry, staleTime: 5_000, refetchOnWindowFocus: false },
        // The same call gets the same Idempotency-Key until it is answered, so a retry is safe.
        mutations: { retry },
      },
    }),
  };
}

/** crypto.randomUUID exists only in secure contexts, and a console on http://10.0.0.5 is not one. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export type Console = ReturnType<typeof createConsole>;

const ConsoleContext = createContext<Console | null>(null);

/** One live connection, one API client and one query cache for the page. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  // While the page is rendered on the server nothing connects: effects do not run there.
  const [console] = useState(() => createConsole(typeof window === 'undefined' ? 'http://localhost' : window.location.origin));
  return <ConsoleProvider console={console}>{children}</ConsoleProvider>;
}

/** The same with a console that is given, for tests. */
export function ConsoleProvider({ console, children }: { readonly console: Console; readonly children: ReactNode }) {
  const { store, queryClient } = console;
  useEffect(() => {
    const stop = store.start();
    const onOffline = () => store.deviceOffline();
    const onOnline = () => store.deviceOnline();
    window.addEventListener('offline', onOffline);
    window.addEventListener('online', onOnline);
    return () => {
      window.removeEventListener('offline', onOffline);
      window.removeEventListener('online', onOnline);
      stop();
    };
  }, [store]);
  return (
    <ConsoleContext value={console}>
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </ConsoleContext>
  );
}

export function useConsole(): Console {
  const console = useContext(ConsoleContext);
  if (console === null) throw new Error('Used outside of LiveProvider');
  return console;
}

/** Query options, mutation options and keys of every API procedure: `useQuery(useApi().nodes.list.queryOptions({ input }))`. */
export function useApi(): Console['api'] {
  return useConsole().api;
}
