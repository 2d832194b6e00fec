import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeProvisioner } from '@/lib/contract/provisioner';

const ANSWER_MS_MAX = 2_000;
const ENDED_MS_MAX = 5_000;
/** Apart from where other tests take their ports; each user of this class takes a stretch of it. */
const PORTS = { first: 23_000, last: 31_000, perUser: 40 };

/** A folder for nodes of the provisioner local-process, looked at from outside of it. Stop it: its processes outlive us. */
export class LocalNodes {
  readonly folder = mkdtempSync(join(tmpdir(), 'phantom-scale-nodes-'));
  readonly portMin = PORTS.first + Math.floor(Math.random() * ((PORTS.last - PORTS.first) / PORTS.perUser)) * PORTS.perUser;
  readonly portMax = this.portMin + PORTS.perUser - 1;
  readonly #strangers: ChildProcess[] = [];

  constructor() {
    // Whoever forgets to stop it, or is ended by a signal, must not leave servers behind.
    process.on('exit', this.#endAll);
  }

  /** Of all processes that work in a folder below ours. */
  pids(): number[] {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => this.#worksBelow(pid) && !this.#strangers.some((stranger) => stranger.pid === pid));
  }

  /** As a crash, behind the provisioner's back. */
  async kill(address: string): Promise<void> {
    const port = address.slice(address.lastIndexOf(':') + 1);
    const pid = this.pids().find((candidate) => readFileSync(join(readlinkSync(`/proc/${candidate}/cwd`), 'node.json'), 'utf8').includes(`"port":${port}`));
    if (pid === undefined) throw new Error(`Nothing runs at ${address}`);
    process.kill(pid, 'SIGKILL');
    const deadline = performance.now() + ENDED_MS_MAX;
    while (this.pids().includes(pid)) {
      if (performance.now() > deadline) throw new Error(`Process ${pid} does not end`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async onlyAddress(provisioner: NodeProvisioner): Promise<string> {
    const listed = await provisioner.list(new AbortController().signal);
    if (!listed.ok || listed.value.length !== 1 || listed.value[0]!.address === null) throw new Error(`Not one node: ${JSON.stringify(listed)}`);
    return listed.value[0]!.address;
  }

  /** The note as it is right before the process is started. */
  forgetPid(cluster: string, intentId: string): void {
    this.#editNote(cluster, intentId, () => null);
  }

  /** The note as it is when the pid was given out again since. */
  notePid(cluster: string, intentId: string, pid: number): void {
    this.#editNote(cluster, intentId, (before) => ({ ...before, pid }));
  }

  writeForeign(cluster: string, intentId: string): void {
    mkdirSync(join(this.folder, cluster, intentId), { recursive: true });
    writeFileSync(join(this.folder, cluster, intentId, 'precious.txt'), 'not ours');
  }

  startStranger(): ChildProcess {
    const stranger = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)'], { stdio: 'ignore' });
    this.#strangers.push(stranger);
    return stranger;
  }

  /** The first line of the answer to an inline command; `null`: nobody answers. */
  ask(address: string, command: string): Promise<string | null> {
    const colon = address.lastIndexOf(':');
    return new Promise((resolve) => {
      const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }, () => { socket.write(`${command}\r\n`); });
      const limit = setTimeout(() => { end(null); }, ANSWER_MS_MAX);
      const end = (answer: string | null) => {
        clearTimeout(limit);
        socket.destroy();
        resolve(answer);
      };
      socket.once('data', (data: Buffer) => { end(data.toString().split('\r\n')[0] ?? ''); });
      socket.once('error', () => { end(null); });
    });
  }

  async stop(): Promise<void> {
    this.#endAll();
    process.off('exit', this.#endAll);
    const deadline = performance.now() + ENDED_MS_MAX;
    while (this.pids().length > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    rmSync(this.folder, { recursive: true, force: true });
  }

  readonly #endAll = (): void => {
    for (const pid of this.pids()) process.kill(pid, 'SIGKILL');
    for (const stranger of this.#strangers) stranger.kill('SIGKILL');
  };

  #editNote(cluster: string, intentId: string, edit: (before: object) => object | null): void {
    const path = join(this.folder, cluster, intentId, 'node.json');
    const note = JSON.parse(readFileSync(path, 'utf8')) as { process: object };
    writeFileSync(path, JSON.stringify({ ...note, process: edit(note.process) }));
  }

  #worksBelow(pid: number): boolean {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${this.folder}/`);
    } catch (error) {
      // It has ended meanwhile, or is another user's.
      if (error instanceof Error && 'code' in error) return false;
      throw error;
    }
  }
}
