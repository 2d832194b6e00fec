import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import { succeed } from '../support/api-calls';
import { eventually } from '../support/eventually';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

const servers: TestServerProcess[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(env: Readonly<Record<string, string>>): Promise<TestServerProcess> {
  const server = await spawnTestServer({ program: 'api', env });
  servers.push(server);
  return server;
}

describe.runIf(process.platform === 'linux')('a server that shares its machine', () => {
  it.each([[{}, 10, 15], [{ NICENESS: '3' }, 3, 13]])('with %j lets others go before all of its threads, and before those that plan most of all', async (env, own, planning) => {
    const server = await start(env);
    const [cluster] = (await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters')).clusters;
    await eventually('the demo cluster is read', () => succeed<ClusterSummary>(server, 'GET', `/clusters/${cluster!.id}`), ({ observedAtMs }) => observedAtMs !== null);
    await succeed(server, 'POST', `/clusters/${cluster!.id}/plans`, { body: { strategy: 'optimal' } });
    const found = new Set(readdirSync(`/proc/${server.child.pid!}/task`).map((thread) => getPriority(Number(thread))));
    expect([...found].sort((a, b) => a - b)).toEqual([own, planning]);
  });

  it('is not given more than it was started with', async () => {
    const before = getPriority();
    const server = await start({ NICENESS: '0' });
    expect(readdirSync(`/proc/${server.child.pid!}/task`).map((thread) => getPriority(Number(thread))).every((niceness) => niceness >= before)).toBe(true);
  });
});
