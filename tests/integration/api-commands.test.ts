import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterSummary, ConnectionTest } from '@/lib/contract/cluster';
import type { Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { ShardRow } from '@/lib/contract/api';
import type { DomainEvent } from '@/lib/contract/events';
import type { Node } from '@/lib/contract/node';
import type { VersionedSettings } from '@/lib/contract/settings';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import { call, problemOf, succeed } from '@/tests/support/api-calls';
import { startTestServer, type TestServer } from '@/tests/support/start-server';

let server: TestServer;
let clusterId: string;

beforeAll(async () => {
  server = await startTestServer();
  const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters');
  clusterId = clusters[0]!.id;
});
afterAll(() => server.stop());

const at = (path: string) => `/clusters/${clusterId}${path}`;
const key = (name: string) => ({ 'idempotency-key': `test-key-${name}` });
const preview = (headers: Record<string, string> = {}) => succeed<Plan>(server, 'POST', at('/plans'), { body: { strategy: 'load-based', threshold: 0 }, headers });

/** Asks until the operation is as wanted. */
async function operationWhen(id: string, wanted: (operation: Operation) => boolean): Promise<Operation> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const operation = await succeed<Operation>(server, 'GET', `/operations/${id}`);
    if (wanted(operation)) return operation;
    if (Date.now() > deadline) throw new Error(`Still ${operation.status} (${operation.statusReason ?? ''})`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a first start', () => {
  it('shows the demo cluster, as the default simulator', async () => {
    const cluster = await succeed<ClusterSummary>(server, 'GET', at(''));
    expect(cluster).toMatchObject({ name: 'Demo', kind: 'simulator', connection: { nodeCount: 12, zoneCount: 3, shardCount: 1_024, replicationFactor: 3, lastNodeEmpty: true } });
    const { nodes, observedAtMs } = await succeed<{ nodes: Node[]; observedAtMs: number }>(server, 'GET', at('/nodes'));
    expect(nodes).toHaveLength(12);
    expect(observedAtMs).toBeGreaterThan(0);
    expect(await succeed<Node>(server, 'GET', at(`/nodes/${nodes[3]!.id}`))).toMatchObject({ id: nodes[3]!.id });
  });
});

describe('lists', () => {
  it('give every shard once, page by page, and by any order', async () => {
    const seen: number[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { shards: ShardRow[]; total: number; nextCursor: string | null } = await succeed(server, 'GET', at(`/shards?limit=300${cursor === '' ? '' : `&cursor=${cursor}`}`));
      expect(page.total).toBe(1_024);
      seen.push(...page.shards.map((shard) => shard.shardId));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: 1_024 }, (_, shardId) => shardId));
    const { shards } = await succeed<{ shards: ShardRow[] }>(server, 'GET', at('/shards?limit=50&orderBy=sizeBytes'));
    const sizes = shards.map((shard) => shard.sizeBytes!);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  it('of one node hold its shards only', async () => {
    const { shards } = await succeed<{ shards: ShardRow[] }>(server, 'GET', at('/shards?limit=1000&nodeId=node-01'));
    expect(shards.length).toBeGreaterThan(100);
    expect(shards.every((shard) => [shard.primaryNodeId, ...shard.secondaryNodeIds].includes('node-01'))).toBe(true);
  });

  it('of events can be filtered by several types', async () => {
    await succeed(server, 'POST', at('/nodes/node-02/cordon'));
    await succeed(server, 'POST', at('/nodes/node-02/uncordon'));
    const { events } = await succeed<{ events: DomainEvent[] }>(server, 'GET', at('/events?type=node.cordoned&type=node.uncordoned'));
    expect(events.map((event) => event.type)).toEqual(['node.uncordoned', 'node.cordoned']);
    expect(events[0]!.actor).toEqual({ kind: 'operator', name: 'local operator' });
  });
});

describe('connecting', () => {
  const connection = { kind: 'simulator', nodeCount: 3, shardCount: 16, replicationFactor: 1 };

  it('can be tried without keeping anything', async () => {
    const test = await succeed<ConnectionTest>(server, 'POST', '/clusters/test-connection', { body: { connection } });
    expect(test).toMatchObject({ reachable: true, nodeCount: 3, shardCount: 16 });
    expect((await succeed<{ clusters: unknown[] }>(server, 'GET', '/clusters')).clusters).toHaveLength(1);
  });

  it('refuses a name that is taken, and then is not half connected', async () => {
    const answer = await call(server, 'POST', '/clusters', { body: { name: 'Demo', connection } });
    expect(problemOf(answer)).toMatchObject({ status: 422, code: 'refused', refusals: [{ constraint: 'duplicate-name' }] });
    expect((await succeed<{ clusters: unknown[] }>(server, 'GET', '/clusters')).clusters).toHaveLength(1);
  });

  it('refuses what does not answer, with the reason', async () => {
    const redis = { kind: 'redis-cluster', seeds: ['127.0.0.1:1'], password: 'hunter2', commandTimeoutMs: 500 };
    for (const [path, body] of [['/clusters', { name: 'Nobody', connection: redis }], ['/clusters/test-connection', { connection: redis }]] as const) {
      const answer = await call(server, 'POST', path, { body });
      const problem = problemOf(answer);
      expect([problem.status, problem.code]).toEqual([422, 'refused']);
      expect(problem.refusals!.length).toBeGreaterThan(0);
      expect(JSON.stringify(problem)).not.toContain('hunter2');
    }
  });

  it('[R3] twice at once with one key makes one cluster, and disconnecting forgets it', async () => {
    const body = { name: 'Twin', connection };
    const answers = await Promise.all(Array.from({ length: 5 }, () => call(server, 'POST', '/clusters', { body, headers: key('connect') })));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    const ids = new Set(answers.map((answer) => (answer.body as ClusterSummary).id));
    expect(ids.size).toBe(1);
    const [id] = ids;
    const gone = await Promise.all([1, 2].map(() => call(server, 'DELETE', `/clusters/${id!}`, { headers: key('disconnect') })));
    expect(gone.map((answer) => [answer.status, answer.body])).toEqual([[204, null], [204, null]]);
    expect((await call(server, 'GET', `/clusters/${id!}`)).status).toBe(404);
  });
});

describe('settings', () => {
  const read = () => succeed<VersionedSettings>(server, 'GET', at('/settings'));

  it('[R4] built on an outdated generation are a 409 with what is stored', async () => {
    const { generation, settings } = await read();
    const change = { ...settings, rebalancing: { ...settings.rebalancing, imbalanceThreshold: 0.25 } };
    const saved = await succeed<VersionedSettings>(server, 'PUT', at('/settings'), { body: { generation, settings: change } });
    expect(saved).toEqual({ generation: generation + 1, settings: change });
    const late = await call(server, 'PUT', at('/settings'), { body: { generation, settings } });
    expect(problemOf(late)).toMatchObject({ status: 409, code: 'conflict', current: saved });
    expect(await read()).toEqual(saved);
  });

  it('[R4] two at once: one is saved, the other learns of it', async () => {
    const { generation, settings } = await read();
    const put = (imbalanceThreshold: number) => call(server, 'PUT', at('/settings'), {
      body: { generation, settings: { ...settings, rebalancing: { ...settings.rebalancing, imbalanceThreshold } } },
    });
    const statuses = (await Promise.all([put(0.3), put(0.4)])).map((answer) => answer.status);
    expect(statuses.sort()).toEqual([200, 409]);
  });
});

describe('a plan', () => {
  it('[R3] is made once for one key, and read again for the same answer', async () => {
    const first = await preview(key('preview'));
    expect(first.steps.length).toBeGreaterThan(0);
    expect(await preview(key('preview'))).toEqual(first);
    const other = await call(server, 'POST', at('/plans'), { body: { strategy: 'round-robin' }, headers: key('preview') });
    expect(problemOf(other)).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
  });

  it('[R3] approved by a double click is one operation with one answer; then throttled, paused, resumed and canceled', async () => {
    const plan = await preview();
    const approve = () => call(server, 'POST', `/plans/${plan.id}/approve`, { body: { throttle: THROTTLE_PRESETS.low }, headers: key(`approve-${plan.id}`) });
    const [first, second] = await Promise.all([approve(), approve()]);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body).toEqual(first.body);
    const { operation } = first.body as { operation: Operation };
    expect((await approve()).body).toEqual(first.body);
    const { operations } = await succeed<{ operations: Operation[] }>(server, 'GET', at('/operations'));
    expect(operations.filter((one) => one.planId === plan.id)).toHaveLength(1);

    const again = await call(server, 'POST', `/plans/${plan.id}/approve`);
    expect(problemOf(again)).toMatchObject({ status: 422, code: 'refused' });

    await operationWhen(operation.id, ({ status }) => status === 'running');
    const throttle = { movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 65_536 };
    expect(await succeed<Operation>(server, 'POST', `/operations/${operation.id}/throttle`, { body: { throttle } })).toMatchObject({ throttle });
    await succeed(server, 'POST', `/operations/${operation.id}/pause`);
    await operationWhen(operation.id, ({ status }) => status === 'paused');
    expect(problemOf(await call(server, 'POST', `/operations/${operation.id}/pause`))).toMatchObject({ status: 422, refusals: [{ constraint: expect.any(String) as string }] });
    await succeed(server, 'POST', `/operations/${operation.id}/resume`);
    await operationWhen(operation.id, ({ status }) => status === 'running');
    await succeed(server, 'POST', `/operations/${operation.id}/cancel`);
    await operationWhen(operation.id, ({ status }) => status === 'canceled');

    const { total, moves } = await succeed<{ total: number; moves: unknown[] }>(server, 'GET', `/operations/${operation.id}/moves?limit=5`);
    expect(total).toBe(plan.steps.length);
    expect(moves).toHaveLength(Math.min(5, total));
  });

  it('is refused in parts it does not have', async () => {
    const plan = await preview();
    const answer = await call(server, 'POST', `/plans/${plan.id}/approve`, { body: { stepCount: 0 } });
    expect(problemOf(answer).errors).toMatchObject([{ pointer: '#/stepCount' }]);
  });
});

describe('an Idempotency-Key', () => {
  it.each(['short', 'x'.repeat(129), 'with a space in it'])('that is %j is refused', async (value) => {
    const answer = await call(server, 'POST', at('/freeze'), { body: { reason: 'x' }, headers: { 'idempotency-key': value } });
    expect(problemOf(answer)).toMatchObject({ status: 400, code: 'invalid-idempotency-key' });
  });
});
