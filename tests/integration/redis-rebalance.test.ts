/**
 * The main job, end to end: a real Redis Cluster under client load, our server as a
 * process of its own, everything through the HTTP API.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import { fillKeys, mixedValueBytes } from '../../scripts/redis/fill-keys';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import { succeed } from '../support/api-calls';
import { CheckerClient, type CheckerReport } from '../support/checker-client';
import { connectionTo, startRedisCluster } from '../support/redis-cluster';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';
import { makeFolder } from '../support/temporary-folder';

const cleanUps: (() => Promise<unknown> | undefined)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startCluster(): Promise<RedisClusterProcesses> {
  const redis = await startRedisCluster({ primaries: 3 });
  cleanUps.push(() => redis.stop());
  await fillKeys(redis.primaries, { keys: 60_000, valueBytes: mixedValueBytes });
  return redis;
}

async function startServer(dataDir: string): Promise<TestServerProcess> {
  const server = await spawnTestServer({ program: 'api', dataDir });
  cleanUps.push(() => server.end('SIGKILL'));
  return server;
}

async function eventually<T>(what: string, read: () => Promise<T>, isSo: (value: T) => boolean, limitMs = 60_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = await read();
    if (isSo(value)) return value;
    if (performance.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}; last ${JSON.stringify(value).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const operationOf = (server: TestServerProcess, id: string) => succeed<Operation>(server, 'GET', `/operations/${id}`);
const hasEnded = (operation: Operation) => ['succeeded', 'failed', 'canceled', 'superseded'].includes(operation.status);

/** Connects the cluster and adds an empty node by address, as an operator would. */
async function connectAndGrow(server: TestServerProcess, redis: RedisClusterProcesses): Promise<ClusterSummary> {
  const cluster = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Orders', connection: connectionTo(redis) } });
  const fresh = await redis.startNode();
  const { operation } = await succeed<{ operation: Operation }>(server, 'POST', `/clusters/${cluster.id}/nodes`, { body: { address: fresh.address } });
  const joined = await eventually('the node joined', () => operationOf(server, operation.id), hasEnded);
  expect(joined).toMatchObject({ status: 'succeeded' });
  await eventually('four nodes are seen', () => succeed<{ nodes: Node[] }>(server, 'GET', `/clusters/${cluster.id}/nodes`), ({ nodes }) => nodes.length === 4 && nodes.every((node) => node.liveness === 'alive'));
  redis.emptyPrimaries.push(fresh);
  return cluster;
}

async function startRebalance(server: TestServerProcess, clusterId: string): Promise<{ plan: Plan; operation: Operation }> {
  const plan = await succeed<Plan>(server, 'POST', `/clusters/${clusterId}/plans`, { body: { strategy: 'round-robin' } });
  expect(plan.steps.length).toBeGreaterThan(3_000);
  const { operation } = await succeed<{ operation: Operation }>(server, 'POST', `/plans/${plan.id}/approve`, { body: {} });
  return { plan, operation };
}

function expectNothingLost(report: CheckerReport): void {
  expect(report.errors).toEqual([]);
  expect(report).toMatchObject({ lost: 0, duplicated: 0, stale: 0, clientErrors: 0 });
  expect(report.acknowledged).toBeGreaterThan(1_000);
}

/** Asked of the servers themselves: who owns what, and is anything left open? */
async function expectEvenAndClosed(redis: RedisClusterProcesses): Promise<void> {
  await redis.waitUntilAgreed();
  const counts = await Promise.all(redis.members.map(async (node) => {
    const own = String(await node.call('CLUSTER', 'NODES')).split('\n').find((line) => line.includes('myself')) ?? '';
    expect(own).not.toMatch(/\[\d+-[<>]-/);
    return own.split(' ').slice(8).reduce((sum, range) => {
      const [first, last] = range.split('-').map(Number);
      return sum + ((last ?? first ?? 0) - (first ?? 0) + 1);
    }, 0);
  }));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(16_384);
  expect((Math.max(...counts) - 4_096) / 4_096).toBeLessThanOrEqual(0.1);
}

describe('rebalancing a real Redis Cluster through the API', () => {
  it('moves a quarter of the slots to an added node under load and loses nothing', async () => {
    const redis = await startCluster();
    const server = await startServer(makeFolder());
    const cluster = await connectAndGrow(server, redis);
    const checker = CheckerClient.start(redis, { operationsPerSecond: 800, durationMsMax: 400_000 });
    const { plan, operation } = await startRebalance(server, cluster.id);
    const ended = await eventually('the rebalance ended', () => operationOf(server, operation.id), hasEnded, 300_000);
    expect(ended).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length, movesFailed: 0 } });
    expectNothingLost(await checker.stop());
    await expectEvenAndClosed(redis);
    const again = await succeed<Plan>(server, 'POST', `/clusters/${cluster.id}/plans`, { body: { strategy: 'round-robin' } });
    expect(again.steps).toEqual([]);
  }, 480_000);

  it('[M9] a manager killed by SIGKILL in the middle goes on after its restart, and nothing is lost', async () => {
    const redis = await startCluster();
    const dataDir = makeFolder();
    const first = await startServer(dataDir);
    const cluster = await connectAndGrow(first, redis);
    const checker = CheckerClient.start(redis, { operationsPerSecond: 800, durationMsMax: 400_000 });
    const { plan, operation } = await startRebalance(first, cluster.id);
    await eventually('some moves are done', () => operationOf(first, operation.id), ({ progress }) => progress.movesDone > 200);
    await first.kill();
    const second = await startServer(dataDir);
    const recovered = await operationOf(second, operation.id);
    expect(recovered.progress.movesDone).toBeLessThan(plan.steps.length);
    const ended = await eventually('the rebalance ended', () => operationOf(second, operation.id), hasEnded, 300_000);
    expect(ended).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length, movesFailed: 0 } });
    expectNothingLost(await checker.stop());
    await expectEvenAndClosed(redis);
    const summary = await succeed<ClusterSummary>(second, 'GET', `/clusters/${cluster.id}`);
    expect(summary).toMatchObject({ name: 'Orders', epoch: 2, health: { status: 'healthy' } });
  }, 480_000);
});
