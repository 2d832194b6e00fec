/** A server that shares its machine with a real Redis Cluster: which priority its threads have, before, while and after shards move. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, getPriority } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { DomainEvent } from '@/lib/contract/events';
import type { Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import { GivingWay } from '@/lib/platform/giving-way';
import { linuxThreads } from '@/lib/server/linux-threads';
import { fillKeys, mixedValueBytes } from '../../scripts/redis/fill-keys';
import { succeed } from '../support/api-calls';
import { eventually } from '../support/eventually';
import { connectionTo, startRedisCluster } from '../support/redis-cluster';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';
import { makeFolder } from '../support/temporary-folder';

const cleanUps: (() => Promise<unknown> | undefined)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Gentle, so that a rebalance takes long enough to be looked at. */
const SLOW = { movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 1_500_000 };

/** Why it cannot be tested here; tried on this process, which the server has its rights from. */
function obstacle(): string | null {
  if (process.platform !== 'linux') return 'threads have no priority of their own here';
  let why: string | null = null;
  const way = new GivingWay({ threads: linuxThreads, ownHosts: () => () => true, told: (news) => { if (news.kind === 'not-possible') why = news.why; } });
  way.giveWayTo(['here:1'])[Symbol.dispose]();
  return why;
}

const why = obstacle();
if (why !== null) process.stderr.write(`tests/integration/giving-way.test.ts is skipped: ${why}\n`);

async function start(env: Readonly<Record<string, string>> = {}) {
  const redis = await startRedisCluster({ primaries: 3, emptyPrimaries: 1 });
  cleanUps.push(() => redis.stop());
  await fillKeys(redis.primaries, { keys: 40_000, valueBytes: mixedValueBytes });
  const server = await spawnTestServer({ program: 'api', dataDir: makeFolder(), env: { LOG_LEVEL: 'debug', ...env } });
  cleanUps.push(() => server.end('SIGKILL'));
  const cluster = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Orders', connection: connectionTo(redis) } });
  return { server, cluster };
}

async function rebalance(server: TestServerProcess, clusterId: string): Promise<Operation> {
  const plan = await succeed<Plan>(server, 'POST', `/clusters/${clusterId}/plans`, { body: { strategy: 'round-robin' } });
  return (await succeed<{ operation: Operation }>(server, 'POST', `/plans/${plan.id}/approve`, { body: { throttle: SLOW } })).operation;
}

const operationOf = (server: TestServerProcess, id: string) => succeed<Operation>(server, 'GET', `/operations/${id}`);

/** Of all its threads, with how many have each. Those that end while they are asked are left out. */
function priorities(server: TestServerProcess): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const id of readdirSync(`/proc/${server.child.pid!}/task`)) {
    const niceness = linuxThreads.niceness(Number(id));
    if (niceness !== null) counts[niceness] = (counts[niceness] ?? 0) + 1;
  }
  return counts;
}

/** All where they belong: planning threads 10 lower, the others as this process. */
const areBack = (counts: Record<number, number>) => Object.keys(counts).join() === `${getPriority()},${getPriority() + 10}` && counts[getPriority() + 10]! <= 2;
/** The others 10 lower than that, planning threads last. */
const areLow = (counts: Record<number, number>) => Object.keys(counts).join() === `${getPriority() + 10},19`;

describe.skipIf(why !== null || getPriority() < 0 || getPriority() >= 9)('a server on the machine of its cluster', () => {
  it('gives way while shards move, and neither before, nor when it is paused, nor afterwards', async () => {
    const { server, cluster } = await start();
    await eventually('plans for practice have begun', () => Promise.resolve(priorities(server)), areBack);
    const { id } = await rebalance(server, cluster.id);
    await eventually('all threads are low while shards move', async () => ({ moved: (await operationOf(server, id)).progress.movesDone, counts: priorities(server) }), ({ moved, counts }) => moved > 20 && areLow(counts));
    await succeed(server, 'POST', `/operations/${id}/pause`, { body: {} });
    await eventually('it is paused', () => operationOf(server, id), ({ status }) => status === 'paused');
    await eventually('all threads are back while it is paused', () => Promise.resolve(priorities(server)), areBack);
    await succeed(server, 'POST', `/operations/${id}/resume`, { body: {} });
    await eventually('all threads are low again', () => Promise.resolve(priorities(server)), areLow);
    await succeed(server, 'POST', `/operations/${id}/cancel`, { body: {} });
    await eventually('it has ended', () => operationOf(server, id), ({ status }) => status === 'canceled');
    await eventually('all threads are back', () => Promise.resolve(priorities(server)), areBack);
    const said = server.output.stderr.split('\n').filter((line) => line.includes('gives way'));
    expect(said.map((line) => JSON.parse(line) as unknown)).toEqual([expect.objectContaining({ level: 30, kind: 'giving-way', niceness: getPriority() + 10 })]);
  });

  it('does not where it is told not to', async () => {
    const { server, cluster } = await start({ GIVE_WAY: 'never' });
    const { id } = await rebalance(server, cluster.id);
    const seen = new Set<string>();
    await eventually('shards have moved', async () => {
      seen.add(Object.keys(priorities(server)).join());
      return await operationOf(server, id);
    }, ({ progress }) => progress.movesDone > 50);
    expect([...seen].filter((each) => each.split(',').includes('19'))).toEqual([]);
    expect(priorities(server)[getPriority()]).toBeGreaterThan(5);
  });

  it('[N4] believes no node silent for want of a core, though every core is taken by others', async () => {
    const { server, cluster } = await start();
    const { id } = await rebalance(server, cluster.id);
    await eventually('it gives way', () => Promise.resolve(priorities(server)), areLow);
    for (let core = 0; core < availableParallelism(); core += 1) {
      const taker = spawn(process.execPath, ['-e', 'const end = performance.now() + 60_000; while (performance.now() < end);'], { stdio: 'ignore' });
      cleanUps.push(async () => { taker.kill('SIGKILL'); await Promise.resolve(); });
    }
    const { progress: before } = await operationOf(server, id);
    const beganMs = performance.now();
    await eventually('it went on for five readings and more', () => operationOf(server, id), ({ progress }) => performance.now() - beganMs > 12_000 && progress.movesDone > before.movesDone);
    expect(areLow(priorities(server))).toBe(true);
    const { events } = await succeed<{ events: DomainEvent[] }>(server, 'GET', `/clusters/${cluster.id}/events`);
    expect(events.map(({ type }) => type)).toContain('operation.started');
    expect(events.filter(({ type }) => ['node.livenessChanged', 'node.quarantined', 'cluster.observationFailed'].includes(type))).toEqual([]);
    expect((await succeed<ClusterSummary>(server, 'GET', `/clusters/${cluster.id}`)).freeze).toBeNull();
  });
});

describe('the threads of Linux', () => {
  it.skipIf(process.platform !== 'linux')('are those of this process, and one that is not there is gone', () => {
    expect(linuxThreads.ids()).toContain(process.pid);
    expect(linuxThreads.niceness(linuxThreads.mainId)).toBe(getPriority());
    // Above the largest number that Linux gives (PID_MAX_LIMIT).
    const nobody = 2 ** 22 + 1;
    expect(linuxThreads.niceness(nobody)).toBeNull();
    expect(linuxThreads.setNiceness(nobody, 19)).toBe('gone');
    expect(readFileSync('/proc/self/stat', 'utf8').split(' ')[0]).toBe(String(linuxThreads.mainId));
  });
});
