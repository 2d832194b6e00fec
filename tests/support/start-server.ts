/** Real servers for tests: in this process, or as a process of their own that can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Clock } from '@/lib/platform/clock';
import { systemClock } from '@/lib/platform/system-clock';
import { readConfig } from '@/lib/server/config';
import { createLogger } from '@/lib/server/logger';
import { startServer } from '@/lib/server/start-server';
import { readServerOptions } from '@/scripts/server-options.mjs';

export interface TestServer {
  /** Without a path: http://127.0.0.1:12345 */
  readonly url: string;
  readonly dataDir: string;
  /** Ends the server in order; a folder made for it goes with it. */
  stop(): Promise<void>;
}

export interface TestServerProcess extends TestServer {
  readonly child: ChildProcess;
  /** Everything it wrote so far. */
  readonly output: { stdout: string; stderr: string };
  /** Ends it at once, as a power cut does; the data folder stays. */
  kill(): Promise<void>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The folder given, which its owner removes, or a temporary one that goes with the server. */
function folderFor(dataDir: string | undefined): { dataDir: string; remove: () => void } {
  if (dataDir !== undefined) return { dataDir, remove: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'phantom-scale-server-'));
  return { dataDir: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** API and sockets, without pages, in this process: quick to start and to stop. */
export async function startTestServer(options: { dataDir?: string; clock?: Clock } = {}): Promise<TestServer> {
  const { dataDir, remove } = folderFor(options.dataDir);
  const config = readConfig({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'error' }, '/');
  if (!config.ok) throw new Error(config.error.join('\n'));
  const server = await startServer({
    config: config.value, clock: options.clock ?? systemClock, logger: createLogger(config.value.logLevel), development: false, openPages: null, apiBeforePages: true,
  });
  if (!server.ok) throw new Error(server.error);
  return {
    url: server.value.url,
    dataDir,
    async stop() {
      await server.value.close();
      remove();
    },
  };
}

const root = join(import.meta.dirname, '..', '..');

/**
 * One of our programs as the bundle that production makes of the server: it starts in a
 * fraction of the time that running the sources takes. Returns its path, inside the
 * project so that it finds the packages and the migrations.
 */
export function bundleProgram(entry: string): Promise<string> {
  const bundled = bundles.get(entry) ?? makeBundle(entry);
  bundles.set(entry, bundled);
  return bundled;
}

/** By entry: the sources do not change while a test runs. */
const bundles = new Map<string, Promise<string>>();

async function makeBundle(entry: string): Promise<string> {
  const outdir = join(root, 'node_modules', '.cache', 'phantom-scale', String(process.pid));
  const name = entry.replaceAll('/', '-');
  await build({
    absWorkingDir: root, outdir, bundle: true, platform: 'node', format: 'esm', packages: 'external', sourcemap: 'inline', logLevel: 'error', outExtension: { '.js': '.mjs' },
    // The threads of a program lie beside it, as scripts/build.mjs puts them.
    entryPoints: [{ in: entry, out: name }, { in: 'lib/server/planner.worker.ts', out: 'planner.worker' }],
  });
  return join(outdir, `${name}.mjs`);
}

const READY = /PhantomScale is ready at (\S+)/;

/** What `npm start` runs is there after a build. */
const PROGRAMS = {
  api: () => bundleProgram('tests/support/api-server.ts'),
  killpoints: () => bundleProgram('tests/support/killpoints/killpoint-server.ts'),
  product: () => Promise.resolve('.build/server.mjs'),
} as const;

/**
 * A server in a process of its own. `program`: "api" is the API and the sockets from the
 * sources, "killpoints" the same with orders to kill; "product" is the whole of it.
 */
export async function spawnTestServer(options: { program: keyof typeof PROGRAMS; dataDir?: string; env?: Readonly<Record<string, string>>; readyTimeoutMs?: number }): Promise<TestServerProcess> {
  const { dataDir, remove } = folderFor(options.dataDir);
  const program = await PROGRAMS[options.program]();
  const child = spawn(process.execPath, [...readServerOptions(), program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error', ...options.env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout!.on('data', (chunk: Buffer) => { output.stdout += chunk.toString(); });
  child.stderr!.on('data', (chunk: Buffer) => { output.stderr += chunk.toString(); });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const url = await readyUrl(child, output, exited, options.readyTimeoutMs ?? 60_000);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const [code, by] = await exited;
    return { code, signal: by };
  };
  return {
    url, dataDir, child, output, end,
    kill: async () => { await end('SIGKILL'); },
    async stop() {
      await end('SIGTERM');
      remove();
    },
  };
}

async function readyUrl(child: ChildProcess, output: { stdout: string; stderr: string }, exited: Promise<unknown>, timeoutMs: number): Promise<string> {
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const said = new Promise<string>((resolve) => {
    child.stdout!.on('data', () => {
      const url = READY.exec(output.stdout)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const ended = exited.then((how): never => {
    throw new Error(`The server ended before it was ready (${JSON.stringify(how)}):\n${output.stdout}\n${output.stderr}`);
  });
  try {
    return await Promise.race([said, ended]);
  } finally {
    clearTimeout(timer);
    // The end that comes later is the caller's to look at.
    ended.catch(() => undefined);
  }
}
