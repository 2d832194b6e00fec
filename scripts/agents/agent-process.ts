import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { projectRoot } from '../project.mjs';

const READY_MS_MAX = 20_000;
const STOP_MS_MAX = 5_000;
const readyLine = /^Agent (\S+) is ready at http:\/\/(\S+)$/;

export interface AgentProcessOptions {
  /** Made by bundleAgent. */
  readonly program: string;
  readonly dataDir: string;
  readonly managerUrl: string;
  readonly token: string;
  readonly zone: string;
  readonly name: string;
}

// A process of ours must not outlive us, however we end: exit handlers may only do synchronous work.
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The reference node as one file, which starts in a fraction of the time that the sources take. */
export async function bundleAgent(): Promise<string> {
  const outfile = join(projectRoot, 'node_modules', '.cache', 'phantom-scale', `agent.${process.pid}.mjs`);
  await build({ absWorkingDir: projectRoot, entryPoints: ['scripts/agent.ts'], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external', sourcemap: 'inline', logLevel: 'error' });
  return outfile;
}

/** One reference node of ours on a loopback port, ended by its own pid. */
export class AgentProcess {
  #child: ChildProcess | null = null;
  #nodeId: string | null = null;
  #address: string | null = null;

  constructor(readonly options: AgentProcessOptions) {}

  get nodeId(): string {
    if (this.#nodeId === null) throw new Error(`${this.options.name} has not started yet`);
    return this.#nodeId;
  }

  get address(): string {
    if (this.#address === null) throw new Error(`${this.options.name} has not started yet`);
    return this.#address;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** And has said where. */
  get isRunning(): boolean {
    return this.#child !== null && this.#address !== null;
  }

  /** Starts it (again, after `kill`, in the same folder and on the same port) and waits until it is ready. */
  async start(options: { /** How wrong its wall clock is. */ readonly clockOffsetMs?: number } = {}): Promise<void> {
    const { program, dataDir, managerUrl, token, zone, name } = this.options;
    mkdirSync(dataDir, { recursive: true });
    const log = openSync(join(dataDir, 'agent.log'), 'a');
    const port = this.#address === null ? '0' : this.#address.slice(this.#address.lastIndexOf(':') + 1);
    const child = spawn(process.execPath, ['--enable-source-maps', program, '--data', dataDir, '--port', port, '--manager', managerUrl, '--zone', zone, '--name', name], {
      stdio: ['ignore', 'pipe', log], env: { ...process.env, PHANTOM_AGENT_TOKEN: token, ...(options.clockOffsetMs !== undefined && { PHANTOM_AGENT_CLOCK_OFFSET_MS: String(options.clockOffsetMs) }) },
    });
    closeSync(log);
    const { stdout } = child;
    this.#child = child;
    running.add(child);
    const gone = new Promise<never>((_resolve, reject) => {
      child.once('exit', (code, signal) => {
        running.delete(child);
        if (this.#child === child) this.#child = null;
        reject(new Error(`${name} ended (${code ?? signal ?? '?'}): ${this.logTail()}`));
      });
    });
    gone.catch(() => undefined);
    const ready = new Promise<void>((resolve) => {
      if (stdout === null) throw new Error('A pipe was asked for');
      createInterface({ input: stdout }).on('line', (line) => {
        const found = readyLine.exec(line);
        if (found === null) return;
        this.#nodeId = found[1]!;
        this.#address = found[2]!;
        resolve();
      });
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), READY_MS_MAX);
    await Promise.race([ready, gone]).finally(() => { clearTimeout(limit); });
  }

  /** Freezes the process: its sockets stay open and nothing answers. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** As a crash: SIGKILL, nothing more is written. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    // A frozen process would take SIGTERM only after it goes on.
    this.resume();
    await this.#end('SIGTERM');
  }

  logTail(): string {
    return readFileSync(join(this.options.dataDir, 'agent.log'), 'utf8').split('\n').slice(-12).join(' | ');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise<void>((resolve) => { child.once('exit', () => { resolve(); }); });
    child.kill(signal);
    const forced = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(forced);
  }
}
