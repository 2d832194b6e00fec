import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { Node } from '@/lib/contract/node';
import { RoutingSchema, type LocatedKey } from '@/lib/contract/routing';
import { succeed, call, problemOf } from '../support/api-calls';
import { startTestServer, type TestServer } from '../support/start-server';

describe('routing for clients', () => {
  let server: TestServer;
  let path: string;
  let nodes: Node[];

  beforeAll(async () => {
    server = await startTestServer();
    const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters');
    path = `/clusters/${clusters[0]!.id}`;
    ({ nodes } = await succeed<{ nodes: Node[] }>(server, 'GET', `${path}/nodes`));
  });

  afterAll(async () => { await server.stop(); });

  const read = async (options: { known?: string; waitMs?: number } = {}) => {
    const response = await fetch(`${server.url}/api/v1${path}/routing?waitMs=${options.waitMs ?? 0}`, { headers: options.known === undefined ? {} : { 'if-none-match': options.known } });
    return { status: response.status, etag: response.headers.get('etag'), text: await response.text() };
  };

  it('names every node and every shard, under a tag', async () => {
    const { status, etag, text } = await read();
    const routing = RoutingSchema.parse(JSON.parse(text));
    expect([status, etag]).toEqual([200, `"${routing.revision}"`]);
    expect(routing.endpoints.map(({ nodeId }) => nodeId)).toEqual(nodes.map(({ id }) => id));
    expect(routing.runs!.reduce((count, [first, last]) => count + last! - first! + 1, 0)).toBe(1_024);
  });

  it('says 304 to who knows it already, whatever is measured meanwhile', async () => {
    const { etag } = await read();
    expect(await read({ known: etag!, waitMs: 2_500 })).toEqual({ status: 304, etag, text: '' });
    expect((await read({ known: '"something else"' })).status).toBe(200);
  });

  it('a change ends the wait of those who wait for one', async () => {
    const { etag } = await read();
    const waiting = read({ known: etag!, waitMs: 30_000 });
    await succeed(server, 'POST', `${path}/nodes/${nodes[2]!.id}/deactivate`, { body: { durationMs: 60_000 } });
    const { status, text } = await waiting;
    expect(status).toBe(200);
    expect(RoutingSchema.parse(JSON.parse(text)).endpoints[2]).toMatchObject({ nodeId: nodes[2]!.id, state: 'maintenance', weight: 0 });
  });

  it('where is this key: its shard, and the nodes that the list of shards names for it', async () => {
    const located = await succeed<LocatedKey>(server, 'GET', `${path}/locate?key=${encodeURIComponent('{user:1}:cart')}`);
    expect(located).toMatchObject({ hashedPart: 'user:1', method: 'hash', shardId: 1_763_983_599 % 1_024, moving: null });
    const { shards } = await succeed<{ shards: { shardId: number; primaryNodeId: string; secondaryNodeIds: string[] }[] }>(server, 'GET', `${path}/shards?limit=1000`);
    const shard = shards.find(({ shardId }) => shardId === located.shardId)!;
    expect(located).toMatchObject({ primaryNodeId: shard.primaryNodeId, secondaryNodeIds: shard.secondaryNodeIds, address: nodes.find(({ id }) => id === shard.primaryNodeId)!.address });
    expect(problemOf(await call(server, 'GET', `${path}/locate`))).toMatchObject({ status: 400 });
  });
});
