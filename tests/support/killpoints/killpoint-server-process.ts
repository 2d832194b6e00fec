import type { Operation } from '@/lib/contract/operation';
import { succeed } from '../api-calls';
import { spawnTestServer, type TestServerProcess } from '../start-server';
import { ManagerGoneError, type MortalManager } from './kill-and-recover';
import type { KillOrder } from './kill-point';
import type { HeldAnswer, ServerWish, ServerWord } from './killpoint-server';

const WORD_MS_MAX = 10_000;

/** The server in a process of its own, which dies or kills where it is told to; asked by HTTP as by anybody. */
export class KillpointServer implements MortalManager {
  #struck: Promise<void>;
  readonly exited: Promise<unknown>;

  private constructor(private readonly server: TestServerProcess, private readonly clusterId: () => string) {
    this.exited = new Promise((resolve) => { server.child.once('exit', resolve); });
    this.#struck = this.#strikes();
  }

  /** @param options.port that of the server before, which the nodes know */
  static async start(options: { readonly dataDir?: string; readonly port?: string; readonly clusterId: () => string }): Promise<KillpointServer> {
    const { dataDir, port } = options;
    return new KillpointServer(await spawnTestServer({ program: 'killpoints', ...(dataDir !== undefined && { dataDir }), env: { PORT: port ?? '0' } }), options.clusterId);
  }

  get url(): string { return this.server.url; }
  get port(): string { return new URL(this.server.url).port; }
  get dataDir(): string { return this.server.dataDir; }
  get stderr(): string { return this.server.output.stderr; }
  get struck(): Promise<void> { return this.#struck; }
  get isRunning(): boolean { return this.server.child.exitCode === null && this.server.child.signalCode === null; }

  /** From now on it kills at the next such instant. */
  async obey(order: KillOrder): Promise<void> {
    this.#struck = this.#strikes();
    const armed = this.#said('armed');
    this.#wish({ order });
    await armed;
  }

  /** What every member says that it holds. */
  async held(): Promise<HeldAnswer['held']> {
    const said = this.#said('held');
    this.#wish({ held: true });
    const timer = setTimeout(() => this.server.child.kill('SIGKILL'), WORD_MS_MAX);
    try {
      return (await said).held;
    } finally {
      clearTimeout(timer);
    }
  }

  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    try {
      return await succeed<T>(this.server, method, path, body === undefined ? {} : { body });
    } catch (error) {
      // fetch rejects so when the connection is refused or breaks; an answer that is a problem is an error of its own.
      if (error instanceof TypeError) throw new ManagerGoneError({ cause: error });
      throw error;
    }
  }

  operation(operationId: string): Promise<Operation> {
    return this.ask<Operation>('GET', `/operations/${operationId}`);
  }

  async newest(): Promise<string | null> {
    const { operations } = await this.ask<{ operations: Operation[] }>('GET', `/clusters/${this.clusterId()}/operations?limit=1`);
    return operations[0]?.id ?? null;
  }

  /** In order; a folder made for it goes with it. */
  async stop(): Promise<void> {
    await this.server.stop();
  }

  /** Of a process that ends before, it says nothing. */
  async #strikes(): Promise<void> {
    await this.#said('struck').catch(() => new Promise(() => { /* Never. */ }));
  }

  #wish(wish: ServerWish): void {
    this.server.child.send(wish);
  }

  /** The next word of this kind; rejects when the process ends first. */
  #said<K extends 'struck' | 'armed' | 'held'>(kind: K): Promise<Extract<ServerWord, Record<K, unknown>>> {
    const { child } = this.server;
    const said = new Promise<Extract<ServerWord, Record<K, unknown>>>((resolve, reject) => {
      const listen = (word: ServerWord) => {
        if (!(kind in word)) return;
        child.off('message', listen);
        resolve(word as Extract<ServerWord, Record<K, unknown>>);
      };
      child.on('message', listen);
      void this.exited.then(() => { reject(new ManagerGoneError()); });
    });
    said.catch(() => undefined);
    return said;
  }
}
