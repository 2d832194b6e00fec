import { join } from 'node:path';
import type { Clock } from '@/lib/platform/clock';
import { firstAnswer, type Launch, type LaunchOptions, type NodeProgram } from './node-program';

export interface AgentProgramOptions {
  /** Absolute path of the program, and its first arguments; those of `npm run agent` follow. */
  readonly path: string;
  readonly arguments: readonly string[];
  /** Where the agent finds the manager. */
  readonly managerUrl: string;
  /** A token that lets one agent enrol; `null` when none can be had now. */
  readonly issueToken: () => Promise<string | null>;
  readonly clock: Clock;
}

/** A node with an agent, which enrols with a token of its own and waits to be let in. */
export class AgentProgram implements NodeProgram {
  constructor(private readonly options: AgentProgramOptions) {}

  portsBeside(): readonly number[] {
    return [];
  }

  async prepare({ folder, port, zone }: LaunchOptions): Promise<Launch> {
    const { path, managerUrl, issueToken } = this.options;
    // One that has enrolled before has its credential in its folder and leaves the token alone.
    const token = await issueToken();
    return {
      file: path,
      argv: [
        ...this.options.arguments, '--data', join(folder, 'data'), '--host', '127.0.0.1', '--port', String(port), '--manager', managerUrl,
        ...(zone === null ? [] : ['--zone', zone]),
      ],
      environment: token === null ? {} : { PHANTOM_AGENT_TOKEN: token },
    };
  }

  async isReady(port: number): Promise<boolean> {
    return await firstAnswer(this.options.clock, port, '') !== null;
  }
}
