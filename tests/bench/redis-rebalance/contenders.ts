/** Who rebalances: redis-cli with its pipeline, or the whole of our product with a throttle preset. */
import { spawn } from 'node:child_process';
import { fillKeys } from '@/scripts/redis/fill-keys';
import { RedisClusterProcesses } from '@/scripts/redis/redis-cluster-processes';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import { isTerminal, THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import type { Plan } from '@/lib/contract/plan';
import { connectionTo } from '@/tests/support/redis-cluster';
import { bindTo, CORES } from './cores';
import { filledName } from './filled-name';
import { prepareChunks } from './frontier';
import type { Prepared } from './prepared';
import { spawnTestServer, type TestServerProcess } from '@/tests/support/start-server';

export type Preset = keyof typeof THROTTLE_PRESETS;
export type Contender =
  | { readonly kind: 'cli'; readonly pipeline: number }
  | { readonly kind: 'ours'; readonly preset: Preset }
  /** Our driver alone, with chunks of so many slots; on servers with atomic migration. */
  | { readonly kind: 'chunks'; readonly chunk: number };

const LIMIT_MS = 600_000;
const POLL_MS = 250;
const REHEARSAL = { keys: 20_000, bytes: 100 } as const;

export function nameOf(contender: Contender): string {
  if (contender.kind === 'chunks') return `chunks of ${contender.chunk}`;
  return contender.kind === 'cli' ? `redis-cli, pipeline ${contender.pipeline}` : `ours, ${contender.preset}`;
}

/** `manager`: where the contender is ours. */
export async function prepare(contender: Contender, cluster: RedisClusterProcesses, { cli, manager, apart }: { cli: string; manager: TestServerProcess | null; apart: boolean }): Promise<Prepared> {
  if (contender.kind === 'chunks') return await prepareChunks(cluster, contender.chunk);
  if (contender.kind === 'cli') return prepareCli(cluster, { cli, apart }, contender.pipeline);
  if (manager === null) throw new Error('Ours needs a manager');
  return await prepareOurs(manager, cluster, contender.preset);
}

/**
 * A manager that has been running for a while: a service, as ours is, and it has made a
 * rebalance before, so that its code is compiled. It serves all runs of a bench.
 */
export async function startManager(server: string, { niceness, apart }: { niceness: number | null; apart: boolean }): Promise<TestServerProcess> {
  const manager = await spawnTestServer({ program: 'api', ...(niceness !== null && { env: { NICENESS: String(niceness) } }) });
  if (apart) bindTo(CORES.mover, manager.child.pid);
  try {
    for (const { id } of (await api<{ clusters: ClusterSummary[] }>(manager, 'GET', '/clusters')).clusters) await api(manager, 'DELETE', `/clusters/${id}`);
    for (const preset of ['default', 'high'] as const) await rehearse(manager, server, preset);
    return manager;
  } catch (error) {
    await manager.stop();
    throw error;
  }
}

async function rehearse(manager: TestServerProcess, server: string, preset: Preset): Promise<void> {
  const cluster = await RedisClusterProcesses.start({ binary: server, primaries: 3, emptyPrimaries: 1 });
  try {
    await fillKeys(cluster.primaries, { keys: REHEARSAL.keys, valueBytes: () => REHEARSAL.bytes, nameOf: filledName });
    const prepared = await prepareOurs(manager, cluster, preset);
    await (await prepared.run(() => undefined)).note();
    await prepared.stop();
  } finally {
    await cluster.stop();
  }
}

function prepareCli(cluster: RedisClusterProcesses, { cli, apart }: { cli: string; apart: boolean }, pipeline: number): Prepared {
  const args = ['--cluster', 'rebalance', cluster.seeds[0]!, '--cluster-use-empty-masters', '--cluster-pipeline', String(pipeline)];
  return {
    async run(told) {
      const beganAtMs = performance.now();
      const child = spawn(cli, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      if (apart) bindTo(CORES.mover, child.pid);
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
      return { seconds: (performance.now() - beganAtMs) / 1_000, note: () => Promise.resolve(`${marks} slots`) };
    },
    stop: () => Promise.resolve(),
  };
}

async function prepareOurs(manager: TestServerProcess, cluster: RedisClusterProcesses, preset: Preset): Promise<Prepared> {
  const { id } = await api<ClusterSummary>(manager, 'POST', '/clusters', { name: 'Bench', connection: connectionTo(cluster) });
  await until(async () => (await api<ClusterSummary>(manager, 'GET', `/clusters/${id}`)).observedAtMs !== null);
  return {
    async run(told) {
      const beganAtMs = performance.now();
      const beganWallMs = Date.now();
      const plan = await api<Plan>(manager, 'POST', `/clusters/${id}/plans`, { strategy: 'round-robin' });
      const plannedMs = performance.now() - beganAtMs;
      const { operation } = await api<{ operation: Operation }>(manager, 'POST', `/plans/${plan.id}/approve`, { throttle: THROTTLE_PRESETS[preset] });
      const approvedMs = performance.now() - beganAtMs;
      // The look at the clients' latency afterwards, for the report, is no moving: neither its time nor its calm counts.
      const moved = await watch(manager, operation.id, (now) => {
        told(now.progress.movesDone / Math.max(1, now.progress.movesTotal));
        return isTerminal(now.status) || movedAtMsOf(now) !== null;
      });
      const seconds = ((movedAtMsOf(moved) ?? Date.now()) - beganWallMs) / 1_000;
      return {
        seconds,
        note: async () => {
          const ended = await watch(manager, operation.id, ({ status }) => isTerminal(status));
          if (ended.status !== 'succeeded') throw new Error(`The operation is ${ended.status}: ${ended.statusReason ?? ''}`);
          return `${plan.steps.length} slots; ${await courseOf(manager, ended, { beganWallMs, plannedMs, approvedMs })}`;
        },
      };
    },
    stop: async () => { await api(manager, 'DELETE', `/clusters/${id}`); },
  };
}

/** By the operation's own record: asking more often than a console does would be a load of its own. */
function movedAtMsOf({ stages }: Operation): number | null {
  return stages.find(({ kind }) => kind === 'execute-plan')?.finishedAtMs ?? null;
}

async function watch(manager: TestServerProcess, operationId: string, isEnough: (operation: Operation) => boolean): Promise<Operation> {
  let operation: Operation | null = null;
  await until(async () => {
    operation = await api<Operation>(manager, 'GET', `/operations/${operationId}`);
    return isEnough(operation);
  });
  return operation!;
}

/** Where the time went, from the journal. */
async function courseOf(manager: TestServerProcess, ended: Operation, { beganWallMs, plannedMs, approvedMs }: { beganWallMs: number; plannedMs: number; approvedMs: number }): Promise<string> {
  let first = Infinity, last = 0;
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { moves: MoveRecord[]; nextCursor: string | null } = await api(manager, 'GET', `/operations/${ended.id}/moves?limit=1000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    for (const { startedAtMs, finishedAtMs } of page.moves) {
      first = Math.min(first, startedAtMs ?? Infinity);
      last = Math.max(last, finishedAtMs ?? 0);
    }
    cursor = page.nextCursor;
  }
  const since = (ms: number) => `${Math.round(ms - beganWallMs)} ms`;
  const changes = ended.pacing?.changes ?? [];
  const paced = changes.length === 0 ? 'not paced' : `paced ${changes.map(({ reason, movesInFlight, dutyPercent }) => `${reason.code} ${movesInFlight}/${dutyPercent} %`).join(', ')}`;
  return `${paced}; planned after ${Math.round(plannedMs)} ms, approved after ${Math.round(approvedMs)} ms, first move begun after ${since(first)}, last landed after ${since(last)}, ended after ${since(ended.finishedAtMs ?? 0)}`;
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
