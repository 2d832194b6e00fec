import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Operation } from '@/lib/contract/operation';
import { readServerOptions } from '@/scripts/server-options.mjs';
import { bundleProgram } from '../start-server';
import { ManagerGoneError, type MortalManager } from './kill-and-recover';
import type { KillOrder } from './kill-point';
import type { Call, Calls, Reply } from './manager-calls';

const READY_MS_MAX = 30_000;
const ANSWER_MS_MAX = 60_000;

/** The manager in a process of its own, over a database file that outlives it. */
export class ManagerProcess implements MortalManager {
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #nextId = 1;
  #stderr = '';
  readonly struck: Promise<void>;
  readonly exited: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.exited = once(child, 'exit');
    let strike: () => void;
    this.struck = new Promise((resolve) => { strike = resolve; });
    child.stderr!.on('data', (chunk: Buffer) => { this.#stderr = (this.#stderr + chunk.toString()).slice(-4_000); });
    child.on('message', (reply: Reply) => {
      if ('struck' in reply) strike();
      if (!('id' in reply)) return;
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (reply.error === undefined) waiting?.resolve(reply.value as never);
      else waiting?.reject(new Error(reply.error));
    });
    void this.exited.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new ManagerGoneError());
    });
  }

  static async start(options: { databaseUrl: string; order: KillOrder | null; provisioners?: object }): Promise<ManagerProcess> {
    const program = await bundleProgram('tests/support/killpoints/killpoint-manager.ts');
    const child = spawn(process.execPath, [...readServerOptions(), program], {
      cwd: join(import.meta.dirname, '..', '..', '..'),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production', DATABASE_URL: options.databaseUrl, KILL_ORDER: JSON.stringify(options.order), PROVISIONERS: JSON.stringify(options.provisioners ?? {}) },
    });
    const manager = new ManagerProcess(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), READY_MS_MAX);
    const ready = new Promise<void>((resolve) => { child.on('message', (reply: Reply) => { if ('ready' in reply) resolve(); }); });
    // One that is to die while it starts is as good as ready.
    await Promise.race([ready, manager.exited]);
    clearTimeout(timer);
    return manager;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get stderr(): string {
    return this.#stderr;
  }

  ask<K extends keyof Calls>(call: K, argument: Parameters<Calls[K]>[0]): ReturnType<Calls[K]> {
    const id = this.#nextId;
    this.#nextId += 1;
    const message: Call = { id, call, argument };
    const answer = new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`No answer to ${call} within ${ANSWER_MS_MAX} ms: ${this.#stderr}`)); }, ANSWER_MS_MAX);
      this.#waiting.set(id, { resolve: (value) => { clearTimeout(timer); resolve(value); }, reject: (error) => { clearTimeout(timer); reject(error); } });
      if (this.isRunning) this.child.send(message);
      else reject(new ManagerGoneError());
    });
    return answer as ReturnType<Calls[K]>;
  }

  operation(operationId: string): Promise<Operation> {
    return this.ask('operation', { operationId });
  }

  newest(): Promise<string | null> {
    return this.ask('newest', null);
  }

  async kill(): Promise<void> {
    if (this.isRunning) this.child.kill('SIGKILL');
    await this.exited;
  }
}
