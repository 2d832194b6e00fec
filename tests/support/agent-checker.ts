import { HttpClient, type HttpAnswer } from '@/lib/agent/http-client';
import type { AgentProcess } from '../../scripts/agents/agent-process';

/** Whoever has nodes. */
interface Nodes { readonly nodes: readonly AgentProcess[] }

const REDIRECTS_MAX = 8;
const RETRY_MS = 20;

export interface AgentCheckerReport {
  readonly acknowledged: number;
  /** Acknowledged writes that cannot be read afterwards. */
  readonly lost: number;
  /** Writes that are there under another number than the one acknowledged: they took effect twice. */
  readonly duplicated: number;
  /** Requests that failed although redirects were followed and "try again" was obeyed. */
  readonly clientErrors: number;
  readonly errors: readonly string[];
  readonly longestMs: number;
}

type KeyRequest = { readonly method: 'GET' | 'PUT'; readonly body?: string };

interface Written { readonly value: string; readonly version: number }

/**
 * Writes with a memory: each key has one writer, which reads its own writes back now and
 * then, and all of them at the end. A write whose answer was lost may or may not have
 * happened; both are accepted for it until the next acknowledged write of the key.
 */
export class AgentChecker {
  readonly #acknowledged = new Map<string, Written>();
  /** Values that may be there although nobody said so. */
  readonly #inDoubt = new Map<string, Set<string>>();
  readonly #errors: string[] = [];
  readonly #done: Promise<unknown>;
  readonly #http = new HttpClient();
  #stopped = false;
  #count = 0;
  #duplicated = 0;
  #lost = 0;
  #longestMs = 0;

  constructor(private readonly cluster: Nodes, private readonly options: { readonly workers?: number; readonly keysPerWorker?: number; /** How long a request is tried again before it is an error. */ readonly patienceMs?: number } = {}) {
    const workers = options.workers ?? 4;
    this.#done = Promise.all(Array.from({ length: workers }, (_, worker) => this.#work(worker)));
  }

  get acknowledged(): number {
    return this.#count;
  }

  async stop(): Promise<AgentCheckerReport> {
    this.#stopped = true;
    await this.#done;
    for (const [key, written] of this.#acknowledged) await this.#readBack(key, written);
    this.#http.close();
    return { acknowledged: this.#count, lost: this.#lost, duplicated: this.#duplicated, clientErrors: this.#errors.length, errors: this.#errors.slice(0, 10), longestMs: this.#longestMs };
  }

  async #work(worker: number): Promise<void> {
    const keys = this.options.keysPerWorker ?? 50;
    for (let n = 0; !this.#stopped; n += 1) {
      const key = `check:${worker}:${n % keys}`;
      await this.#write(key, `${key}=${n}`);
      const written = this.#acknowledged.get(key);
      if (n % 5 === 0 && written !== undefined) await this.#readBack(key, written);
    }
  }

  async #write(key: string, value: string): Promise<void> {
    const beganMs = performance.now();
    const response = await this.#request(key, { method: 'PUT', body: value });
    this.#longestMs = Math.max(this.#longestMs, performance.now() - beganMs);
    if (response === null) {
      this.#inDoubt.set(key, new Set([...this.#inDoubt.get(key) ?? [], value]));
      return;
    }
    const { version } = JSON.parse(response.body.toString()) as { version: number };
    this.#acknowledged.set(key, { value, version });
    this.#inDoubt.delete(key);
    this.#count += 1;
  }

  async #readBack(key: string, written: Written): Promise<void> {
    const response = await this.#request(key, { method: 'GET' });
    if (response === null) return;
    const value = response.status === 200 ? response.body.toString() : null;
    if (value !== null && this.#inDoubt.get(key)?.has(value) === true) return;
    if (value !== written.value) this.#lost += 1;
    else if (Number(response.headers['x-version']) !== written.version) this.#duplicated += 1;
  }

  /** Follows redirects and tries again where told to; any running node will do to begin with. */
  async #request(key: string, init: KeyRequest): Promise<HttpAnswer | null> {
    const deadlineMs = performance.now() + (this.options.patienceMs ?? 5_000);
    let last = 'no node runs';
    for (let attempt = 0; performance.now() < deadlineMs; attempt += 1) {
      const running = this.cluster.nodes.filter((node) => node.isRunning);
      const start = running[attempt % Math.max(1, running.length)];
      const answer = start === undefined ? 'no node runs' : await this.#follow(`http://${start.address}/v1/keys/${encodeURIComponent(key)}`, init);
      if (typeof answer !== 'string') return answer;
      // A write that was sent and not answered may have happened: trying it again would hide that it happened twice.
      if (answer === 'lost' && init.method !== 'GET') return this.#failed(key, init.method, 'the answer was lost');
      last = answer;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    return this.#failed(key, init.method, last);
  }

  #failed(key: string, method: string, why: string): null {
    this.#errors.push(`${method} ${key}: ${why}`);
    return null;
  }

  /** The answer of whoever has the key, or why there is none yet. */
  async #follow(url: string, init: KeyRequest): Promise<HttpAnswer | string> {
    let target = url;
    for (let hop = 0; hop < REDIRECTS_MAX; hop += 1) {
      let response: HttpAnswer;
      try {
        response = await this.#http.send({ ...init, url: target, timeoutMs: 5_000 });
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED' ? `${target} is down` : 'lost';
      }
      const text = response.status === 200 ? '' : response.body.toString();
      if (response.status === 200 || text.includes('"no-such-key"')) return response;
      const { location } = response.headers;
      if (response.status !== 307 || location === undefined) return `${response.status} ${text}`;
      target = location;
    }
    return `more than ${REDIRECTS_MAX} redirects`;
  }
}

/** Keys enough that the largest shards have a middle to stop in. */
export async function fillAgentKeys(cluster: Nodes, options: { keys: number; valueBytes: number }): Promise<void> {
  const value = 'v'.repeat(options.valueBytes);
  const http = new HttpClient();
  let next = 0;
  const work = async () => {
    for (let n = next++; n < options.keys; n = next++) {
      for (let attempt = 0; ; attempt += 1) {
        const node = cluster.nodes[(n + attempt) % cluster.nodes.length]!;
        let url = `http://${node.address}/v1/keys/filled:${n}`;
        let response = await http.send({ method: 'PUT', url, body: value, timeoutMs: 10_000 });
        url = response.headers.location ?? url;
        if (response.status === 307) response = await http.send({ method: 'PUT', url, body: value, timeoutMs: 10_000 });
        if (response.status === 200) break;
        // Shards that were made this moment are known to their holders only.
        if (attempt > 100) throw new Error(`PUT filled:${n}: ${response.status} ${response.body.toString()}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  await Promise.all(Array.from({ length: 64 }, work));
  http.close();
}
