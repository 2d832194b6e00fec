/**
 * Nodes as processes of this machine, each with a folder and a loopback port of its own.
 * They outlive the manager, and the next one finds them again by their folders. A process
 * is ended only when it is proven to be the one that was started for its folder.
 */
import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { NodeProvisioner, ProvisionedNode, ProvisionerFailure, ProvisionIntent } from '@/lib/contract/provisioner';
import { sleep, type Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { failureOf, INTERRUPTED, messageOf } from '../failures';
import { foldersIn, LOG_FILE, NodeFolder } from './node-folder';
import type { NodeProgram } from './node-program';
import { canTellProcesses, identityOf, isRunningIn, type ProcessIdentity } from './process-identity';

export interface LocalProcessOptions {
  readonly clusterId: string;
  readonly program: NodeProgram;
  /** Absolute; a folder per cluster, and in it one per node. */
  readonly folder: string;
  readonly portMin: number;
  readonly portMax: number;
  /** Over all clusters that use this folder. */
  readonly nodesMax: number;
  readonly clock: Clock;
}

const READY_LOOKS = 40;
const LOOK_EVERY_MS = 50;
const TERMINATED_WITHIN_MS = 10_000;
const KILLED_WITHIN_MS = 2_000;
/** Becomes the name of a folder. */
const INTENT_PATTERN = /^[A-Za-z0-9_-]{1,128}$/;

export class LocalProcessProvisioner implements NodeProvisioner {
  readonly kind = 'local-process';
  readonly timing = { readyWithinMs: 60_000, pollMs: 200 };
  #tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: LocalProcessOptions) {}

  provision(intent: ProvisionIntent, signal: AbortSignal): Promise<Result<ProvisionedNode, ProvisionerFailure>> {
    return this.#oneByOne(intent.intentId, signal, (folder) => this.#provision(intent, folder, signal));
  }

  find(intentId: string, signal: AbortSignal): Promise<Result<ProvisionedNode | null, ProvisionerFailure>> {
    return this.#oneByOne(intentId, signal, async (folder) => ok(await this.#state(intentId, folder)));
  }

  list(signal: AbortSignal): Promise<Result<readonly ProvisionedNode[], ProvisionerFailure>> {
    return this.#oneByOne('list', signal, async () => {
      const nodes: ProvisionedNode[] = [];
      for (const name of foldersIn(this.#clusterFolder)) {
        const node = await this.#state(name, new NodeFolder(join(this.#clusterFolder, name)));
        if (node !== null) nodes.push(node);
      }
      return ok(nodes);
    });
  }

  deprovision(intentId: string, signal: AbortSignal): Promise<Result<null, ProvisionerFailure>> {
    return this.#oneByOne(intentId, signal, (folder) => this.#deprovision(folder));
  }

  async close(): Promise<void> {
    await this.#tail;
  }

  get #clusterFolder(): string {
    return join(this.options.folder, this.options.clusterId);
  }

  /** Two at once could take the same port, or start the same node. */
  #oneByOne<T>(intentId: string, signal: AbortSignal, work: (folder: NodeFolder) => Promise<Result<T, ProvisionerFailure>>): Promise<Result<T, ProvisionerFailure>> {
    const run = this.#tail.then(async () => {
      if (signal.aborted) return err(INTERRUPTED);
      if (!canTellProcesses()) return err(failureOf('refused', 'Processes can be told apart on Linux only'));
      if (!INTENT_PATTERN.test(intentId)) return err(failureOf('refused', 'The intent cannot be the name of a folder'));
      try {
        return await work(new NodeFolder(join(this.#clusterFolder, intentId)));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error;
        return err(failureOf('unavailable', `The folder of the node cannot be used: ${messageOf(error)}`));
      }
    });
    this.#tail = run.catch(() => undefined);
    return run;
  }

  async #provision(intent: ProvisionIntent, folder: NodeFolder, signal: AbortSignal): Promise<Result<ProvisionedNode, ProvisionerFailure>> {
    const before = folder.note();
    if (before === null) {
      const port = await this.#freePort();
      if (!port.ok) return port;
      folder.write({ format: 1, intentId: intent.intentId, port: port.value, process: null });
    }
    const note = folder.note();
    if (note === null) return err(failureOf('unavailable', 'The note of the node could not be read again'));
    const running = folder.running(note);
    const identity = running === null ? await this.#start(intent, folder, note.port) : ok(running);
    if (!identity.ok) return identity;
    folder.write({ ...note, process: identity.value });
    return await this.#untilReady(intent.intentId, { folder, port: note.port, identity: identity.value, signal });
  }

  async #start({ zone }: ProvisionIntent, folder: NodeFolder, port: number): Promise<Result<ProcessIdentity, ProvisionerFailure>> {
    const launch = await this.options.program.prepare({ folder: folder.path, port, zone });
    try {
      accessSync(launch.file, constants.X_OK);
    } catch (error) {
      return err(failureOf('not-executable', `The program of the node cannot be started: ${messageOf(error)}`));
    }
    const log = openSync(join(folder.path, LOG_FILE), 'a', 0o600);
    // In a session of its own: it neither ends with the manager nor gets its terminal's signals.
    const child = spawn(launch.file, launch.argv, {
      cwd: folder.path, detached: true, shell: false, stdio: ['ignore', log, log],
      env: { NODE_ENV: 'production', PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...launch.environment },
    });
    closeSync(log);
    const failed = await new Promise<Error | null>((resolve) => {
      child.once('spawn', () => { resolve(null); });
      child.once('error', resolve);
    });
    child.unref();
    if (failed !== null || child.pid === undefined) return err(failureOf('not-executable', `The program of the node cannot be started: ${failed?.message ?? 'it has no pid'}`));
    const identity = identityOf(child.pid);
    return identity === null ? err(failureOf('start-failed', `The node ended at once: ${folder.logTail()}`)) : ok(identity);
  }

  async #untilReady(intentId: string, { folder, port, identity, signal }: { folder: NodeFolder; port: number; identity: ProcessIdentity; signal: AbortSignal }): Promise<Result<ProvisionedNode, ProvisionerFailure>> {
    const address = `127.0.0.1:${port}`;
    for (let look = 0; look < READY_LOOKS; look += 1) {
      if (await this.options.program.isReady(port)) return ok({ intentId, state: 'ready', address });
      if (!isRunningIn(identity, folder.path)) return err(failureOf('start-failed', `The node ended at once: ${folder.logTail()}`));
      if (signal.aborted) return err(INTERRUPTED);
      await sleep(this.options.clock, LOOK_EVERY_MS, signal).catch(() => undefined);
    }
    return ok({ intentId, state: 'starting', address });
  }

  async #state(intentId: string, folder: NodeFolder): Promise<ProvisionedNode | null> {
    const note = folder.note();
    if (note?.intentId !== intentId) return null;
    const address = `127.0.0.1:${note.port}`;
    if (folder.running(note) === null) return { intentId, state: 'stopped', address };
    return { intentId, state: await this.options.program.isReady(note.port) ? 'ready' : 'starting', address };
  }

  async #deprovision(folder: NodeFolder): Promise<Result<null, ProvisionerFailure>> {
    const note = folder.note();
    if (note === null) return ok(null);
    for (const [signal, withinMs] of [['SIGTERM', TERMINATED_WITHIN_MS], ['SIGKILL', KILLED_WITHIN_MS]] as const) {
      const identity = folder.running(note);
      if (identity === null) break;
      endProcess(identity.pid, signal);
      for (let waitedMs = 0; waitedMs < withinMs && isRunningIn(identity, folder.path); waitedMs += LOOK_EVERY_MS) await sleep(this.options.clock, LOOK_EVERY_MS);
    }
    if (folder.running(note) !== null) return err(failureOf('unavailable', `The process on port ${note.port} does not end`));
    folder.remove();
    return ok(null);
  }

  /** One of the range that nobody has, here or in the note of another node. */
  async #freePort(): Promise<Result<number, ProvisionerFailure>> {
    const { folder, portMin, portMax, nodesMax, program } = this.options;
    const noted = foldersIn(folder).flatMap((cluster) => foldersIn(join(folder, cluster)).flatMap((name) => new NodeFolder(join(folder, cluster, name)).note() ?? []));
    if (noted.length >= nodesMax) return err(failureOf('quota', `${noted.length} of at most ${nodesMax} nodes run on this machine`));
    const taken = new Set(noted.map(({ port }) => port));
    for (let port = portMin; port <= portMax; port += 1) {
      if (taken.has(port)) continue;
      const needed = [port, ...program.portsBeside(port)];
      if ((await Promise.all(needed.map(isFree))).every(Boolean)) return ok(port);
    }
    return err(failureOf('quota', `No port from ${portMin} to ${portMax} is free`));
  }
}

/** One that has just ended needs no end. */
function endProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => { resolve(false); });
    server.listen(port, '127.0.0.1', () => { server.close(() => { resolve(true); }); });
  });
}
