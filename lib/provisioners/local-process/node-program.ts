import { connect } from 'node:net';
import type { Clock } from '@/lib/platform/clock';

/** What is started for one node. */
export interface Launch {
  /** Absolute path. */
  readonly file: string;
  readonly argv: readonly string[];
  /** Besides PATH; secrets go here or into files, never into the arguments, which everybody on the machine can read. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface LaunchOptions {
  /** The node's own folder, where it is started. */
  readonly folder: string;
  readonly port: number;
  readonly zone: string | null;
}

/** One kind of program that a node can be. Throws what the file system throws. */
export interface NodeProgram {
  /** Also taken by it besides its port. */
  portsBeside(port: number): readonly number[];
  prepare(options: LaunchOptions): Promise<Launch>;
  /** Does it answer, as itself? */
  isReady(port: number): Promise<boolean>;
}

const ANSWER_MS_MAX = 1_000;

/** The first bytes that come back from a loopback port; `null`: nobody listens, or nothing came. An empty question only connects. */
export function firstAnswer(clock: Clock, port: number, question: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const limit = clock.after(ANSWER_MS_MAX, () => { end(null); });
    const end = (answer: string | null) => {
      limit[Symbol.dispose]();
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      if (question === '') end('');
      else socket.write(question);
    });
    socket.once('data', (data: Buffer) => { end(data.toString('latin1').slice(0, 200)); });
    socket.once('error', () => { end(null); });
    socket.once('close', () => { end(null); });
  });
}
