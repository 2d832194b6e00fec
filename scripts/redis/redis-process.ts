import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 5_000;

export interface RedisProcessOptions {
  readonly binary: string;
  readonly port: number;
  readonly dir: string;
  /** Without it a plain server that is no cluster. */
  readonly clusterEnabled: boolean;
  /** Directives of redis.conf; an array gives several words. */
  readonly config: Readonly<Record<string, string | readonly string[]>>;
  readonly access: RedisAccess;
}

/** How to reach a process as a client. */
export interface RedisAccess {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly ca: string };
}

// A process of ours must not outlive us, however we end: exit handlers may only do synchronous work.
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One redis-server (or valkey-server) of ours on a loopback port, stopped by its own pid. */
export class RedisProcess {
  readonly port: number;
  #child: ChildProcess | null = null;
  #client: Redis | null = null;

  constructor(private readonly options: RedisProcessOptions) {
    this.port = options.port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`The server on ${this.address} does not run`);
    return pid;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** Starts the process (again, after `kill`, on the same data) and waits until it answers. */
  async start(): Promise<void> {
    mkdirSync(this.options.dir, { recursive: true });
    const log = openSync(join(this.options.dir, 'server.log'), 'a');
    const child = spawn(this.options.binary, this.#argumentsOf(), { cwd: this.options.dir, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    running.add(child);
    child.once('exit', () => {
      running.delete(child);
      if (this.#child === child) this.#child = null;
    });
    const deadline = performance.now() + START_MS_MAX;
    while (!(await this.#answers())) {
      if (!this.isRunning) throw new Error(`The server on ${this.address} ended at once: ${this.logTail()}`);
      if (performance.now() > deadline) throw new Error(`The server on ${this.address} does not answer: ${this.logTail()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The connection that tests and the demo use for administration. */
  get client(): Redis {
    this.#client ??= new Redis({ ...this.clientOptions, lazyConnect: false, maxRetriesPerRequest: 2 });
    return this.#client;
  }

  get clientOptions(): RedisOptions {
    const { username, password, tls } = this.options.access;
    return {
      host: '127.0.0.1', port: this.port, protocol: 2,
      ...(username !== undefined && { username }), ...(password !== undefined && { password }),
      ...(tls !== undefined && { tls: { ca: tls.ca } }),
    };
  }

  async call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    return await this.client.call(command, ...args);
  }

  /** Freezes the process: its sockets stay open and nothing answers. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** As a crash: SIGKILL, nothing saved. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    // A frozen process would take SIGTERM only after it goes on.
    if (this.#child !== null) this.resume();
    await this.#end('SIGTERM');
  }

  logTail(): string {
    return readFileSync(join(this.options.dir, 'server.log'), 'utf8').split('\n').slice(-8).join(' | ');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#client?.disconnect();
    this.#client = null;
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise<void>((resolve) => { child.once('exit', () => { resolve(); }); });
    child.kill(signal);
    const forced = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(forced);
  }

  async #answers(): Promise<boolean> {
    const client = new Redis({ ...this.clientOptions, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0, enableReadyCheck: false });
    client.on('error', () => { /* Not listening yet is what we wait for; connect() tells it too. */ });
    try {
      await client.connect();
      await client.ping();
      return true;
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    } finally {
      client.disconnect();
    }
  }

  #argumentsOf(): string[] {
    const { config, clusterEnabled } = this.options;
    const own: Record<string, string | readonly string[]> = {
      bind: '127.0.0.1', save: '', appendonly: 'no', 'daemonize': 'no',
      'repl-diskless-sync-delay': '0', 'enable-debug-command': 'yes',
      ...(clusterEnabled && { 'cluster-enabled': 'yes', 'cluster-config-file': 'nodes.conf' }),
      ...(this.options.access.tls === undefined ? { port: String(this.port) } : { port: '0', 'tls-port': String(this.port) }),
      ...config,
    };
    return Object.entries(own).flatMap(([name, value]) => [`--${name}`, ...(typeof value === 'string' ? [value] : value)]);
  }
}
