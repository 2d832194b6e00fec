import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { io } from 'socket.io-client';
import parser from 'socket.io-msgpack-parser';
import type { ClusterSummary } from '@/lib/contract/cluster';
import { LIVE_VIEWS, type LiveDelta } from '@/lib/contract/live';
import { succeed } from '@/tests/support/api-calls';
import { LiveConnection } from '@/tests/support/live-connection';
import { startTestServer, type TestServer } from '@/tests/support/start-server';

let server: TestServer;
let clusterId: string;

beforeAll(async () => {
  server = await startTestServer();
  const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters');
  clusterId = clusters[0]!.id;
});
afterAll(() => server.stop());

function connect(options?: ConstructorParameters<typeof LiveConnection>[2], id = clusterId): LiveConnection {
  const connection = new LiveConnection(server.url, id, options);
  onTestFinished(() => connection.close());
  return connection;
}

describe('the live connection', () => {
  it('tells the fleet and beats, before anything is subscribed, and pushes no cluster by itself', async () => {
    const client = connect();
    await client.until(() => client.fleet !== null && client.counts.heartbeat >= 2, 'fleet and two heartbeats');
    expect(client.fleet).toEqual([{ id: clusterId, name: 'Demo', environment: 'development', kind: 'simulator', healthStatus: expect.any(String) as string }]);
    expect(client.counts).toMatchObject({ snapshot: 0, delta: 0 });
  });

  it('[R1] gives one snapshot of each view, then deltas that connect, and ends with what the server has', async () => {
    const client = connect();
    const revisions = new Map<string, number[]>();
    client.socket.on('delta', (message: LiveDelta) => revisions.set(message.view, [...revisions.get(message.view) ?? [], message.toRevision]));
    client.subscribe(...LIVE_VIEWS);
    await client.until(() => client.counts.snapshot === LIVE_VIEWS.length && client.counts.delta >= 8, 'snapshots and some deltas');
    expect(client.counts).toMatchObject({ snapshot: LIVE_VIEWS.length, resync: 0 });
    for (const numbers of revisions.values()) expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    const { state } = client;
    expect(state.nodes).toHaveLength(12);
    expect(state.shards?.shardCount).toBe(1_024);
    expect(state.events?.at(-1)?.type).toBe('cluster.connected');
    expect(JSON.stringify(state)).not.toContain('undefined');
  });

  it('works by polling too, for networks that take no WebSocket', async () => {
    const client = connect({ transports: ['polling'] });
    client.subscribe('summary', 'shards');
    await client.until(() => client.counts.snapshot === 2 && client.counts.delta >= 2, 'snapshots and deltas by polling');
    expect(client.state.shards?.shardCount).toBe(1_024);
  });

  it('sends a snapshot again to whoever lost a message and asks', async () => {
    const client = connect();
    client.subscribe('summary');
    await client.until(() => client.counts.delta >= 1, 'a first delta');
    // As if one had been lost: the next delta does not connect, and the reducer asks.
    const head = client.state.heads.summary;
    if (head.status !== 'current') throw new Error('not current');
    client.state = { ...client.state, heads: { ...client.state.heads, summary: { ...head, revision: head.revision - 1 } } };
    await client.until(() => client.counts.snapshot === 2, 'the second snapshot');
    expect(client.counts.resync).toBe(1);
    await client.until(() => client.state.heads.summary.status === 'current', 'a current view');
  });

  it('pushes events as they happen', async () => {
    const client = connect();
    client.subscribe('events', 'summary');
    await client.until(() => client.state.events !== null && client.state.summary !== null, 'the first pictures');
    await succeed(server, 'POST', `/clusters/${clusterId}/freeze`, { body: { reason: 'a test' } });
    await client.until(() => client.state.events?.[0]?.type === 'automation.frozen' && client.state.summary?.freeze !== null, 'the freeze');
    await succeed(server, 'POST', `/clusters/${clusterId}/unfreeze`);
    await client.until(() => client.state.events?.[0]?.type === 'automation.unfrozen' && client.state.summary?.freeze === null, 'its end');
  });

  it('stops sending a view that was unsubscribed', async () => {
    const client = connect();
    client.subscribe('summary');
    await client.until(() => client.counts.delta >= 1, 'a delta');
    client.socket.emit('unsubscribe', { clusterId, view: 'summary' });
    const beats = client.counts.heartbeat;
    await client.until(() => client.counts.heartbeat >= beats + 1, 'a heartbeat, behind what was under way');
    const { delta } = client.counts;
    await client.until(() => client.counts.heartbeat >= beats + 4, 'more heartbeats');
    expect(client.counts.delta).toBe(delta);
  });

  it('says that a cluster is gone: one that never was, and one that is disconnected', async () => {
    const stranger = connect({}, 'nowhere');
    stranger.subscribe('summary');
    await stranger.until(() => stranger.state.gone, 'the unknown cluster');

    const body = { name: 'Short-lived', connection: { kind: 'simulator', nodeCount: 3, shardCount: 16, replicationFactor: 1 } };
    const created = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body });
    const client = connect({}, created.id);
    client.subscribe('summary', 'nodes');
    await client.until(() => client.counts.snapshot === 2 && client.fleet?.length === 2, 'the new cluster');
    await succeed(server, 'DELETE', `/clusters/${created.id}`);
    await client.until(() => client.counts.gone === 2 && client.fleet?.length === 1, 'its end');
    expect(client.state.gone).toBe(true);
  });

  it('ignores messages that are none, and goes on', async () => {
    const client = connect();
    const anything = client.socket as unknown as { emit(event: string, ...data: unknown[]): void };
    for (const junk of [undefined, null, 7, 'summary', {}, { clusterId }, { clusterId, view: 'everything' }, { clusterId, view: 'summary', more: 1 }]) {
      anything.emit('subscribe', junk);
      anything.emit('resync', junk);
      anything.emit('unsubscribe', junk);
    }
    anything.emit('constructor', {});
    client.subscribe('summary');
    await client.until(() => client.counts.snapshot >= 1, 'the one real subscription');
    expect(client.counts.snapshot).toBe(1);
  });

  it('is cut off when it sends more than a subscription could be', async () => {
    const client = connect();
    await client.until(() => client.socket.connected, 'the connection');
    client.socket.emit('subscribe', { clusterId: 'x'.repeat(64 * 1024), view: 'summary' });
    await client.until(() => !client.socket.connected, 'the end');
  });

  it('takes no more than its number of subscriptions', async () => {
    const client = connect();
    for (let at = 0; at < 40; at += 1) client.socket.emit('subscribe', { clusterId: `unknown-${at}`, view: 'summary' });
    client.subscribe('summary');
    await client.until(() => client.counts.snapshot === 1 && client.counts.gone === 40, 'unknown clusters take no place');
  });
});

describe('a client that reads slowly', () => {
  it('[R5] has one snapshot waiting however much it missed, and delays nobody', { timeout: 120_000 }, async () => {
    const body = { name: 'Large', connection: { kind: 'simulator', nodeCount: 3, shardCount: 60_000, replicationFactor: 3 } };
    const large = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body });
    const [slow, quick] = [connect({}, large.id), connect({}, large.id)];
    slow.subscribe('shards');
    quick.subscribe('shards', 'summary');
    await slow.until(() => slow.counts.snapshot === 1, 'the first snapshot', 30_000);
    await quick.until(() => quick.counts.snapshot === 2, 'the snapshots of the quick client', 30_000);

    const wire = (slow.socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } }).ws;
    wire.pause();
    // Each is two megabytes: far more in all than a connection holds.
    const resyncs = 60;
    for (let at = 0; at < resyncs; at += 1) slow.socket.emit('resync', { clusterId: large.id, view: 'shards' });
    const { delta } = quick.counts;
    await quick.until(() => quick.counts.delta >= delta + 8, 'deltas of the quick client', 30_000);
    wire.resume();
    await slow.until(() => slow.counts.delta >= 2, 'deltas again', 30_000);
    expect(slow.counts.snapshot).toBeGreaterThan(1);
    expect(slow.counts.snapshot).toBeLessThan(resyncs / 3);
    await succeed(server, 'DELETE', `/clusters/${large.id}`);
  });
});

describe('the door of the live connection', () => {
  it.each([
    ['another site', { origin: 'http://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
  ])('[X1] is closed to %s', async (_who, extraHeaders) => {
    for (const transports of [['websocket'], ['polling']]) {
      const socket = io(server.url, { parser, transports, extraHeaders, reconnection: false, forceNew: true });
      onTestFinished(() => { socket.disconnect(); });
      const outcome = await new Promise<string>((resolve) => {
        socket.on('connect', () => resolve('connected'));
        socket.on('connect_error', () => resolve('refused'));
      });
      expect(outcome).toBe('refused');
    }
  });

  it('[X1] is closed to a foreign name for this machine', async () => {
    const { port } = new URL(server.url);
    for (const [transport, headers] of [['polling', {}], ['websocket', { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x'.repeat(22) + '==', 'sec-websocket-version': '13' }]] as const) {
      const outgoing = request({ port, host: '127.0.0.1', path: `/socket.io/?EIO=4&transport=${transport}`, headers: { ...headers, host: 'evil.example' } });
      outgoing.end();
      const [response] = await once(outgoing, 'response') as [IncomingMessage];
      response.resume();
      // engine.io says 403 to a poll and 400 to an upgrade.
      expect(response.statusCode).toBe(transport === 'polling' ? 403 : 400);
    }
  });

  it('is open to our own pages', async () => {
    const client = connect({ extraHeaders: { origin: server.url } });
    await client.until(() => client.socket.connected, 'the connection');
  });
});
