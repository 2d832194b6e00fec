import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '@/lib/api/routes';
import type { ClusterSummary } from '@/lib/contract/cluster';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';
import { call, problemOf, succeed, type CallOptions } from '@/tests/support/api-calls';
import { startTestServer, type TestServer } from '@/tests/support/start-server';

let server: TestServer;
let clusterId: string;

beforeAll(async () => {
  server = await startTestServer();
  const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters');
  clusterId = clusters[0]!.id;
});
afterAll(() => server.stop());

/** Paths are written with `:c` for the cluster that exists. */
const at = (path: string) => path.replace(':c', clusterId);

async function pointersOf(method: string, path: string, options: CallOptions = {}): Promise<string[]> {
  const problem = problemOf(await call(server, method, at(path), options));
  expect([problem.status, problem.code]).toEqual([400, 'invalid-request']);
  return problem.errors!.map((error) => error.pointer).sort();
}

describe('every route', () => {
  const concrete = (path: string) => path.replaceAll(/\{\w+\}/g, 'unknown_id');
  const withIds = ROUTES.filter((route) => route.path.includes('{'));
  /** Bodies that are valid in themselves, so that only the id can be wrong. */
  const bodies: Readonly<Record<string, object>> = {
    'clusters.freeze': { reason: 'a test' }, 'nodes.drain': { planId: 'plan_x' }, 'nodes.decommission': { confirmName: 'x' },
    'plans.preview': { strategy: 'load-based' }, 'plans.whatIf': { strategy: 'optimal' }, 'operations.throttle': { throttle: DEFAULT_SETTINGS.throttle },
    'settings.update': { generation: 1, settings: DEFAULT_SETTINGS }, 'operations.reorder': { operationIds: ['operation_x'] },
    'nodes.replace': { confirmName: 'x' }, 'mending.start': { fingerprint: 'x' }, 'nodes.scaleIn': { nodeIds: ['node_x'], planId: 'plan_x', confirmName: 'x' },
    'scaling.savePolicy': { generation: 0, policy: defaultPolicy() }, 'scaling.promote': { generation: 0, mode: 'manual' }, 'scaling.restore': { generation: 1, from: 1 },
    'scaling.backtest': { policy: defaultPolicy() }, 'scaling.setOverride': { nodeCount: 4, durationMs: 60_000, reason: 'x' },
  };
  const queries: Readonly<Record<string, string>> = { 'metrics.query': '?metric=cpu&fromMs=0&toMs=1', 'routing.locate': '?key=x', 'scaling.diff': '?from=1&to=2' };

  it.each(withIds.map((route) => [route.id, route] as const))('%s answers an unknown id with 404', async (_id, { id, method, path }) => {
    const answer = await call(server, method, concrete(path) + (queries[id] ?? ''), { body: method === 'GET' ? undefined : bodies[id] });
    expect(problemOf(answer)).toMatchObject({ status: 404, code: 'not-found' });
  });

  it.each(ROUTES.map((route) => [route.id, route] as const))('%s refuses a field that it does not have', async (_id, { id, method, path }) => {
    const target = method === 'GET' ? `${concrete(path)}?surprise=1` : concrete(path);
    const answer = await call(server, method, target, { body: method === 'GET' ? undefined : { ...bodies[id], surprise: 1 } });
    expect(problemOf(answer).errors).toContainEqual(expect.objectContaining({ pointer: '#/surprise', code: 'unknown-field' }));
  });

  it.each(ROUTES.map((route) => [route.id, route] as const))('%s refuses an id that cannot be one', async (_id, { id, method, path }) => {
    if (!path.includes('{')) return;
    const answer = await call(server, method, path.replaceAll(/\{\w+\}/g, 'a%20b%2F%3Cscript%3E') + (queries[id] ?? ''), { body: method === 'GET' ? undefined : bodies[id] });
    expect(problemOf(answer)).toMatchObject({ status: 400, code: 'invalid-request' });
  });

  it.each(ROUTES.filter((route) => route.method !== 'GET').map((route) => [route.id, route] as const))('%s takes JSON objects only', async (_id, { method, path }) => {
    const target = concrete(path);
    const codes = await Promise.all([
      call(server, method, target, { body: '{"a":' }), call(server, method, target, { body: '[1,2]' }), call(server, method, target, { body: '"text"' }),
      call(server, method, target, { body: '{"threshold":NaN}' }), call(server, method, target, { body: 'a=1', headers: { 'content-type': 'text/plain' } }),
    ]);
    expect(codes.map((answer) => problemOf(answer).code)).toEqual(['malformed-json', 'malformed-json', 'malformed-json', 'malformed-json', 'unsupported-content-type']);
  });
});

describe('what is not a route', () => {
  it('is 404 as a problem', async () => {
    for (const path of ['/', '/nothing', '/clusters/', '/clusters//nodes', '/../../etc/passwd', '/clusters/%00']) {
      expect([400, 404]).toContain(problemOf(await call(server, 'GET', path)).status);
    }
  });

  it('is 405 with the methods that there are', async () => {
    const answer = await call(server, 'PATCH', at('/clusters/:c'));
    expect(problemOf(answer)).toMatchObject({ status: 405, code: 'wrong-method' });
    expect(answer.headers.get('allow')).toBe('GET, HEAD, DELETE');
    expect((await call(server, 'POST', '/openapi.json', { body: {} })).status).toBe(405);
  });

  it('a HEAD request is answered without a body', async () => {
    const answer = await call(server, 'HEAD', '/clusters');
    expect([answer.status, answer.body]).toEqual([200, null]);
  });
});

describe('bodies', () => {
  it('beyond 1 MiB are refused before they are read to the end', async () => {
    const answer = await call(server, 'POST', '/clusters', { body: { name: 'x'.repeat(1024 * 1024) } });
    expect(problemOf(answer)).toMatchObject({ status: 413, code: 'body-too-large' });
    expect((await call(server, 'GET', '/clusters')).status).toBe(200);
  });

  it('beyond 1 MiB are refused when their length is not told, too', async () => {
    const { port } = new URL(server.url);
    const outgoing = request({ port, host: '127.0.0.1', method: 'POST', path: '/api/v1/clusters', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } });
    for (let chunk = 0; chunk < 20; chunk += 1) outgoing.write('x'.repeat(64 * 1024));
    outgoing.end();
    const [response] = await once(outgoing, 'response') as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(413);
  });

  it('that were too large leave a connection that can be used again', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { port } = new URL(server.url);
    const statusOf = async (method: string, body?: string) => {
      const outgoing = request({ agent, port, host: '127.0.0.1', method, path: '/api/v1/clusters', headers: { 'content-type': 'application/json' } });
      outgoing.end(body);
      const [response] = await once(outgoing, 'response') as [IncomingMessage];
      // Once it is read to the end, the connection goes back to the agent and is no longer the response's.
      const { localPort } = response.socket;
      response.resume();
      await once(response, 'end');
      return [response.statusCode, localPort] as const;
    };
    const [refused, firstPort] = await statusOf('POST', 'x'.repeat(3 * 1024 * 1024));
    const [listed, secondPort] = await statusOf('GET');
    agent.destroy();
    expect([refused, listed]).toEqual([413, 200]);
    expect(secondPort).toBe(firstPort);
  });
});

describe('numbers and types', () => {
  it.each([
    ['a number as text', { strategy: 'load-based', threshold: '0.1' }, ['#/threshold']],
    ['a negative threshold', { strategy: 'load-based', threshold: -0.1 }, ['#/threshold']],
    ['an absurd threshold', { strategy: 'load-based', threshold: 1e308 }, ['#/threshold']],
    ['a seed beyond 32 bits', { strategy: 'load-based', seed: 2 ** 32 }, ['#/seed']],
    ['a broken seed', { strategy: 'load-based', seed: 1.5 }, ['#/seed']],
    ['an unknown strategy', { strategy: 'magic' }, ['#/strategy']],
    ['no strategy', {}, ['#/strategy']],
    ['a null', { strategy: null }, ['#/strategy']],
    ['a scope of no kind', { strategy: 'load-based', scope: {} }, ['#/scope/kind']],
    ['an empty evacuation', { strategy: 'load-based', scope: { kind: 'evacuate', nodeIds: [] } }, ['#/scope/nodeIds']],
    ['a negative shard', { strategy: 'load-based', scope: { kind: 'shards', shardIds: [-1, 0.5], targetNodeId: null } }, ['#/scope/shardIds/0', '#/scope/shardIds/1']],
  ])('of a plan: %s', async (_what, body, pointers) => {
    expect(await pointersOf('POST', '/clusters/:c/plans', { body })).toEqual(pointers);
  });

  it.each([
    ['?limit=0', '#/limit'], ['?limit=1001', '#/limit'], ['?limit=-5', '#/limit'], ['?limit=abc', '#/limit'], ['?limit=NaN', '#/limit'],
    ['?limit=1.5', '#/limit'], ['?limit=', '#/limit'], ['?limit=1e400', '#/limit'], ['?limit=1&limit=2', '#/limit'], ['?orderBy=colour', '#/orderBy'], ['?cursor=abc', '#/cursor'],
  ])('of a list: %s', async (query, pointer) => {
    expect(await pointersOf('GET', `/clusters/:c/shards${query}`)).toEqual([pointer]);
  });

  it('of a range of time', async () => {
    expect(await pointersOf('GET', '/clusters/:c/metrics?metric=cpu&fromMs=5&toMs=5')).toEqual(['#/toMs']);
    expect(await pointersOf('GET', '/clusters/:c/metrics?metric=colour&fromMs=0&toMs=5')).toEqual(['#/metric']);
    expect(await pointersOf('GET', '/clusters/:c/metrics?fromMs=-1&toMs=Infinity&metric=cpu')).toEqual(['#/fromMs', '#/toMs']);
    expect(await pointersOf('GET', '/clusters/:c/metrics?fromMs=0&toMs=5')).toEqual(['#/metric']);
  });

  it('of settings: every wrong field at once', async () => {
    const settings = {
      ...DEFAULT_SETTINGS,
      observationIntervalMs: 1,
      rebalancing: { ...DEFAULT_SETTINGS.rebalancing, imbalanceThreshold: 7, mode: 'sometimes' },
      throttle: { movesInFlightMax: 300, movesPerNodeMax: 1, bytesPerSecondMax: null },
      safetyLines: { ...DEFAULT_SETTINGS.safetyLines, disk: 1.5 },
    };
    expect(await pointersOf('PUT', '/clusters/:c/settings', { body: { generation: 1, settings } })).toEqual([
      '#/settings/observationIntervalMs', '#/settings/rebalancing/imbalanceThreshold', '#/settings/rebalancing/mode',
      '#/settings/safetyLines/disk', '#/settings/throttle/movesInFlightMax',
    ]);
  });

  it.each([
    ['no name', { connection: { kind: 'simulator' } }, ['#/name']],
    ['an empty name', { name: '  ', connection: { kind: 'simulator' } }, ['#/name']],
    ['an unknown kind', { name: 'x', connection: { kind: 'oracle' } }, ['#/connection/kind']],
    ['no seeds', { name: 'x', connection: { kind: 'redis-cluster', seeds: [] } }, ['#/connection/seeds']],
    ['a seed without a port', { name: 'x', connection: { kind: 'redis-cluster', seeds: ['localhost'] } }, ['#/connection/seeds/0']],
    ['a port that is none', { name: 'x', connection: { kind: 'redis-cluster', seeds: ['localhost:99999'] } }, ['#/connection/seeds/0']],
    ['an unknown field in the connection', { name: 'x', connection: { kind: 'simulator', nodes: 3 } }, ['#/connection/nodes']],
    ['a name to look agents up by', { name: 'x', connection: { kind: 'http-agent', seeds: ['dns+agents.example.org:7000'] } }, ['#/connection/seeds']],
    ['too many shards', { name: 'x', connection: { kind: 'simulator', shardCount: 1e9 } }, ['#/connection/shardCount']],
  ])('of a connection: %s, and nothing is half made', async (_what, body, pointers) => {
    expect(await pointersOf('POST', '/clusters', { body })).toEqual(pointers);
    expect(await pointersOf('POST', '/clusters/test-connection', { body: { connection: body.connection } }).catch(() => [])).toBeInstanceOf(Array);
    expect((await succeed<{ clusters: unknown[] }>(server, 'GET', '/clusters')).clusters).toHaveLength(1);
  });
});

describe('who may ask', () => {
  it('[X1] not a page of another site, and not under a foreign name', async () => {
    const foreign = await call(server, 'POST', at('/clusters/:c/freeze'), { body: { reason: 'x' }, headers: { origin: 'http://evil.example' } });
    expect(problemOf(foreign)).toMatchObject({ status: 403, code: 'foreign-origin' });
    const crossSite = await call(server, 'DELETE', at('/clusters/:c'), { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(problemOf(crossSite)).toMatchObject({ status: 403 });
    const { port } = new URL(server.url);
    const outgoing = request({ port, host: '127.0.0.1', path: '/api/v1/clusters', headers: { host: 'evil.example' } });
    outgoing.end();
    const [response] = await once(outgoing, 'response') as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(403);
    expect((await succeed<ClusterSummary>(server, 'GET', at('/clusters/:c'))).freeze).toBeNull();
  });

  it('[X1] a claimed address counts for nothing', async () => {
    expect((await call(server, 'GET', '/clusters', { headers: { 'x-phantom-scale-peer-address': '8.8.8.8' } })).status).toBe(200);
  });
});

describe('openapi.json', () => {
  it('is served', async () => {
    const document = await succeed<{ openapi: string; paths: object }>(server, 'GET', '/openapi.json');
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toHaveLength(new Set(ROUTES.map((route) => route.path)).size);
  });
});
