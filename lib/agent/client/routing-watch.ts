import { RoutingSchema, type Endpoint, type Routing } from '@/lib/contract/routing';
import { createKeyLookup, type KeyLookup } from '@/lib/core/routing/key-lookup';
import { sleep, type Clock } from '@/lib/platform/clock';
import { HttpClient } from '../http-client';

const POLL_MS = 20_000;
const ANSWER_MS_MAX = POLL_MS + 5_000;
const RETRY_MS = 500;

/** The routing of one cluster, kept current by a long poll. While the manager is away the last one stands. */
export class RoutingWatch {
  readonly #http = new HttpClient();
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;
  #routing: Routing | null = null;
  #lookup: KeyLookup | null = null;
  #primaries: Int32Array = new Int32Array(0);
  #arrived: (() => void) | null = null;

  constructor(private readonly options: { readonly managerUrl: string; readonly clusterId: string; readonly clock: Clock }) {
    this.#loop = this.#watch();
  }

  get endpoints(): readonly Endpoint[] {
    return this.#routing?.endpoints ?? [];
  }

  /** Resolves when there is a routing. */
  async ready(): Promise<void> {
    if (this.#routing === null) await new Promise<void>((resolve) => { this.#arrived = resolve; });
  }

  /** The primary of a key's shard, as far as it is known. */
  primaryOf(key: string): Endpoint | null {
    const shardId = this.#lookup?.(key);
    return shardId === undefined ? null : this.endpoints[this.#primaries[shardId] ?? -1] ?? null;
  }

  async close(): Promise<void> {
    this.#stopping.abort(new Error('The watch is closing'));
    await this.#loop;
    this.#http.close();
  }

  async #watch(): Promise<void> {
    const { managerUrl, clusterId, clock } = this.options;
    const { signal } = this.#stopping;
    while (!this.#isStopping()) {
      const known = this.#routing?.revision;
      try {
        const answer = await this.#http.send({
          method: 'GET', url: `${managerUrl}/api/v1/clusters/${clusterId}/routing?waitMs=${known === undefined ? 0 : POLL_MS}`, timeoutMs: ANSWER_MS_MAX, signal,
          headers: known === undefined ? {} : { 'if-none-match': `"${known}"` },
        });
        if (answer.status === 200) this.#take(RoutingSchema.parse(JSON.parse(answer.body.toString())));
        else if (answer.status !== 304) await sleep(clock, RETRY_MS, signal);
      } catch {
        // The manager is away, or this watch is closing: the routing that is known stands, and it is asked again.
        if (!this.#isStopping()) await sleep(clock, RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  #take(routing: Routing): void {
    this.#routing = routing;
    this.#lookup = createKeyLookup(routing.sharding);
    const primaries = new Int32Array(routing.shardCount).fill(-1);
    for (const [first, last, primary] of routing.runs ?? []) primaries.fill(primary!, first, last! + 1);
    this.#primaries = primaries;
    this.#arrived?.();
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}
