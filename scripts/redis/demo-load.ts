import { Cluster } from 'ioredis';
import type { RedisClusterProcesses } from './redis-cluster-processes';

const WORKERS = 8;
const STOP_MS_MAX = 2_000;

export interface DemoLoadTotals {
  readonly operations: number;
  readonly errors: number;
}

/**
 * Clients of the demo: reads and writes of the filled keys (four to one), some keys asked
 * for far more often than others, so that the load map has something to show.
 */
export class DemoLoad {
  readonly #cluster: Cluster;
  readonly #done: Promise<unknown>;
  #stopped = false;
  #operations = 0;
  #errors = 0;

  /** Of the rate that was asked for; may be changed while it runs. */
  factor = 1;

  constructor(cluster: RedisClusterProcesses, options: { operationsPerSecond: number; keys: number }) {
    this.#cluster = new Cluster(cluster.primaries.map((node) => ({ host: '127.0.0.1', port: node.port })));
    // Errors of the connections show in the commands that fail for them.
    this.#cluster.on('error', () => { this.#failed(); });
    this.#done = Promise.all(Array.from({ length: WORKERS }, () => this.#work(options)));
  }

  get totals(): DemoLoadTotals {
    return { operations: this.#operations, errors: this.#errors };
  }

  async stop(): Promise<DemoLoadTotals> {
    this.#stopped = true;
    this.#cluster.disconnect();
    // A command that waits for a cluster that is down would be told neither.
    await Promise.race([this.#done, new Promise((resolve) => setTimeout(resolve, STOP_MS_MAX).unref())]);
    return this.totals;
  }

  /** Commands that our own stop cut off are no failures. */
  #failed(): void {
    if (!this.#stopped) this.#errors += 1;
  }

  async #work({ operationsPerSecond, keys }: { operationsPerSecond: number; keys: number }): Promise<void> {
    let next = performance.now();
    while (!this.#stopped) {
      // The square gathers half of the requests on a quarter of the keys.
      const name = `filled:${Math.floor(Math.random() ** 2 * keys)}`;
      try {
        if (Math.random() < 0.8) await this.#cluster.strlen(name);
        else await this.#cluster.setrange(name, 0, String(this.#operations));
        this.#operations += 1;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        this.#failed();
      }
      next = Math.max(next + (1_000 * WORKERS) / (operationsPerSecond * this.factor), performance.now() - 1_000);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
    }
  }
}
