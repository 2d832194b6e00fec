/**
 * Mending as an operator does it, through the HTTP API of a server in a process of its own:
 * look, order, be killed half-way, go on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { DomainEvent } from '@/lib/contract/events';
import type { Operation } from '@/lib/contract/operation';
import type { MendPreview } from '@/lib/contract/shard-mending';
import { hashSlotOf } from '../../scripts/redis/hash-slot';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../scripts/redis/redis-process';
import { call, problemOf, succeed } from '../support/api-calls';
import { freshTag, strayKeys } from '../support/broken-slots';
import { eventually } from '../support/eventually';
import { connectionTo, startRedisCluster } from '../support/redis-cluster';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

let redis: RedisClusterProcesses;
let nodes: RedisProcess[];
let server: TestServerProcess;
let clusterId: string;
const dataDir = mkdtempSync(join(tmpdir(), 'phantom-scale-mending-'));

const startServer = () => spawnTestServer({ program: 'api', dataDir });

beforeAll(async () => {
  redis = await startRedisCluster({ primaries: 3, nodeTimeoutMs: 1_500 });
  nodes = [...redis.primaries];
  server = await startServer();
  clusterId = (await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Orders', connection: connectionTo(redis) } })).id;
  await eventually('the cluster is read', () => succeed<ClusterSummary>(server, 'GET', at('')), ({ observedAtMs, totals }) => observedAtMs !== null && totals.shards === 16_384);
});

afterAll(async () => {
  await server.end('SIGKILL');
  await redis.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const at = (path: string) => `/clusters/${clusterId}${path}`;
const look = () => succeed<MendPreview>(server, 'GET', at('/mending'));
const order = (body: unknown, headers: Record<string, string> = {}) => call(server, 'POST', at('/mending'), { body, headers });
const ended = (id: string) => eventually('it ended', () => succeed<Operation>(server, 'GET', `/operations/${id}`), ({ finishedAtMs }) => finishedAtMs !== null, 60_000);
const accepted = (answer: { readonly body: unknown }) => (answer.body as { operation: Operation }).operation;
const refusals = async (body: unknown) => problemOf(await order(body)).refusals?.map(({ constraint }) => constraint);

async function deleteSlot(slot: number): Promise<void> {
  for (const node of nodes) await node.call('CLUSTER', 'DELSLOTS', slot).catch(() => undefined);
}

describe('what cannot be mended', () => {
  it('is refused with typed reasons', async () => {
    const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters');
    const demo = clusters.find(({ kind }) => kind === 'simulator')!;
    expect(demo.capabilities.mendShards).toBe(false);
    expect(problemOf(await call(server, 'GET', `/clusters/${demo.id}/mending`)).refusals?.[0]).toMatchObject({ constraint: 'not-supported' });
    expect(problemOf(await call(server, 'POST', `/clusters/${demo.id}/mending`, { body: { fingerprint: 'x' } })).refusals?.[0]).toMatchObject({ constraint: 'not-supported' });
    expect(problemOf(await call(server, 'GET', '/clusters/none/mending')).status).toBe(404);
    const { findings, fingerprint } = await look();
    expect(findings).toEqual([]);
    expect(await refusals({ fingerprint })).toEqual(['not-broken']);
  });

  it('nor are shards that are not broken, unknown, or none at all', async () => {
    const slot = 100;
    await deleteSlot(slot);
    const { fingerprint, findings } = await look();
    expect(findings).toMatchObject([{ fault: 'unassigned', ranges: [{ first: slot, last: slot }], shardCount: 1, refusal: null }]);
    expect(await refusals({ fingerprint, shardIds: [slot, 101] })).toEqual(['not-broken']);
    expect(await refusals({ fingerprint, shardIds: [20_000] })).toEqual(['unknown-shard']);
    expect(await refusals({ fingerprint, confirmName: 'Ordres' })).toEqual(['wrong-name']);
    expect(await refusals({ fingerprint, acceptLoss: true })).toEqual(['wrong-name']);
    for (const body of [{}, { fingerprint, shardIds: [] }, { fingerprint, shardIds: [-1] }, { fingerprint, more: 1 }]) expect(problemOf(await order(body)).status, JSON.stringify(body)).toBe(400);
    const conflict = problemOf(await order({ fingerprint: 'another' }));
    expect(conflict).toMatchObject({ status: 409, current: { fingerprint } });
  });

  it('nor is anything while automation is frozen', async () => {
    const { fingerprint } = await look();
    await succeed(server, 'POST', at('/freeze'), { body: { reason: 'a test' } });
    expect((await look()).refusals).toMatchObject([{ constraint: 'frozen' }]);
    expect(await refusals({ fingerprint })).toEqual(['frozen']);
    await succeed(server, 'POST', at('/unfreeze'));
  });
});

describe('mending', () => {
  it('[R3] is one operation for one key, with its steps, events and result', async () => {
    const { fingerprint } = await look();
    const headers = { 'idempotency-key': 'mend-one-slot' };
    const [first, second] = [await order({ fingerprint }, headers), await order({ fingerprint }, headers)];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(accepted(second).id).toBe(accepted(first).id);
    const operation = await ended(accepted(first).id);
    expect(operation).toMatchObject({ kind: 'mend-shards', status: 'succeeded', mending: { steps: [{ fault: 'unassigned', shardCount: 1, result: { shardsMended: 1, keysMoved: 0, keysKept: 0 } }] } });
    expect(operation.stages.map(({ kind, status }) => [kind, status])).toEqual([['mend-shards', 'done'], ['verify-mended', 'done']]);
    const { events } = await succeed<{ events: DomainEvent[] }>(server, 'GET', at(`/events?operationId=${operation.id}`));
    expect(events.map(({ type }) => type)).toEqual(['operation.succeeded', 'operation.started', 'operation.queued']);
    expect((await look()).findings).toEqual([]);
    await redis.waitUntilAgreed();
  });

  it('[M9] [M13] is paused, killed with the manager half-way, and brought to its end by the next', async () => {
    const { slot, ids } = await splitSlot(600);
    const { fingerprint, findings } = await look();
    expect(findings[0]).toMatchObject({ holders: expect.arrayContaining([{ nodeId: ids[1], keyCount: 600 }]) as unknown, remedy: { gathersFrom: [{ nodeId: ids[1], keyCount: 600 }] } });
    const throttle = { movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 65_536 };
    const operation = accepted(await order({ fingerprint, throttle }));
    await eventually('some keys have moved', () => countOn(1, slot), (left) => left < 600);
    expect(await refusals({ fingerprint })).toEqual(['operation-running']);
    await succeed(server, 'POST', `/operations/${operation.id}/pause`, { body: {} });
    await eventually('it rests', () => succeed<Operation>(server, 'GET', `/operations/${operation.id}`), ({ status }) => status === 'paused');
    const left = await countOn(1, slot);
    expect(left).toBeGreaterThan(0);
    await succeed(server, 'POST', `/operations/${operation.id}/resume`, { body: {} });
    await eventually('it goes on', () => countOn(1, slot), (now) => now < left);
    await server.kill();
    expect(await countOn(1, slot)).toBeGreaterThan(0);
    server = await startServer();
    expect(await ended(operation.id)).toMatchObject({ status: 'succeeded', mending: { steps: [{ result: { shardsMended: 1 } }, { result: { shardsMended: 1, keysKept: 0 } }] } });
    expect([await countOn(0, slot), await countOn(1, slot)]).toEqual([1_300, 0]);
    expect((await look()).findings).toEqual([]);
  });

  it('[M24] brings keys astray to their owner only where their shard is named', async () => {
    const { tag, slot } = freshTag({ owner: 2, primaries: 3 });
    await eventually('it serves', async () => String(await nodes[2]!.call('CLUSTER', 'INFO')), (info) => info.includes('cluster_state:ok'), 20_000);
    await strayKeys(slot, { on: nodes[0]!, owner: nodes[2]!, pairs: [[`${tag}:1`, 'a'], [`${tag}:2`, 'b']] });
    const { fingerprint, findings } = await look();
    expect(findings).toMatchObject([{ fault: 'strayed', caution: expect.stringContaining('would come back') as unknown, remedy: { kind: 'keep' } }]);
    expect(problemOf(await order({ fingerprint })).refusals).toMatchObject([{ constraint: 'shards-not-named', shardId: slot, count: 1, numbers: { shards: 1 } }]);
    const operation = await ended(accepted(await order({ fingerprint, shardIds: [slot] })).id);
    expect(operation).toMatchObject({ status: 'succeeded', mending: { steps: [{ fault: 'strayed', result: { shardsMended: 1, keysMoved: 2 } }] } });
    expect([await countOn(2, slot), await countOn(0, slot)]).toEqual([2, 0]);
    expect((await look()).findings).toEqual([]);
  });

  it('[M24] has not succeeded while a key has two values, and says which', async () => {
    const { tag } = await splitSlot(2, { otherValue: 'another' });
    const operation = await ended(accepted(await order({ fingerprint: (await look()).fingerprint })).id);
    expect(operation).toMatchObject({ status: 'failed', progress: { movesFailed: 1 } });
    expect(operation.statusReason).toContain('1 key has two values');
    expect(operation.statusReason).toContain(`${tag}:0`);
    expect((await look()).findings).toMatchObject([{ fault: 'open', remedy: { kind: 'keep' } }]);
  });
});

const countOn = async (node: number, slot: number) => Number(await nodes[node]!.call('CLUSTER', 'COUNTKEYSINSLOT', slot));

let splits = 0;
/** A slot that nobody serves, with 700 keys on the first node and others on the second; with `otherValue` one of the first node's there too. */
async function splitSlot(strays: number, { otherValue }: { readonly otherValue?: string } = {}): Promise<{ slot: number; tag: string; ids: string[] }> {
  let tag: string;
  do tag = `{split${splits += 1}}`; while (hashSlotOf(`split${splits}`) > 5_000);
  const slot = hashSlotOf(`split${splits}`);
  const ids = await Promise.all(nodes.map((node) => redis.idOf(node)));
  const value = 'x'.repeat(200);
  await eventually('it serves', async () => String(await nodes[0]!.call('CLUSTER', 'INFO')), (info) => info.includes('cluster_state:ok'), 20_000);
  for (let n = 0; n < 700; n += 1) await nodes[0]!.call('SET', `${tag}:${n}`, value);
  await nodes[1]!.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[0]!);
  const pairs = Array.from({ length: strays }, (_, n): [string, string] => [`${tag}:stray${n}`, value]);
  if (otherValue !== undefined) pairs.push([`${tag}:0`, otherValue]);
  for (const [key, content] of pairs) {
    await nodes[1]!.call('ASKING');
    await nodes[1]!.call('SET', key, content);
  }
  await nodes[1]!.call('CLUSTER', 'SETSLOT', slot, 'STABLE');
  await deleteSlot(slot);
  return { slot, tag, ids };
}
