/**
 * A client of reference nodes: knows the routing, goes straight to the primary of a key, and
 * follows where a node says that the shard has moved. With a choice it knows nothing of shards
 * and spreads its requests over all nodes, as a load balancer in front of them does.
 */
import { EndpointChooser, type Choice } from '@/lib/core/routing/endpoint-chooser';
import { sleep, type Clock } from '@/lib/platform/clock';
import type { Random } from '@/lib/platform/random';
import { HttpClient, type HttpAnswer } from '../http-client';
import { RoutingWatch } from './routing-watch';

const HOPS_MAX = 8;
const REQUEST_TIMEOUT_MS = 5_000;
const RETRY_MS = 25;

export interface ReferenceClientOptions {
  readonly managerUrl: string;
  readonly clusterId: string;
  readonly clock: Clock;
  readonly random: Random;
  /** direct: to the primary of the key. Otherwise to any node, by that rule. */
  readonly route: 'direct' | Choice;
  /** How long a request is tried again while nobody takes it. */
  readonly patienceMs: number;
}

export type ClientAnswer =
  | { readonly ok: true; readonly value: Buffer | null; readonly hops: number }
  | { readonly ok: false; readonly reason: string };

export class ReferenceClient {
  readonly #http = new HttpClient();
  readonly #watch: RoutingWatch;
  readonly #chooser: EndpointChooser;

  constructor(private readonly options: ReferenceClientOptions) {
    const { random, route } = options;
    this.#watch = new RoutingWatch(options);
    this.#chooser = new EndpointChooser({ choice: route === 'direct' ? 'round-robin' : route, random });
  }

  async ready(): Promise<void> {
    await this.#watch.ready();
  }

  /** The value, or null when there is no such key. */
  get(key: string): Promise<ClientAnswer> {
    return this.#send(key, { method: 'GET' });
  }

  put(key: string, value: string | Buffer): Promise<ClientAnswer> {
    return this.#send(key, { method: 'PUT', body: value });
  }

  async close(): Promise<void> {
    await this.#watch.close();
    this.#http.close();
  }

  async #send(key: string, request: { readonly method: 'GET' | 'PUT'; readonly body?: string | Buffer }): Promise<ClientAnswer> {
    const { clock, patienceMs } = this.options;
    const deadlineMs = clock.monotonicMs() + patienceMs;
    let reason = 'No node is ready';
    for (;;) {
      const known = this.options.route === 'direct' ? this.#watch.primaryOf(key) : null;
      const chosen = known ?? this.#chooser.choose(this.#watch.endpoints);
      if (chosen !== null) {
        const answer = await this.#follow(`http://${chosen.address}/v1/keys/${encodeURIComponent(key)}`, request);
        if (known === null) this.#chooser.finished(chosen.nodeId);
        if (answer.ok) return answer;
        reason = answer.reason;
      }
      if (clock.monotonicMs() >= deadlineMs) return { ok: false, reason };
      await sleep(clock, RETRY_MS);
    }
  }

  async #follow(firstUrl: string, request: { readonly method: 'GET' | 'PUT'; readonly body?: string | Buffer }): Promise<ClientAnswer> {
    let url = firstUrl;
    for (let hops = 0; hops < HOPS_MAX; hops += 1) {
      let answer: HttpAnswer;
      try {
        answer = await this.#http.send({ ...request, url, timeoutMs: REQUEST_TIMEOUT_MS });
      } catch (error) {
        return { ok: false, reason: error instanceof Error ? error.message : String(error) };
      }
      if (answer.status === 200) return { ok: true, value: request.method === 'GET' ? answer.body : null, hops };
      const { location } = answer.headers;
      if (answer.status === 404 && answer.body.toString().includes('"no-such-key"')) return { ok: true, value: null, hops };
      if (answer.status !== 307 || location === undefined) return { ok: false, reason: `${answer.status} ${answer.body.toString().slice(0, 200)}` };
      url = location;
    }
    return { ok: false, reason: `More than ${HOPS_MAX} redirects` };
  }
}
