/** What a careless or hostile agent gets to hear: typed, bounded, and nothing of what it sent. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT_BASE_PATH, AGENT_LIMITS, EnrolAnswerSchema, HeartbeatAnswerSchema } from '@/lib/contract/agent-protocol';
import { HttpAgentConnectionSchema } from '@/lib/contract/connection';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { answerAgent } from '@/lib/drivers/http-agent/agent-endpoint';
import { AgentHub } from '@/lib/drivers/http-agent/agent-hub';
import { MemoryStore } from '@/lib/persistence/memory-store';
import { VirtualClock } from '@/lib/platform/virtual-clock';

describe('the agent protocol over HTTP', () => {
  let server: Server;
  let hub: AgentHub;
  let base: string;
  let store: MemoryStore;

  beforeAll(async () => {
    // Stands still, so that budgets do not fill up again while the machine is slow.
    const clock = new VirtualClock();
    store = new MemoryStore(clock);
    const connection = HttpAgentConnectionSchema.parse({ kind: 'http-agent' });
    await store.commit([{ kind: 'insert-cluster', cluster: { id: 'c', name: 'c', environment: 'development', connection, createdAtMs: 0, freeze: null, epoch: 1 }, settings: { generation: 1, settings: DEFAULT_SETTINGS } }]);
    hub = new AgentHub({ registry: store, clock, nextId: (prefix) => `${prefix}_${randomUUID()}`, random: Math.random, onEnrolled: () => undefined });
    hub.open('c', connection);
    server = createServer((request, response) => { void answerAgent(hub, request, response); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}${AGENT_BASE_PATH}`;
  });

  afterAll(async () => {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  });

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${base}${path}`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
    const answer: unknown = await response.json();
    return { status: response.status, type: response.headers.get('content-type'), body: answer, text: JSON.stringify(answer) };
  };
  const request = (token: string, change: object = {}) => ({ protocolVersion: 1, token, name: 'n', address: '10.0.0.1:7000', engine: { name: 'x' }, peerKeyHash: 'a'.repeat(64), ...change });
  const enrol = async (acceptByRule = true) => {
    const issued = await hub.issueToken('c', { acceptByRule });
    return EnrolAnswerSchema.parse((await post('/enrol', request(issued!.token))).body);
  };
  const beat = (nodeId: string, change: object = {}) => ({ nodeId, incarnation: 1, sequence: 1, epoch: 0, address: '10.0.0.1:7000', metrics: {}, shards: { count: 0 }, ...change });

  it('describes itself in OpenAPI: the three calls, their schemas and every refusal', async () => {
    const text = await (await fetch(`${base}/openapi.json`)).text();
    const document = JSON.parse(text) as { openapi: string; components: { schemas: Record<string, { properties?: object }> }; paths: Record<string, { post: { responses: Record<string, object> } }> };
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!);
    expect([...new Set(references)].filter((reference) => !(reference.replace('#/components/schemas/', '') in document.components.schemas))).toEqual([]);
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toEqual(['/enrol', '/nodes/{nodeId}/heartbeat', '/nodes/{nodeId}/results']);
    const beatCall = document.paths['/nodes/{nodeId}/heartbeat']!.post;
    expect(Object.keys(document.components.schemas['Heartbeat']!.properties!)).toEqual(expect.arrayContaining(['incarnation', 'sequence', 'epoch', 'metrics', 'shards']));
    expect(Object.keys(beatCall.responses)).toEqual(expect.arrayContaining(['200', '401', '409', '410', '413', '429']));
  });

  it('a token enrols once; the credential and the token are stored as hashes only', async () => {
    const issued = await hub.issueToken('c', { acceptByRule: false });
    const first = await post('/enrol', request(issued!.token));
    expect(first.status).toBe(200);
    const { credential, accepted } = EnrolAnswerSchema.parse(first.body);
    expect(accepted).toBe(false);
    expect(await post('/enrol', request(issued!.token))).toMatchObject({ status: 401, type: 'application/problem+json', body: { code: 'bad-token' } });
    const stored = JSON.stringify([await store.agents('c')]);
    expect(stored).not.toContain(credential);
    expect(stored).not.toContain(issued!.token);
  });

  it.each([
    ['a token that never was', 'pse_0123456789abcdef', {}, 401, 'bad-token'],
    ['another version', 'pse_0123456789abcdef', { protocolVersion: 2 }, 422, 'unsupported-version'],
    ['an address that is none', 'pse_0123456789abcdef', { address: 'http://x/y' }, 400, 'malformed'],
    ['a missing name', 'pse_0123456789abcdef', { name: '' }, 400, 'malformed'],
  ])('[X3] enrolment with %s is refused, and the token is not in the answer', async (_name, token, change, status, code) => {
    const answer = await post('/enrol', request(token, change));
    expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { code } });
    expect(answer.text).not.toContain(token);
  });

  it('paths, methods, sizes and shapes are refused by their own codes', async () => {
    expect(await post('/nothing', {})).toMatchObject({ status: 404, body: { code: 'not-found' } });
    const get = await fetch(`${base}/enrol`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await post('/enrol', '{"token": "secret-in-broken-json')).toMatchObject({ status: 400, body: { code: 'malformed', detail: 'The body is not JSON' } });
    expect(await post('/enrol', 'x'.repeat(AGENT_LIMITS.enrolBytesMax + 1))).toMatchObject({ status: 413, body: { code: 'too-large' } });
  });

  it('a node proves who it is before anything of it is read', async () => {
    const { nodeId, credential } = await enrol();
    const other = await enrol();
    const path = `/nodes/${nodeId}/heartbeat`;
    expect(await post(path, 'not even JSON')).toMatchObject({ status: 401, body: { code: 'bad-credential' } });
    expect(await post(path, beat(nodeId), { authorization: `Bearer ${other.credential}` })).toMatchObject({ status: 401, body: { code: 'bad-credential' } });
    expect(await post('/nodes/nobody/heartbeat', beat('nobody'), { authorization: `Bearer ${credential}` })).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await post(path, beat(other.nodeId), { authorization: `Bearer ${credential}` })).toMatchObject({ status: 400, body: { code: 'malformed' } });
  });

  it('[N3] duplicates and beats of an earlier start get 409, each by its own code', async () => {
    const { nodeId, credential } = await enrol();
    const send = (change: object) => post(`/nodes/${nodeId}/heartbeat`, beat(nodeId, change), { authorization: `Bearer ${credential}` });
    expect(HeartbeatAnswerSchema.parse((await send({ incarnation: 2, sequence: 3 })).body).members).not.toBeNull();
    expect(await send({ incarnation: 2, sequence: 3 })).toMatchObject({ status: 409, body: { code: 'stale-beat' } });
    expect(await send({ incarnation: 1, sequence: 9 })).toMatchObject({ status: 409, body: { code: 'superseded' } });
    expect(await post(`/nodes/${nodeId}/results`, { nodeId, incarnation: 1, results: [] }, { authorization: `Bearer ${credential}` })).toMatchObject({ status: 409, body: { code: 'superseded' } });
  });

  it.each([
    ['a negative sequence', { sequence: -1 }], ['a fraction', { incarnation: 1.5 }], ['a list of shards beyond the limit', { shards: { count: 1, held: Array.from({ length: AGENT_LIMITS.shardsPerNodeMax + 1 }, () => null) } }],
    ['an unknown role', { shards: { count: 1, held: [{ shardId: 0, role: 'king', epoch: 1 }] } }], ['metrics that are a text', { metrics: 'many' }],
  ])('[P9] a beat with %s is malformed, and the next good one is taken', async (_name, change) => {
    const { nodeId, credential } = await enrol();
    const send = (body: object) => post(`/nodes/${nodeId}/heartbeat`, body, { authorization: `Bearer ${credential}` });
    expect(await send(beat(nodeId, change))).toMatchObject({ status: 400, body: { code: 'malformed' } });
    expect((await send(beat(nodeId))).status).toBe(200);
  });

  it('a node that asks too often hears 429; others do not notice', async () => {
    const { nodeId, credential } = await enrol();
    const other = await enrol();
    const report = (id: string, secret: string) => post(`/nodes/${id}/results`, { nodeId: id, incarnation: 0, results: [] }, { authorization: `Bearer ${secret}` });
    const answers = await Promise.all(Array.from({ length: AGENT_LIMITS.requestsPerSecondMax + 5 }, () => report(nodeId, credential)));
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(5);
    expect((await report(other.nodeId, other.credential)).status).toBe(200);
  });
});
