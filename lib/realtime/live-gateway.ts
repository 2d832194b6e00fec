import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import parser from 'socket.io-msgpack-parser';
import { Server } from 'socket.io';
import type { DomainEvent } from '@/lib/contract/events';
import { EVENTS_LIVE_MAX, HEARTBEAT_MS, SubscriptionSchema, type ClientToServerEvents, type FleetEntry, type LiveView, type ServerToClientEvents, type Subscription } from '@/lib/contract/live';
import type { Fleet } from '@/lib/manager/fleet';
import type { ManagerLogger } from '@/lib/manager/manager-logger';
import type { ClusterView } from '@/lib/manager/ports';
import { assertNever } from '@/lib/platform/assert';
import type { Clock } from '@/lib/platform/clock';
import type { Unsubscribe } from '@/lib/platform/disposable';
import { inOwnTurn } from '@/lib/platform/in-turns';
import type { ChangeHub } from './change-hub';
import { EventsFeed } from './events-feed';
import { LiveClient, roomKey, SUBSCRIPTIONS_MAX, type LiveSocket } from './live-client';
import { MovesFeed } from './moves-feed';
import { NodesFeed } from './nodes-feed';
import { Revisions, Room, type RoomMessage } from './room';
import { sameValue } from './same-value';
import { ShardsFeed } from './shards-feed';
import { SummaryFeed } from './summary-feed';
import type { ViewFeed } from './view-feed';

export const LIVE_PATH = '/socket.io';
/** Clients say which views they want and nothing else. */
const MESSAGE_BYTES_MAX = 16 * 1024;
/** More connections than this are turned away, so that memory stays bounded. */
const CLIENTS_MAX = 1_000;
const EVENTS_RETRY_MS = 5_000;

export interface LiveGatewayOptions {
  readonly fleet: Pick<Fleet, 'manager' | 'managers'>;
  readonly hub: ChangeHub;
  readonly clock: Clock;
  readonly logger: ManagerLogger;
  /** Decides about the connection and about each subscription, from the request that opened the connection. */
  readonly authorize: (route: 'live.connect' | 'live.subscribe', request: IncomingMessage) => boolean;
}

/**
 * The sockets. The HTTP server is not ours: whoever owns it hands over what belongs to
 * LIVE_PATH.
 *
 * Not used, on purpose: compression (a broadcast of 100 clients costs twenty times the
 * CPU), socket.io's recovery of missed packets (a snapshot is the recovery), `volatile` for
 * deltas (the second message of a tick would be dropped on a healthy connection; the
 * rooms watch the queues themselves and drop by bytes).
 */
export class LiveGateway {
  readonly #io: Server<ClientToServerEvents, ServerToClientEvents>;
  /** Never listens; it is how socket.io is given single requests through its public interface. */
  readonly #relay = createServer();
  readonly #rooms = new Map<string, Room<LiveClient>>();
  readonly #eventFeeds = new Map<string, EventsFeed>();
  readonly #revisions = new Revisions();
  readonly #unsubscribe: readonly Unsubscribe[];
  #fleetSent: readonly FleetEntry[] = [];
  #heartbeat: Disposable;

  constructor(private readonly options: LiveGatewayOptions) {
    const { hub } = options;
    this.#io = new Server(this.#relay, {
      path: LIVE_PATH,
      parser,
      serveClient: false,
      perMessageDeflate: false,
      httpCompression: false,
      destroyUpgrade: false,
      maxHttpBufferSize: MESSAGE_BYTES_MAX,
      allowRequest: (request, decide) => {
        const allowed = options.authorize('live.connect', request) && this.#io.engine.clientsCount < CLIENTS_MAX;
        decide(allowed ? null : 'Not allowed from there', allowed);
      },
    });
    this.#io.on('connection', (socket) => this.#welcome(socket));
    this.#unsubscribe = [
      hub.changes.add(({ clusterId }) => this.#changed(clusterId)),
      hub.events.add((event) => this.#appended(event)),
      hub.gone.add((clusterId) => this.#gone(clusterId)),
    ];
    this.#heartbeat = this.#beatAgain();
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#relay.emit('request', request, response);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#relay.emit('upgrade', request, socket, head);
  }

  /** Disconnects everybody and stops the timers. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#heartbeat[Symbol.dispose]();
    for (const room of this.#rooms.values()) room.close();
    this.#rooms.clear();
    await this.#io.close();
  }

  #welcome(socket: LiveSocket): void {
    const client = new LiveClient(socket);
    let complained = false;
    const withSubscription = (handle: (subscription: Subscription) => void) => (message: unknown) => {
      const parsed = SubscriptionSchema.safeParse(message);
      if (parsed.success) handle(parsed.data);
      else if (!complained) {
        complained = true;
        this.options.logger.warn({ socketId: socket.id }, 'A live client sent something that is no subscription; ignored');
      }
    };
    socket.emit('fleet', fleetOf(this.options.fleet));
    socket.on('subscribe', withSubscription((subscription) => this.#subscribe(client, subscription)));
    socket.on('resync', withSubscription(({ clusterId, view }) => client.rooms.get(roomKey(clusterId, view))?.join(client)));
    socket.on('unsubscribe', withSubscription(({ clusterId, view }) => this.#leave(client, roomKey(clusterId, view))));
    socket.conn.on('drain', () => {
      for (const room of client.rooms.values()) room.serveWaiting();
    });
    socket.on('disconnect', () => {
      for (const key of [...client.rooms.keys()]) this.#leave(client, key);
    });
  }

  #subscribe(client: LiveClient, { clusterId, view }: Subscription): void {
    const key = roomKey(clusterId, view);
    if (client.rooms.size >= SUBSCRIPTIONS_MAX && !client.rooms.has(key)) return;
    if (!this.options.authorize('live.subscribe', client.socket.request)) return;
    if (this.options.fleet.manager(clusterId) === null) {
      client.socket.emit('gone', { clusterId, view });
      return;
    }
    const room = this.#rooms.get(key) ?? this.#openRoom(clusterId, view);
    client.rooms.set(key, room);
    room.join(client);
  }

  #leave(client: LiveClient, key: string): void {
    const room = client.rooms.get(key);
    client.rooms.delete(key);
    room?.leave(client);
    if (room?.isEmpty !== true) return;
    this.#rooms.delete(key);
    this.#eventFeeds.delete(key);
  }

  #openRoom(clusterId: string, view: LiveView): Room<LiveClient> {
    const { clock, fleet } = this.options;
    const key = roomKey(clusterId, view);
    const eventsFeed = new EventsFeed();
    const room = new Room<LiveClient>({
      clusterId, view, clock,
      revisions: this.#revisions,
      inTurn: inOwnTurn,
      readView: () => fleet.manager(clusterId)?.view() ?? null,
      createFeed: (picture) => createFeed(view, picture, eventsFeed),
      send: (clients, message) => this.#send(clients, message),
    });
    this.#rooms.set(key, room);
    if (view === 'events') {
      this.#eventFeeds.set(key, eventsFeed);
      room.hold(true);
      void this.#loadEvents(clusterId, eventsFeed, room);
    }
    return room;
  }

  /** Fills the events of a new room; an unreadable database is tried again, and until then the view is not there. */
  async #loadEvents(clusterId: string, feed: EventsFeed, room: Room<LiveClient>): Promise<void> {
    const { fleet, logger, clock } = this.options;
    const isOpen = () => this.#rooms.get(roomKey(clusterId, 'events')) === room;
    try {
      const manager = fleet.manager(clusterId);
      if (manager === null || !isOpen()) return;
      const page = await manager.events({ limit: EVENTS_LIVE_MAX, cursor: null, types: null, nodeId: null, operationId: null, severityMin: 'info' });
      feed.load(page.items);
      room.hold(false);
    } catch (error) {
      logger.warn({ err: error, clusterId }, `The events for the live view cannot be read; next try in ${EVENTS_RETRY_MS} ms`);
      clock.after(EVENTS_RETRY_MS, () => void this.#loadEvents(clusterId, feed, room));
    }
  }

  #send(clients: readonly LiveClient[], { kind, message }: RoomMessage): void {
    const everyone = this.#io.local.to(clients.map((client) => client.socket.id));
    if (kind === 'delta') {
      everyone.emit('delta', message);
      return;
    }
    // Each counts its own queue before and after the one broadcast.
    clients.reduceRight((send, client) => () => client.countSnapshot(send), () => { everyone.emit('snapshot', message); })();
  }

  #changed(clusterId: string): void {
    for (const view of ['summary', 'nodes', 'shards', 'moves'] as const) this.#rooms.get(roomKey(clusterId, view))?.changed();
    if (!this.#fleetSent.some((entry) => entry.id === clusterId)) this.#sendFleet();
  }

  #appended(event: DomainEvent): void {
    const key = roomKey(event.clusterId, 'events');
    this.#eventFeeds.get(key)?.append(event);
    this.#rooms.get(key)?.changed();
  }

  #gone(clusterId: string): void {
    for (const [key, room] of [...this.#rooms]) {
      if (!key.startsWith(`${clusterId}/`)) continue;
      const view = key.slice(clusterId.length + 1) as LiveView;
      for (const client of room.members) {
        client.socket.emit('gone', { clusterId, view });
        client.rooms.delete(key);
      }
      room.close();
      this.#rooms.delete(key);
      this.#eventFeeds.delete(key);
    }
    this.#revisions.forget(clusterId);
    this.#sendFleet();
  }

  #beatAgain(): Disposable {
    return this.options.clock.after(HEARTBEAT_MS, () => {
      this.#heartbeat = this.#beatAgain();
      this.#io.local.volatile.emit('heartbeat', { sentAtMs: this.options.clock.wallMs() });
      for (const room of this.#rooms.values()) room.serveWaiting();
      this.#sendFleet();
    });
  }

  #sendFleet(): void {
    const fleet = fleetOf(this.options.fleet);
    if (sameValue(fleet, this.#fleetSent)) return;
    this.#fleetSent = fleet;
    this.#io.local.emit('fleet', fleet);
  }
}

function createFeed(view: LiveView, picture: ClusterView, eventsFeed: EventsFeed): ViewFeed {
  switch (view) {
    case 'summary': return new SummaryFeed(picture);
    case 'nodes': return new NodesFeed(picture);
    case 'shards': return new ShardsFeed(picture);
    case 'moves': return new MovesFeed(picture);
    case 'events': return eventsFeed;
    default: return assertNever(view);
  }
}

function fleetOf(fleet: Pick<Fleet, 'managers'>): FleetEntry[] {
  return fleet.managers().map((manager) => {
    const { id, name, environment, kind, health } = manager.view().summary;
    return { id, name, environment, kind, healthStatus: health.status };
  });
}
