/** `npm run demo:agents` as somebody tries it: six nodes in three zones under load, and nothing left of it afterwards. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Node } from '@/lib/contract/node';
import { succeed } from '../support/api-calls';
import { eventually } from '../support/eventually';
import { isRunning } from '../support/is-running';
import { makeFolder } from '../support/temporary-folder';

const root = join(import.meta.dirname, '..', '..');
const READY_MS_MAX = 60_000;

describe('npm run demo:agents', () => {
  it('starts six living nodes in three zones that serve a load, and ends with all it started', async () => {
    const folder = makeFolder();
    const demo = spawn(process.execPath, ['--import', 'tsx', 'scripts/demo-agents.ts', '--keys', '600', '--rate', '100', '--shards', '12'], {
      cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, NODE_ENV: 'production', TMPDIR: folder, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'error' },
    });
    let output = '';
    for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); });
    // Not `exit`: its last words may still be on their way then.
    const ended = once(demo, 'close');
    try {
      await eventually('the demo is ready', () => Promise.resolve({ output, exitCode: demo.exitCode }), (now) => now.output.includes('Ctrl-C stops everything') || now.exitCode !== null, READY_MS_MAX);
      const [, url, clusterId] = /ready at (http:\/\/[^/]+)\/(\w+)\/overview/.exec(output) ?? [];
      if (url === undefined || clusterId === undefined) throw new Error(output);
      const nodes = await eventually('six nodes are alive and serve', async () => (await succeed<{ nodes: Node[] }>({ url }, 'GET', `/clusters/${clusterId}/nodes`)).nodes,
        (all) => all.length === 6 && all.every(({ liveness, lifecycle }) => liveness === 'alive' && lifecycle === 'active') && all.some(({ stats }) => (stats.operationsPerSecond ?? 0) > 0));
      expect(new Set(nodes.map(({ domain }) => domain.zone)).size).toBe(3);
      const pids = [...output.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
      expect(pids).toHaveLength(6);
      expect(pids.every(isRunning)).toBe(true);

      demo.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(output).toMatch(/The clients made [1-9]\d* operations, 0 of them failed/);
      expect(pids.filter(isRunning)).toEqual([]);
      await expect(fetch(url)).rejects.toThrow();
      expect(readdirSync(folder).filter((name) => name.startsWith('phantom-scale'))).toEqual([]);
    } finally {
      // One that hangs in its own end is not left behind, nor are its children: they are a group of their own.
      if (demo.exitCode === null && demo.signalCode === null) process.kill(-demo.pid!, 'SIGKILL');
    }
  }, 120_000);
});
