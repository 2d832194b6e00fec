import { Cluster } from 'ioredis';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';

export interface CheckerOptions {
  /** Operations per second over all workers; reached as far as the cluster answers. */
  readonly operationsPerSecond: number;
  readonly workers?: number;
  /** Keys of each worker; nobody else writes them. */
  readonly keysPerWorker?: number;
  /** Ends by itself after this time, whoever forgot to stop it. */
  readonly durationMsMax?: number;
}

export interface CheckerReport {
  readonly acknowledged: number;
  /** Acknowledged writes that cannot be read afterwards. */
  readonly lost: number;
  /** Writes that took effect more than once. */
  readonly duplicated: number;
  /** Reads during the run that were older than an acknowledged write of the same client. */
  readonly stale: number;
  /** Errors that the cluster client did not handle by itself: all but MOVED, ASK and TRYAGAIN. */
  readonly clientErrors: number;
  /** The first of them, for the failure message of a test. */
  readonly errors: readonly string[];
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Writes with a memory. Every key has one writer, a counter key counts by INCR and a list
 * key takes RPUSH of the next number, so afterwards the value itself tells whether each
 * acknowledged write is there exactly once. A write whose answer was lost may or may not
 * have happened; it is a client error and both outcomes are accepted for it.
 */
export class CheckerClient {
  readonly #cluster: Cluster;
  readonly #options: Required<CheckerOptions>;
  readonly #workers: Worker[];
  #stopped = false;
  readonly #done: Promise<void>;

  static start(cluster: RedisClusterProcesses, options: CheckerOptions): CheckerClient {
    return new CheckerClient(cluster, options);
  }

  private constructor(cluster: RedisClusterProcesses, options: CheckerOptions) {
    this.#options = { workers: 8, keysPerWorker: 200, durationMsMax: 120_000, ...options };
    const { username, password, tls } = cluster.access;
    this.#cluster = new Cluster(cluster.seeds.map((address) => {
      const colon = address.lastIndexOf(':');
      return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
    }), {
      redisOptions: {
        ...(username !== undefined && { username }), ...(password !== undefined && { password }),
        ...(tls !== undefined && { tls: { ca: tls.ca } }),
      },
      // No retries that would hide an error; redirects are what a cluster client is for.
      retryDelayOnClusterDown: 0, retryDelayOnFailover: 0,
    });
    this.#workers = Array.from({ length: this.#options.workers }, (_, index) => new Worker(this.#cluster, { index, keys: this.#options.keysPerWorker }));
    const deadline = performance.now() + this.#options.durationMsMax;
    const intervalMs = (1_000 * this.#options.workers) / this.#options.operationsPerSecond;
    this.#done = Promise.all(this.#workers.map((worker) => worker.run({ intervalMs, isOver: () => this.#stopped || performance.now() > deadline }))).then(() => undefined);
  }

  get acknowledged(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.acknowledged, 0);
  }

  /** Ends the load, reads everything back and reports. */
  async stop(): Promise<CheckerReport> {
    this.#stopped = true;
    await this.#done;
    try {
      const verdicts = await Promise.all(this.#workers.map((worker) => worker.verify()));
      const latencies = this.#workers.flatMap((worker) => worker.latenciesMs).sort((a, b) => a - b);
      const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
      const sum = (value: (worker: Worker) => number) => this.#workers.reduce((total, worker) => total + value(worker), 0);
      return {
        acknowledged: this.acknowledged,
        lost: verdicts.reduce((total, verdict) => total + verdict.lost, 0),
        duplicated: verdicts.reduce((total, verdict) => total + verdict.duplicated, 0),
        stale: sum((worker) => worker.stale),
        clientErrors: sum((worker) => worker.errors.length),
        errors: this.#workers.flatMap((worker) => worker.errors).slice(0, 10),
        p50Ms: at(0.5),
        p99Ms: at(0.99),
      };
    } finally {
      this.#cluster.disconnect();
    }
  }
}

/** One writer: one operation at a time, in turn an INCR, an RPUSH and a read of its own write. */
class Worker {
  readonly latenciesMs: number[] = [];
  readonly errors: string[] = [];
  stale = 0;
  acknowledged = 0;
  readonly #counters: number[];
  readonly #lists: number[];
  /** Keys with a write of unknown outcome. */
  readonly #inDoubt = new Set<string>();

  constructor(private readonly cluster: Cluster, private readonly options: { index: number; keys: number }) {
    this.#counters = new Array<number>(options.keys).fill(0);
    this.#lists = new Array<number>(options.keys).fill(0);
  }

  async run({ intervalMs, isOver }: { intervalMs: number; isOver: () => boolean }): Promise<void> {
    let next = performance.now();
    for (let n = 0; !isOver(); n += 1) {
      const key = Math.floor(n / 3) % this.options.keys;
      await this.#timed(n % 3 === 0 ? () => this.#increment(key) : n % 3 === 1 ? () => this.#append(key) : () => this.#readBack(key));
      next = Math.max(next + intervalMs, performance.now() - 1_000);
      const waitMs = next - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  async verify(): Promise<{ lost: number; duplicated: number }> {
    let lost = 0;
    let duplicated = 0;
    for (let key = 0; key < this.options.keys; key += 1) {
      const slack = (name: string) => this.#inDoubt.has(name) ? 1 : 0;
      const counter = this.#counterName(key);
      const value = Number(await this.cluster.get(counter) ?? 0);
      const expected = this.#counters[key] ?? 0;
      lost += Math.max(0, expected - value);
      duplicated += Math.max(0, value - expected - slack(counter));
      const list = this.#listName(key);
      const entries = (await this.cluster.lrange(list, 0, -1)).map(Number);
      const distinct = new Set(entries);
      duplicated += entries.length - distinct.size;
      for (let entry = 1; entry <= (this.#lists[key] ?? 0); entry += 1) if (!distinct.has(entry)) lost += 1;
    }
    return { lost, duplicated };
  }

  async #increment(key: number): Promise<void> {
    const name = this.#counterName(key);
    await this.#write(name, async () => {
      const value = await this.cluster.incr(name);
      this.#counters[key] = (this.#counters[key] ?? 0) + 1;
      if (value < this.#counters[key]) this.stale += 1;
    });
  }

  async #append(key: number): Promise<void> {
    const name = this.#listName(key);
    const entry = (this.#lists[key] ?? 0) + 1;
    // A retry after a lost answer takes the next number, so that a double write shows as one.
    await this.#write(name, async () => {
      await this.cluster.rpush(name, entry);
      this.#lists[key] = entry;
    });
  }

  async #readBack(key: number): Promise<void> {
    const name = this.#counterName(key);
    try {
      if (Number(await this.cluster.get(name) ?? 0) < (this.#counters[key] ?? 0)) this.stale += 1;
    } catch (error) {
      this.#note(error);
    }
  }

  async #write(name: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.acknowledged += 1;
    } catch (error) {
      this.#inDoubt.add(name);
      this.#note(error);
    }
  }

  async #timed(work: () => Promise<void>): Promise<void> {
    const beganAtMs = performance.now();
    await work();
    this.latenciesMs.push(performance.now() - beganAtMs);
  }

  #note(error: unknown): void {
    this.errors.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }

  #counterName(key: number): string {
    return `check:${this.options.index}:counter:${key}`;
  }

  #listName(key: number): string {
    return `check:${this.options.index}:list:${key}`;
  }
}
