/** Who rebalances: redis-cli with its pipeline, or the whole of our product with a throttle preset. */
import { spawn } from 'node:child_process';
import type { RedisClusterProcesses } from '@/scripts/redis/redis-cluster-processes';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import { isTerminal, THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import type { Plan } from '@/lib/contract/plan';
import { connectionTo } from '@/tests/support/redis-cluster';
import { prepareChunks } from './frontier';
import type { Prepared } from './prepared';
import { spawnTestServer, type TestServerProcess } from '@/tests/support/start-server';

export type Preset = 'default' | 'high';
export type Contender =
  | { readonly kind: 'cli'; readonly pipeline: number }
  | { readonly kind: 'ours'; readonly preset: Preset }
  /** Our driver alone, with chunks of so many slots; on servers with atomic migration. */
  | { readonly kind: 'chunks'; readonly chunk: number };

const LIMIT_MS = 600_000;
const POLL_MS = 250;

export function nameOf(contender: Contender): string {
  if (contender.kind === 'chunks') return `chunks of ${contender.chunk}`;
  return contender.kind === 'cli' ? `redis-cli, pipeline ${contender.pipeline}` : `ours, ${contender.preset}`;
}

export async function prepare(contender: Contender, cluster: RedisClusterProcesses, cli: string): Promise<Prepared> {
  if (contender.kind === 'chunks') return await prepareChunks(cluster, contender.chunk);
  return contender.kind === 'cli' ? prepareCli(cluster, cli, contender.pipeline) : await prepareOurs(cluster, contender.preset);
}

function prepareCli(cluster: RedisClusterProcesses, cli: string, pipeline: number): Prepared {
  const args = ['--cluster', 'rebalance', cluster.seeds[0]!, '--cluster-use-empty-masters', '--cluster-pipeline', String(pipeline)];
  return {
    async run(told) {
      const beganAtMs = performance.now();
      const child = spawn(cli, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
      let marks = 0, tail = '';
      const hear = (chunk: Buffer) => {
        tail = (tail + chunk.toString()).slice(-2_000);
        // One # for every slot.
        for (const byte of chunk) if (byte === 35) marks += 1;
        told(marks / 4_096);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      const code = await new Promise<number | null>((resolve) => { child.once('close', resolve); });
      clearTimeout(timer);
      if (code !== 0) throw new Error(`${cli} ended with exit code ${String(code)}: ${tail}`);
      return { seconds: (performance.now() - beganAtMs) / 1_000, note: `${marks} slots` };
    },
    stop: () => Promise.resolve(),
  };
}

async function prepareOurs(cluster: RedisClusterProcesses, preset: Preset): Promise<Prepared> {
  const server = await spawnTestServer({ program: 'api' });
  try {
    for (const { id } of (await api<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters')).clusters) await api(server, 'DELETE', `/clusters/${id}`);
    const { id } = await api<ClusterSummary>(server, 'POST', '/clusters', { name: 'Bench', connection: connectionTo(cluster) });
    await until(async () => (await api<ClusterSummary>(server, 'GET', `/clusters/${id}`)).observedAtMs !== null);
    return {
      async run(told) {
        const beganAtMs = performance.now();
        const beganWallMs = Date.now();
        const plan = await api<Plan>(server, 'POST', `/clusters/${id}/plans`, { strategy: 'round-robin' });
        const plannedMs = performance.now() - beganAtMs;
        const { operation } = await api<{ operation: Operation }>(server, 'POST', `/plans/${plan.id}/approve`, { throttle: THROTTLE_PRESETS[preset] });
        const ended = await watch(server, operation.id, told);
        // By its own record of when all moves were made: asking more often than a console does would be a
        // load of its own, and the look at the clients' latency afterwards, for the report, is no moving.
        const movedAtMs = ended.stages.find(({ kind }) => kind === 'execute-plan')?.finishedAtMs ?? ended.finishedAtMs ?? Date.now();
        const seconds = (movedAtMs - beganWallMs) / 1_000;
        if (ended.status !== 'succeeded') throw new Error(`The operation is ${ended.status}: ${ended.statusReason ?? ''}`);
        return { seconds, note: `${plan.steps.length} slots; ${await courseOf(server, ended, { beganWallMs, plannedMs })}` };
      },
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function watch(server: TestServerProcess, operationId: string, told: (share: number) => void): Promise<Operation> {
  let operation: Operation | null = null;
  await until(async () => {
    operation = await api<Operation>(server, 'GET', `/operations/${operationId}`);
    told(operation.progress.movesDone / Math.max(1, operation.progress.movesTotal));
    return isTerminal(operation.status);
  });
  return operation!;
}

/** Where the time went, from the journal. */
async function courseOf(server: TestServerProcess, ended: Operation, { beganWallMs, plannedMs }: { beganWallMs: number; plannedMs: number }): Promise<string> {
  let first = Infinity, last = 0;
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { moves: MoveRecord[]; nextCursor: string | null } = await api(server, 'GET', `/operations/${ended.id}/moves?limit=1000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    for (const { startedAtMs, finishedAtMs } of page.moves) {
      first = Math.min(first, startedAtMs ?? Infinity);
      last = Math.max(last, finishedAtMs ?? 0);
    }
    cursor = page.nextCursor;
  }
  const since = (ms: number) => `${Math.round(ms - beganWallMs)} ms`;
  const changes = ended.pacing?.changes ?? [];
  const paced = changes.length === 0 ? 'not paced' : `paced ${changes.map(({ reason, movesInFlight, dutyPercent }) => `${reason.code} ${movesInFlight}/${dutyPercent} %`).join(', ')}`;
  return `${paced}; planned after ${Math.round(plannedMs)} ms, first move begun after ${since(first)}, last landed after ${since(last)}, ended after ${since(ended.finishedAtMs ?? 0)}`;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Not done within ${LIMIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function api<T>(server: TestServerProcess, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${server.url}/api/v1${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? null : JSON.parse(text)) as T;
}
