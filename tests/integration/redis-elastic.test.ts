/**
 * The product's promise, by itself: a real Redis Cluster whose load rises gets more
 * processes, with their data, and gives them back when the load goes. Nobody presses
 * anything, and clients with a memory lose nothing.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import { isTerminal, type Operation } from '@/lib/contract/operation';
import type { Provisioning } from '@/lib/contract/provisioner';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { PolicyVersion } from '@/lib/contract/scaling-view';
import type { VersionedSettings } from '@/lib/contract/settings';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';
import { fillKeys } from '../../scripts/redis/fill-keys';
import { call, succeed } from '../support/api-calls';
import { CheckerClient, type CheckerReport } from '../support/checker-client';
import { eventually } from '../support/eventually';
import { LocalNodes } from '../support/local-nodes';
import { requireServers } from '../support/redis-binary';
import { connectionTo, startRedisCluster } from '../support/redis-cluster';
import { primariesBy } from '../support/redis-info';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';
import { makeFolder } from '../support/temporary-folder';

const cleanUps: (() => Promise<unknown> | undefined)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const CALM_PER_SECOND = 300;
const BUSY_PER_SECOND = 2_200;
const QUERIES_PER_NODE = 450;
const CHANGE_MS_MAX = 75_000;

/** Quick for a test: hours are seconds. The rule is of queries, which tell the load whatever else the machine does. */
function quickPolicy(): PolicyDocument {
  const base = defaultPolicy();
  return {
    ...base, name: 'Elastic', mode: 'automatic', intervalMs: 1_000,
    rules: [{ kind: 'target', id: 'queries', metric: 'queriesPerSecond', aggregate: 'mean', target: QUERIES_PER_NODE, outTolerance: 0.1, inTolerance: 0.15 }],
    bounds: { nodeCountMin: 3, nodeCountMax: 5, multipleOf: 1 },
    out: { stabilizationMs: 2_000, step: { nodes: 2, percent: 100, periodMs: 1_000 } },
    in: { ...base.in, stabilizationMs: 4_000, step: { nodes: 1, percent: 10, periodMs: 1_000 }, cooldownMs: 3_000, paybackMs: 0 },
    prediction: { ...base.prediction, enabled: false },
  };
}

function expectNothingLost(report: CheckerReport): void {
  expect(report.errors).toEqual([]);
  expect(report).toMatchObject({ lost: 0, duplicated: 0, resurrected: 0, stale: 0, clientErrors: 0 });
  expect(report.acknowledged).toBeGreaterThan(1_000);
}

describe('a Redis Cluster with an automatic policy and the provisioner local-process', () => {
  it('grows by real processes under rising load and shrinks again when the load goes; acknowledged writes stay', async () => {
    const redis = await startRedisCluster({ primaries: 3 });
    cleanUps.push(() => redis.stop());
    await fillKeys(redis.primaries, { keys: 12_000, valueBytes: (n) => 50 + (n % 300) });
    const nodes = new LocalNodes();
    cleanUps.push(() => nodes.stop());
    const server = await startServer(nodes);
    const cluster = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Elastic', connection: connectionTo(redis) } });
    await choose(server, cluster.id);
    const calm = CheckerClient.start(redis, { operationsPerSecond: CALM_PER_SECOND, workers: 8, nodesLeave: true, durationMsMax: 400_000 });
    await succeed<PolicyVersion>(server, 'PUT', `/clusters/${cluster.id}/scaling/default/policies/active`, { body: { generation: 0, policy: quickPolicy() } });

    const busy = CheckerClient.start(redis, { operationsPerSecond: BUSY_PER_SECOND - CALM_PER_SECOND, workers: 24, prefix: 'busy', nodesLeave: true, durationMsMax: 400_000 });
    const sizes = () => primariesBy(redis.seeds[0]!);
    const grown = await eventually('five primaries share the slots', sizes, (by) => by.size === 5 && [...by.values()].every((slots) => slots > 1_000), CHANGE_MS_MAX);
    expect(nodes.pids()).toHaveLength(2);
    expect([...grown.values()].reduce((sum, slots) => sum + slots, 0)).toBe(16_384);
    await untilQuiet(server, cluster.id);
    const provisioning = await provisioningOf(server, cluster.id);
    expect(provisioning).toMatchObject({ provisioner: { name: 'here', kind: 'local-process' }, failures: 0, findings: [], provisions: [{ status: 'joined' }, { status: 'joined' }] });
    for (const { address } of provisioning.provisions) expect(grown.get(address!)).toBeGreaterThan(1_000);

    expectNothingLost(await busy.stop());
    await eventually('three primaries are left', sizes, (by) => by.size === 3, CHANGE_MS_MAX);
    await eventually('what was made is returned', () => provisioningOf(server, cluster.id), ({ provisions }) => provisions.length === 0, CHANGE_MS_MAX);
    expect(nodes.pids()).toEqual([]);
    await untilQuiet(server, cluster.id);
    // Before the checker reads all back at once, which is load of its own.
    await expectOnItsOwn(server, cluster.id);
    expectNothingLost(await calm.stop());
    await redis.waitUntilAgreed();
  }, 300_000);
});

async function startServer(nodes: LocalNodes): Promise<TestServerProcess> {
  const folder = makeFolder();
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({
    provisioners: { here: { kind: 'local-process', program: { kind: 'redis', path: requireServers()[0].path, directives: { 'cluster-node-timeout': '2000', 'save': '""' } }, folder: nodes.folder, portMin: nodes.portMin, portMax: nodes.portMax } },
  }));
  const server = await spawnTestServer({ program: 'api', dataDir: join(folder, 'data'), env: { CONFIG_FILE: file } });
  cleanUps.push(() => server.end('SIGKILL'));
  return server;
}

/** The file says what there is; the settings say that this cluster uses it. */
async function choose(server: TestServerProcess, clusterId: string): Promise<void> {
  const { generation, settings } = await succeed<VersionedSettings>(server, 'GET', `/clusters/${clusterId}/settings`);
  expect((await provisioningOf(server, clusterId)).provisioner).toBeNull();
  const refused = await call(server, 'POST', `/clusters/${clusterId}/scale-out`, { body: { nodeCount: 1 } });
  expect(refused).toMatchObject({ status: 422, body: { refusals: [{ constraint: 'no-provisioner' }] } });
  const unknown = await call(server, 'PUT', `/clusters/${clusterId}/settings`, { body: { generation, settings: { ...settings, scaling: { ...settings.scaling, provisioner: 'elsewhere' } } } });
  expect(unknown).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/settings/scaling/provisioner', code: 'unknown-provisioner' }] } });
  await succeed(server, 'PUT', `/clusters/${clusterId}/settings`, { body: { generation, settings: { ...settings, observationIntervalMs: 500, scaling: { ...settings.scaling, provisioner: 'here' } } } });
}

const provisioningOf = (server: TestServerProcess, clusterId: string) => succeed<Provisioning>(server, 'GET', `/clusters/${clusterId}/provisioning`);

async function untilQuiet(server: TestServerProcess, clusterId: string): Promise<void> {
  await eventually('no operation runs', () => succeed<ClusterSummary>(server, 'GET', `/clusters/${clusterId}`), ({ operations }) => operations.length === 0);
}

/** All that happened was ordered by the policy, one node at a time on the way down, and succeeded. It may still even out what is left. */
async function expectOnItsOwn(server: TestServerProcess, clusterId: string): Promise<void> {
  const list = async () => (await succeed<{ operations: Operation[] }>(server, 'GET', `/clusters/${clusterId}/operations`)).operations;
  const operations = await eventually('all have ended', list, (all) => all.every(({ status }) => isTerminal(status)));
  expect(operations.filter(({ status, createdBy }) => status !== 'succeeded' || createdBy.kind !== 'automation').map(({ kind, status, statusReason, createdBy }) => ({ kind, status, statusReason, createdBy }))).toEqual([]);
  const ins = operations.filter(({ kind }) => kind === 'scale-in');
  expect(ins).toHaveLength(2);
  for (const { stages } of ins) expect(stages.map(({ kind, status }) => `${kind} ${status}`)).toEqual(['cordon done', 'execute-plan done', 'verify-empty done', 'leave done', 'deprovision done']);
  expect(operations.filter(({ kind }) => kind === 'scale-out').length).toBeGreaterThanOrEqual(1);
}
