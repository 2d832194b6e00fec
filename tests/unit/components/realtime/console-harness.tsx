import { MantineProvider } from '@mantine/core';
import { QueryClient } from '@tanstack/react-query';
import { createTanstackQueryUtils } from '@orpc/tanstack-query';
import { act, configure, render } from '@testing-library/react';
import { AppRouterContext } from 'next/dist/shared/lib/app-router-context.shared-runtime';
import { PathnameContext } from 'next/dist/shared/lib/hooks-client-context.shared-runtime';
import { NuqsTestingAdapter } from 'nuqs/adapters/testing';
import type { ReactNode } from 'react';
import { ClusterProvider } from '@/components/realtime/cluster-provider';
import { ConsoleProvider, type Console } from '@/components/realtime/live-provider';
import { ZoneProvider } from '@/components/ui/zone-provider';
import { createApiClient } from '@/lib/client/api-client';
import { LiveStore } from '@/lib/client/live-store';
import { createLiveSocket, type LiveSocket } from '@/lib/client/socket-client';
import type { FleetEntry, LiveDelta, LiveSnapshot, ServerToClientEvents } from '@/lib/contract/live';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { CLUSTER_ID, START_MS } from '@/tests/unit/client/live-fixtures';

// Waits end with what they wait for; a slow machine only needs longer. Whether each ancestor is
// hidden is asked of Mantine's whole style sheet, which takes most of a test's time.
configure({ asyncUtilTimeout: 15_000, defaultHidden: true });

/** A form of a dozen fields takes a busy machine seconds to mount. */
export const SLOW_MS = 60_000;

/** What the API answers, by "METHOD /path" without the query. A function sees the request's body, and may take its time. */
export type Answers = Readonly<Record<string, unknown>>;

export interface Request {
  readonly call: string;
  readonly url: URL;
  readonly key: string | null;
  readonly body: unknown;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Answers with a status other than 200. */
export class Answer {
  constructor(readonly status: number, readonly body: unknown) {}
}

/**
 * The real console over a socket that is never opened: messages are put in where
 * socket.io would hand them out. The API is answered from a table.
 */
export class Harness {
  readonly clock = new VirtualClock({ wallStartMs: START_MS });
  readonly requests: Request[] = [];
  /** Query strings that were written to the address. */
  readonly url: string[] = [];
  /** Addresses that were gone to. */
  readonly visited: string[] = [];
  readonly #socket: LiveSocket;
  readonly #console: Console;

  constructor(readonly answers: Answers = {}) {
    this.#socket = createLiveSocket('http://127.0.0.1:1');
    this.#socket.connect = () => this.#socket;
    const client = createApiClient({
      url: 'http://console.test/api/v1',
      nextKey: () => `key-${this.requests.length}`,
      fetch: (request) => this.#answer(request),
    });
    this.#console = {
      store: new LiveStore({ socket: this.#socket, clock: this.clock }),
      api: createTanstackQueryUtils(client),
      client,
      queryClient: new QueryClient({ defaultOptions: { queries: { retry: false, gcTime: Infinity }, mutations: { retry: false } } }),
    };
  }

  async render(children: ReactNode, search = '') {
    const result = render(
      <MantineProvider env="test">
        <AppRouterContext value={this.#router()}>
        <PathnameContext value={`/${CLUSTER_ID}/overview`}>
        <NuqsTestingAdapter searchParams={search} onUrlUpdate={(update) => this.url.push(update.queryString)} hasMemory>
          <ZoneProvider>
            <ConsoleProvider console={this.#console}>
              <ClusterProvider clusterId={CLUSTER_ID}>{children}</ClusterProvider>
            </ConsoleProvider>
          </ZoneProvider>
        </NuqsTestingAdapter>
        </PathnameContext>
        </AppRouterContext>
      </MantineProvider>,
    );
    await this.say('connect');
    await this.heartbeat();
    return result;
  }

  /** Something that socket.io tells. */
  async say(event: 'connect' | 'disconnect'): Promise<void> {
    await act(async () => {
      this.#socket.listeners(event).forEach((listener) => (listener as (reason: string) => void)('transport close'));
      await this.clock.advance(0);
    });
  }

  async snapshot(...messages: LiveSnapshot[]): Promise<void> {
    for (const message of messages) await this.#hear('snapshot', message);
  }

  async delta(message: LiveDelta): Promise<void> {
    await this.#hear('delta', message);
  }

  async heartbeat(): Promise<void> {
    await this.#hear('heartbeat', { sentAtMs: this.clock.wallMs() });
  }

  async gone(): Promise<void> {
    await this.#hear('gone', { clusterId: CLUSTER_ID, view: 'summary' });
  }

  async fleet(clusters: readonly FleetEntry[]): Promise<void> {
    await this.#hear('fleet', clusters);
  }

  /** Time passes with heartbeats, unless `silent`. */
  async pass(ms: number, options: { readonly silent?: boolean } = {}): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      if (options.silent !== true) await this.heartbeat();
      await act(() => this.clock.advance(Math.min(1_000, ms - passed)));
    }
  }

  #router() {
    const go = (address: string) => void this.visited.push(address);
    const nothing = () => undefined;
    return { push: go, replace: go, back: nothing, forward: nothing, refresh: nothing, prefetch: nothing, hmrRefresh: nothing, bfcacheId: '0', experimental_gesturePush: nothing };
  }

  async #hear<E extends keyof ServerToClientEvents>(event: E, ...args: Parameters<ServerToClientEvents[E]>): Promise<void> {
    await act(async () => {
      this.#socket.listeners(event).forEach((listener) => (listener as (...heard: typeof args) => void)(...args));
      await this.clock.advance(0);
    });
  }

  async #answer(request: globalThis.Request): Promise<Response> {
    const url = new URL(request.url);
    const call = `${request.method} ${url.pathname.replace('/api/v1', '')}`;
    const text = await request.text();
    const asked: Request = { call, url, key: request.headers.get('idempotency-key'), body: text === '' ? null : JSON.parse(text) as unknown, signal: request.signal };
    this.requests.push(asked);
    const prepared = this.answers[call];
    const answer = typeof prepared === 'function' ? await (prepared as (asked: Request) => unknown)(asked) : prepared;
    if (answer === undefined) throw new TypeError(`No answer prepared for ${call}`);
    const { status, body } = answer instanceof Answer ? answer : { status: 200, body: answer };
    return new Response(body === null ? null : JSON.stringify(body), {
      status,
      headers: { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' },
    });
  }
}
