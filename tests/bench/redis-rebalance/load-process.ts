import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { CheckerReport } from '@/tests/support/checker-client';
import { bundleProgram } from '@/tests/support/start-server';
import type { LoadOrder } from './load-program';

let bundle: Promise<string> | null = null;

/** The load as seen from the bench: phases to name, and a report at the end. */
export class LoadProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(order: LoadOrder): Promise<LoadProcess> {
    bundle ??= bundleProgram('tests/bench/redis-rebalance/load-program.ts');
    const child = fork(await bundle, [JSON.stringify(order)], { execArgv: [] });
    await answerOf(child);
    return new LoadProcess(child);
  }

  async phase(name: string): Promise<void> {
    const answer = answerOf(this.child);
    this.child.send(name);
    await answer;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Processor time that it has taken. */
  async usage(): Promise<NodeJS.CpuUsage> {
    const answer = answerOf(this.child);
    this.child.send('usage');
    return await answer as NodeJS.CpuUsage;
  }

  async stop(): Promise<CheckerReport> {
    const answer = answerOf(this.child);
    this.child.send('stop');
    return await answer as CheckerReport;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const onExit = (code: number | null) => { ended.abort(new Error(`The load ended by itself with exit code ${String(code)}`)); };
  child.once('exit', onExit);
  try {
    const [message] = await once(child, 'message', { signal: ended.signal }) as [unknown];
    return message;
  } finally {
    child.off('exit', onExit);
  }
}
