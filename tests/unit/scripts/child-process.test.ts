import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runChild } from '../../../scripts/child-process.mjs';
import { isRunning } from '../../support/is-running';

const node = process.execPath;

describe('a child process', () => {
  it('gives its exit code and what it printed', async () => {
    const result = await runChild([node, '-e', 'console.log("out"); console.error("err"); process.exitCode = 3'], { capture: true });
    expect(result.exitCode).toBe(3);
    expect(result.output).toContain('out\n');
    expect(result.output).toContain('err\n');
  });

  it('ended by a signal gives what a shell would give', async () => {
    expect((await runChild([node, '-e', 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)'])).exitCode).toBe(143);
  });

  it('is ended at its time limit, with the processes that it started', async () => {
    const script = 'console.log(require("child_process").spawn("sleep", ["600"]).pid); setInterval(() => {}, 1000)';
    const result = await runChild([node, '-e', script], { capture: true, ownGroup: true, timeoutMs: 3_000 });
    expect(result.timedOut).toBe(true);
    expect(result.output).toMatch(/^\d+\n$/);
    // It was sent SIGKILL; a busy kernel may deliver that after the child itself is gone.
    await expect.poll(() => isRunning(Number(result.output)), { timeout: 5_000 }).toBe(false);
  });

  it('that does not exist is an error', async () => {
    await expect(runChild(['/nowhere/program'])).rejects.toThrow('ENOENT');
  });

  it.each([
    ['SIGTERM', false, 143],
    ['SIGINT', false, 130],
    ['SIGTERM', true, 7],
  ] as const)('gets our %s (leads: %s) and is gone before we exit with %i', async (signal, leads, expected) => {
    const child = 'process.on("SIGTERM", () => setTimeout(() => process.exit(7), 50)); console.log(process.pid); setInterval(() => {}, 1000)';
    const modulePath = pathToFileURL('scripts/child-process.mjs').href;
    const parentScript = `
      import { runChild } from ${JSON.stringify(modulePath)};
      const { exitCode } = await runChild([process.execPath, '-e', ${JSON.stringify(child)}], { leads: ${leads} });
      process.exitCode = exitCode;`;
    const parent = spawn(node, ['--input-type=module', '-e', parentScript], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(parent, 'exit');
    const [firstOutput] = (await once(parent.stdout, 'data')) as [Buffer];
    parent.kill(signal);
    expect((await exited)[0]).toBe(expected);
    expect(isRunning(Number(firstOutput.toString()))).toBe(false);
  });
});
