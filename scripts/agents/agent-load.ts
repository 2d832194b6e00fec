import { ReferenceClient } from '@/lib/agent/client/reference-client';
import type { Choice } from '@/lib/core/routing/endpoint-chooser';
import { createRandom } from '@/lib/platform/random';
import { systemClock } from '@/lib/platform/system-clock';

const WORKERS = 6;

export interface AgentLoadOptions {
  readonly managerUrl: string;
  readonly clusterId: string;
  readonly route: 'direct' | Choice;
  readonly operationsPerSecond: number;
  readonly keys: number;
  readonly valueBytes: number;
}

/** Clients of reference nodes: fills its keys, then reads and writes them, four to one, some far more often than others. */
export class AgentLoad {
  readonly #client: ReferenceClient;
  #stopped = false;
  #done: Promise<unknown> = Promise.resolve();
  #operations = 0;
  #errors = 0;

  constructor(private readonly options: AgentLoadOptions) {
    const { managerUrl, clusterId, route } = options;
    this.#client = new ReferenceClient({ managerUrl, clusterId, route, clock: systemClock, random: createRandom('load'), patienceMs: 5_000 });
  }

  get totals(): { readonly operations: number; readonly errors: number } {
    return { operations: this.#operations, errors: this.#errors };
  }

  /** Writes every key once. */
  async fill(): Promise<void> {
    await this.#client.ready();
    let next = 0;
    await Promise.all(Array.from({ length: 4 * WORKERS }, async () => {
      for (let n = next++; n < this.options.keys && !this.#stopped; n = next++) await this.#operate(n, true);
    }));
  }

  start(): void {
    this.#done = Promise.all(Array.from({ length: WORKERS }, () => this.#work()));
  }

  async stop(): Promise<{ readonly operations: number; readonly errors: number }> {
    this.#stopped = true;
    await this.#done;
    await this.#client.close();
    return this.totals;
  }

  async #work(): Promise<void> {
    const intervalMs = (1_000 * WORKERS) / this.options.operationsPerSecond;
    let next = performance.now();
    while (!this.#stopped) {
      // The square gathers half of the requests on a quarter of the keys.
      await this.#operate(Math.floor(Math.random() ** 2 * this.options.keys), Math.random() < 0.2);
      next = Math.max(next + intervalMs, performance.now() - 1_000);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
    }
  }

  async #operate(n: number, writes: boolean): Promise<void> {
    const answer = writes ? await this.#client.put(`item:${n}`, 'v'.repeat(this.options.valueBytes)) : await this.#client.get(`item:${n}`);
    this.#operations += 1;
    if (!answer.ok && !this.#stopped) this.#errors += 1;
  }
}
