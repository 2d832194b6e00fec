import { randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../project.mjs';
import { readServerOptions } from '../server-options.mjs';

/** A first start installs nothing here but may build, which takes a minute on a small machine. */
const READY_MS_MAX = 5 * 60_000;
const STOP_MS_MAX = 15_000;
const readyLine = /ready at (http:\/\/\S+)/;

/** The built console as a child process, as `npm start` runs it, on data of its own. */
export class DemoConsole {
  private constructor(private readonly child: ChildProcess, readonly url: string) {}

  /** Resolves when it answers; its own lines go to our standard error. */
  static async start(options: { dataDir: string; configFile?: string }): Promise<DemoConsole> {
    const child = spawn(process.execPath, [...readServerOptions(), join(projectRoot, 'scripts', 'start.mjs')], {
      cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'],
      // Started by us and not by npm: it must not watch for npm's end.
      env: { ...process.env, DATA_DIR: options.dataDir, DATABASE_URL: '', npm_lifecycle_event: undefined, ...(options.configFile !== undefined && { CONFIG_FILE: options.configFile }) },
    });
    process.once('exit', () => child.kill('SIGKILL'));
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`The console is not ready after ${READY_MS_MAX / 1_000} s`)); }, READY_MS_MAX);
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = readyLine.exec(line)?.[1];
        if (found === undefined) {
          process.stderr.write(`${line}\n`);
          return;
        }
        clearTimeout(timer);
        resolve(found);
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`The console ended with exit code ${String(code)} before it was ready`));
      });
    });
    return new DemoConsole(child, url);
  }

  /** Resolves with the exit code when the process has ended, for whatever reason. */
  get ended(): Promise<number | null> {
    return new Promise((resolve) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) resolve(this.child.exitCode);
      else this.child.once('exit', (code) => { resolve(code); });
    });
  }

  /** Connects the cluster through the public API; gives its id. */
  async connect(options: { name: string; seeds: readonly string[] }): Promise<string> {
    const body = await this.call('POST', '/clusters', { name: options.name, connection: { kind: 'redis-cluster', seeds: options.seeds } });
    const id = typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string' ? body.id : null;
    if (id === null) throw new Error(`The console gave no id: ${JSON.stringify(body)}`);
    return id;
  }

  /** A call to the public API below /api/v1, which must succeed. */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { 'idempotency-key': randomUUID(), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`The console refused ${method} ${path} (${response.status}): ${JSON.stringify(answer)}`);
    return answer;
  }

  async stop(): Promise<void> {
    const ended = this.ended;
    if (this.child.exitCode === null) this.child.kill('SIGTERM');
    const forced = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(forced);
  }
}
