import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import msgpackParser from 'socket.io-msgpack-parser';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SNAPSHOT_OVERDUE_MS } from '@/lib/client/cluster-store';
import { LiveStore } from '@/lib/client/live-store';
import { createLiveSocket, LINGER_MS } from '@/lib/client/socket-client';
import type { ClientToServerEvents, ServerToClientEvents, Subscription } from '@/lib/contract/live';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { CLUSTER_ID, deltaOf, emptySnapshotOf, eventOf, snapshotOf, START_MS, summaryOf, wireShardDeltaOf } from './live-fixtures';

/** A server that speaks the live protocol over a real socket on loopback and writes down what it is asked. */
class TalkingServer {
  readonly asked: string[] = [];
  readonly http: HttpServer = createServer();
  readonly io: Server<ClientToServerEvents, ServerToClientEvents>;

  constructor() {
    this.io = new Server(this.http, { parser: msgpackParser });
    this.io.on('connection', (socket) => {
      const note = (what: string) => (subscription: Subscription) => this.asked.push(`${what} ${subscription.view}`);
      socket.on('subscribe', note('subscribe'));
      socket.on('unsubscribe', note('unsubscribe'));
      socket.on('resync', note('resync'));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }
}

describe('the live store over a real socket', () => {
  let server: TalkingServer;
  let clock: VirtualClock;
  let store: LiveStore;
  let stop: () => void;
  const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
  const status = () => store.getFleet().connection.status;

  beforeEach(async () => {
    server = new TalkingServer();
    clock = new VirtualClock({ wallStartMs: START_MS });
    store = new LiveStore({ socket: createLiveSocket(await server.listen()), clock });
    stop = store.start();
    await until(() => expect(status()).toBe('live'));
  });

  afterEach(async () => {
    stop();
    await server.io.close();
  });

  it('subscribes once for any number of users of a view, and gives it back a while after the last', async () => {
    const releases = [1, 2].map(() => store.acquire({ clusterId: CLUSTER_ID, view: 'nodes' }));
    await until(() => expect(server.asked).toEqual(['subscribe nodes']));
    for (const release of releases) release();
    releases[0]?.();
    await clock.advance(LINGER_MS - 1);
    const again = store.acquire({ clusterId: CLUSTER_ID, view: 'nodes' });
    await clock.advance(LINGER_MS);
    again();
    await clock.advance(LINGER_MS);
    await until(() => expect(server.asked).toEqual(['subscribe nodes', 'unsubscribe nodes']));
  });

  it('takes pictures in, binary columns included, and tells its listeners', async () => {
    const cluster = store.cluster(CLUSTER_ID);
    const heard = vi.fn();
    cluster.subscribe(heard);
    store.acquire({ clusterId: CLUSTER_ID, view: 'shards' });
    // The encoder of the server takes Buffers as they are and whole ArrayBuffers behind views.
    const asBuffers = <T extends object>(rows: T): T => Object.fromEntries(Object.entries(rows).map(([key, value]) => [key, value instanceof Uint8Array ? Buffer.from(value) : value])) as T;
    const snapshot = emptySnapshotOf('shards');
    server.io.emit('snapshot', snapshot.view === 'shards' ? { ...snapshot, table: asBuffers(snapshot.table) } : snapshot);
    server.io.emit('delta', deltaOf({ view: 'shards', rows: asBuffers(wireShardDeltaOf([2], 6.5)) }, 1, 2));
    await until(() => expect(cluster.getState().shards?.sizeBytes[2]).toBe(6.5));
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it('[R1] asks for a snapshot on a gap, and again when none comes', async () => {
    const cluster = store.cluster(CLUSTER_ID);
    store.acquire({ clusterId: CLUSTER_ID, view: 'summary' });
    server.io.emit('snapshot', snapshotOf({ view: 'summary', summary: summaryOf() }));
    server.io.emit('delta', deltaOf({ view: 'summary', patch: { name: 'skipped' } }, 3, 4));
    await until(() => expect(server.asked).toEqual(['subscribe summary', 'resync summary']));
    expect(cluster.getState().summary?.name).toBe('demo');
    for (let ms = 0; ms <= SNAPSHOT_OVERDUE_MS; ms += 1_000) {
      server.io.emit('heartbeat', { sentAtMs: clock.wallMs() });
      await until(() => expect(store.getFleet().connection).toMatchObject({ heartbeatMs: clock.monotonicMs() }));
      await clock.advance(1_000);
    }
    await until(() => expect(server.asked.filter((what) => what === 'resync summary')).toHaveLength(2));
  });

  it('[R2] keeps the last picture while disconnected, subscribes again and takes the new one', async () => {
    const cluster = store.cluster(CLUSTER_ID);
    store.acquire({ clusterId: CLUSTER_ID, view: 'summary' });
    server.io.emit('snapshot', snapshotOf({ view: 'summary', summary: summaryOf() }, { revision: 9 }));
    await until(() => expect(cluster.getState().summary?.name).toBe('demo'));
    for (const socket of server.io.sockets.sockets.values()) socket.conn.close();
    await until(() => expect(status()).toBe('reconnecting'));
    expect(cluster.getState().summary?.name).toBe('demo');
    await until(() => expect(server.asked).toEqual(['subscribe summary', 'subscribe summary']));
    server.io.emit('snapshot', snapshotOf({ view: 'summary', summary: summaryOf({ name: 'after' }) }, { epoch: 2, revision: 1 }));
    await until(() => expect(cluster.getState().summary?.name).toBe('after'));
    expect(store.getFleet().connectionCount).toBe(2);
  });

  it('takes the connection up again when the server itself ended it', async () => {
    for (const socket of server.io.sockets.sockets.values()) socket.disconnect();
    await until(() => expect(status()).toBe('reconnecting'));
    await clock.advance(3_000);
    await until(() => expect(status()).toBe('live'));
  });

  it('[R2] is delayed without heartbeats and live with the next', async () => {
    await clock.advance(4_000);
    expect(status()).toBe('delayed');
    server.io.emit('heartbeat', { sentAtMs: clock.wallMs() });
    await until(() => expect(status()).toBe('live'));
  });

  it('tells ages by the clock of the server, whatever the clock here says', async () => {
    server.io.emit('heartbeat', { sentAtMs: START_MS + 60_000 });
    await until(() => expect(store.serverNowMs()).toBe(START_MS + 60_000));
  });

  it('forgets the picture of a view when its last user has left for good', async () => {
    const cluster = store.cluster(CLUSTER_ID);
    const release = store.acquire({ clusterId: CLUSTER_ID, view: 'events' });
    server.io.emit('snapshot', snapshotOf({ view: 'events', events: [eventOf(1)] }));
    await until(() => expect(cluster.getState().events).toHaveLength(1));
    release();
    await clock.advance(LINGER_MS);
    expect(cluster.getState().events).toBeNull();
  });

  it('tells the fleet', async () => {
    server.io.emit('fleet', [{ id: CLUSTER_ID, name: 'demo', environment: 'production', kind: 'simulator', healthStatus: 'healthy' }]);
    await until(() => expect(store.getFleet().clusters?.[0]?.environment).toBe('production'));
  });
});
