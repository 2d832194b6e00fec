import type { FleetEntry, Subscription } from '@/lib/contract/live';
import { LIVE_VIEWS } from '@/lib/contract/vocabulary';
import type { Clock } from '@/lib/platform/clock';
import type { Unsubscribe } from '@/lib/platform/disposable';
import { RingBuffer } from '@/lib/platform/ring-buffer';
import { ClusterStore } from './cluster-store';
import { nextConnection, type ConnectionSignal, type ConnectionState } from './connection-state';
import type { LiveMessage } from './live-state';
import { SocketClient, type LiveSocket } from './socket-client';

/** Clusters whose picture is kept after nobody looks at them any more. */
const IDLE_CLUSTERS_MAX = 4;
const CLOCK_SAMPLES_MAX = 60;
const TICK_MS = 1_000;

/** What does not belong to one cluster. A new object whenever any of it changes. */
export interface FleetState {
  readonly connection: ConnectionState;
  /** `null` until the server has told. */
  readonly clusters: readonly FleetEntry[] | null;
  /** How often a connection was made; grows with every reconnect. */
  readonly connectionCount: number;
}

/** The browser's live state: one connection, many clusters. React only subscribes to it. */
export class LiveStore {
  readonly #clock: Clock;
  readonly #socket: SocketClient;
  readonly #clusters = new Map<string, ClusterStore>();
  readonly #listeners = new Set<() => void>();
  /** server wall clock - our wall clock at receipt; the largest is the least delayed. */
  readonly #clockOffsetsMs = new RingBuffer<number>(CLOCK_SAMPLES_MAX);
  readonly #tickListeners = new Set<() => void>();
  #fleet: FleetState;
  #nowMs: number;

  constructor(options: { readonly socket: LiveSocket; readonly clock: Clock }) {
    this.#clock = options.clock;
    this.#fleet = { connection: { status: 'connecting', startedMs: options.clock.monotonicMs() }, clusters: null, connectionCount: 0 };
    this.#nowMs = options.clock.wallMs();
    this.#socket = new SocketClient(options.socket, {
      onSignal: (signal) => this.#signal(signal),
      onHeartbeat: (sentAtMs) => this.#heartbeat(sentAtMs),
      onFleet: (clusters) => this.#setFleet({ ...this.#fleet, clusters }),
      onLive: (clusterId, message) => this.#live(clusterId, message),
      onReleased: ({ clusterId, view }) => this.#live(clusterId, { kind: 'released', view }),
    }, options.clock);
  }

  /** Connects and starts the ticking; the answer stops both. */
  start(): Unsubscribe {
    const stopSocket = this.#socket.start();
    let timer: Disposable | null = null;
    const tick = () => {
      this.#signal({ kind: 'tick' });
      this.#askOverdue();
      this.#nowMs = this.serverNowMs();
      for (const listener of [...this.#tickListeners]) listener();
      timer = this.#clock.after(TICK_MS, tick);
    };
    timer = this.#clock.after(TICK_MS, tick);
    return () => {
      timer?.[Symbol.dispose]();
      stopSocket();
    };
  }

  readonly getFleet = (): FleetState => this.#fleet;

  readonly subscribeFleet = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };

  /** Server time at the last tick: moves once a second, so that every age on the screen moves together. */
  readonly getNowMs = (): number => this.#nowMs;

  readonly subscribeTick = (listener: () => void): Unsubscribe => {
    this.#tickListeners.add(listener);
    return () => { this.#tickListeners.delete(listener); };
  };

  cluster(clusterId: string): ClusterStore {
    const known = this.#clusters.get(clusterId);
    if (known !== undefined) return known;
    const created = new ClusterStore(clusterId);
    this.#clusters.set(clusterId, created);
    this.#forgetIdle(created);
    return created;
  }

  /** Keeps a view fresh until released. */
  acquire(subscription: Subscription): Unsubscribe {
    return this.#socket.acquire(subscription);
  }

  deviceOffline(): void {
    this.#signal({ kind: 'device-offline' });
  }

  deviceOnline(): void {
    this.#socket.hurry();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /** The viewer's wall time of a monotonic moment, for people. */
  wallMsOf(monotonicMs: number): number {
    return this.#clock.wallMs() - (this.#clock.monotonicMs() - monotonicMs);
  }

  /** The server's wall clock as well as we know it; ages of observations are told by it, so that a wrong clock here ages nothing. */
  serverNowMs(): number {
    const offsets = this.#clockOffsetsMs.toArray();
    return this.#clock.wallMs() + (offsets.length === 0 ? 0 : Math.max(...offsets));
  }

  #heartbeat(sentAtMs: number): void {
    this.#clockOffsetsMs.push(sentAtMs - this.#clock.wallMs());
    this.#signal({ kind: 'heartbeat' });
  }

  #signal(signal: ConnectionSignal): void {
    const previous = this.#fleet.connection;
    const connection = nextConnection(previous, signal, this.#clock.monotonicMs());
    if (signal.kind === 'lost' || signal.kind === 'connected') {
      for (const cluster of this.#clusters.values()) cluster.apply({ kind: 'disconnected' }, this.#clock.monotonicMs());
    }
    const connectionCount = this.#fleet.connectionCount + (signal.kind === 'connected' ? 1 : 0);
    if (connection !== previous || connectionCount !== this.#fleet.connectionCount) {
      this.#setFleet({ ...this.#fleet, connection, connectionCount });
    }
  }

  #live(clusterId: string, message: LiveMessage): void {
    const cluster = this.#clusters.get(clusterId);
    if (cluster === undefined) return;
    const view = cluster.apply(message, this.#clock.monotonicMs());
    if (view !== null) this.#socket.resync({ clusterId, view });
  }

  #askOverdue(): void {
    if (this.#fleet.connection.status !== 'live') return;
    for (const cluster of this.#clusters.values()) {
      const shown = new Set(this.#socket.viewsOf(cluster.clusterId));
      const views = LIVE_VIEWS.filter((view) => shown.has(view));
      for (const view of cluster.overdueViews(views, this.#clock.monotonicMs())) this.#socket.resync({ clusterId: cluster.clusterId, view });
    }
  }

  #setFleet(next: FleetState): void {
    this.#fleet = next;
    for (const listener of [...this.#listeners]) listener();
  }

  #forgetIdle(keep: ClusterStore): void {
    const idle = [...this.#clusters.values()].filter((store) => store !== keep && !store.isWatched && this.#socket.viewsOf(store.clusterId).length === 0);
    for (const store of idle.slice(0, Math.max(0, idle.length - IDLE_CLUSTERS_MAX))) this.#clusters.delete(store.clusterId);
  }
}
