import type { RedisConnection } from '@/lib/contract/connection';
import type { Clock } from '@/lib/platform/clock';
import type { Outbound } from '@/lib/platform/outbound';
import { formatEndpoint, type Endpoint } from './endpoints';
import { NodeClient } from './node-client';

/**
 * What a connection is for. Redis answers the commands of one connection in order, so
 * a MIGRATE of seconds on a shared one would make its node look dead and hold up the
 * hand-over of other slots.
 */
export type Lane = 'observe' | 'control' | 'migrate' | 'sample';

/** At most one connection per node and lane, opened when first used. */
export class Connections {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;
  readonly #outbound: Outbound;
  readonly #clients = new Map<string, NodeClient>();

  constructor(options: { connection: RedisConnection; clock: Clock; outbound: Outbound }) {
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#outbound = options.outbound;
  }

  client(endpoint: Endpoint, lane: Lane): NodeClient {
    const key = `${lane} ${formatEndpoint(endpoint)}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const client = this.fresh(endpoint);
    this.#clients.set(key, client);
    return client;
  }

  /** A connection outside the pool; the caller closes it. */
  fresh(endpoint: Endpoint): NodeClient {
    return new NodeClient({ endpoint, credentials: this.#connection, clock: this.#clock, outbound: this.#outbound });
  }

  /** Closes what belongs to none of these endpoints: nodes that left or changed their address. */
  keepOnly(endpoints: readonly Endpoint[]): void {
    const kept = new Set(endpoints.map(formatEndpoint));
    for (const [key, client] of this.#clients) {
      if (kept.has(key.slice(key.indexOf(' ') + 1))) continue;
      client.close();
      this.#clients.delete(key);
    }
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}
