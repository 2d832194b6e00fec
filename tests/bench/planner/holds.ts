/**
 * How long the server's event loop is held while plans of many steps are made, stored,
 * read and approved: through a whole server in a process of its own, on simulated
 * clusters of 16,384 shards: 100 nodes, and 4 of which one is empty, so that an optimal plan
 * too moves thousands. The longest hold of each of several rounds, by
 * the loop's own timers at 1 ms; idle: nothing is asked, for what the rest of the server
 * (readings of the simulated cluster, the collector of memory) has in it by itself.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { Operation } from '@/lib/contract/operation';
import type { Plan, Strategy } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import { succeed } from '@/tests/support/api-calls';
import type { LoopHolds } from '@/tests/support/api-server';
import { spawnTestServer, type TestServerProcess } from '@/tests/support/start-server';

const ROUNDS = 5;
const CLUSTER = { shardCount: 16_384, zoneCount: 1, replicationFactor: 1 } as const;
interface Long { readonly strategy: Strategy; readonly nodeCount: number }
const LONG: readonly Long[] = [{ strategy: 'optimal', nodeCount: 4 }, { strategy: 'optimal', nodeCount: 100 }, { strategy: 'consistent-hashing', nodeCount: 100 }];
const SETTLE_MS = 1_500;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function holdOf<T>(child: ChildProcess, work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const ask = async () => {
    const answer = once(child, 'message');
    child.send('holds');
    return (await answer as [LoopHolds])[0].longestMs;
  };
  await ask();
  const value = await work();
  return { ms: await ask(), value };
}

/** One JSON line per strategy and cluster. */
export async function measureHolds(say: (text: string) => void): Promise<readonly object[]> {
  const lines: object[] = [];
  for (const long of LONG) {
    const server = await spawnTestServer({ program: 'api' });
    try {
      lines.push(await measure(server, long, say));
    } finally {
      await server.stop();
    }
  }
  return lines;
}

async function measure(server: TestServerProcess, { strategy, nodeCount }: Long, say: (text: string) => void): Promise<object> {
  const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters');
  for (const { id } of clusters) await succeed(server, 'DELETE', `/clusters/${id}`);
  const { id } = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Bench', connection: { kind: 'simulator', nodeCount, ...CLUSTER } } });
  const { generation, settings } = await succeed<VersionedSettings>(server, 'GET', `/clusters/${id}/settings`);
  // So slow that a round is over before anything has moved.
  const throttle = { ...settings.throttle, movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 65_536 };
  await succeed(server, 'PUT', `/clusters/${id}/settings`, { body: { generation, settings: { ...settings, throttle } } });
  await wait(SETTLE_MS);
  const holds: Record<'idle' | 'preview' | 'read' | 'approve' | 'start', number[]> = { idle: [], preview: [], read: [], approve: [], start: [] };
  let steps = 0;
  // The first round is mostly the compiler at work.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const idle = await holdOf(server.child, () => wait(SETTLE_MS));
    const preview = await holdOf(server.child, () => succeed<Plan>(server, 'POST', `/clusters/${id}/plans`, { body: { strategy, threshold: 0 } }));
    const read = await holdOf(server.child, () => succeed<Plan>(server, 'GET', `/plans/${preview.value.id}`));
    const approve = await holdOf(server.child, () => succeed<{ operation: Operation }>(server, 'POST', `/plans/${preview.value.id}/approve`, { body: {} }));
    const start = await holdOf(server.child, () => wait(SETTLE_MS));
    const { operation } = approve.value;
    await succeed(server, 'POST', `/operations/${operation.id}/cancel`, { body: {} });
    for (let open = true; open; await wait(100)) {
      const now = await succeed<Operation>(server, 'GET', `/operations/${operation.id}`);
      open = now.finishedAtMs === null;
    }
    steps = preview.value.steps.length;
    const ms = { idle: idle.ms, preview: preview.ms, read: read.ms, approve: approve.ms, start: start.ms };
    say(`  ${strategy}, ${nodeCount} nodes, ${steps} steps, round ${round}: ${Object.entries(ms).map(([name, held]) => `${name} ${held.toFixed(1)} ms`).join(', ')}`);
    if (round > 0) for (const [name, held] of Object.entries(ms)) holds[name as keyof typeof ms].push(held);
  }
  return { bench: 'planner', scenario: 'holds', strategy, nodes: nodeCount, shards: CLUSTER.shardCount, steps, rounds: ROUNDS, longestHoldMs: Object.fromEntries(Object.entries(holds).map(([name, all]) => [name, { median: medianOf(all), max: Number(Math.max(...all).toFixed(1)) }])) };
}

function medianOf(values: readonly number[]): number {
  return Number([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!.toFixed(1));
}
