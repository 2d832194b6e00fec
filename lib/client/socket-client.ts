import { io, type Socket } from 'socket.io-client';
import msgpackParser from 'socket.io-msgpack-parser';
import type { ClientToServerEvents, FleetEntry, LiveView, ServerToClientEvents, Subscription } from '@/lib/contract/live';
import type { Clock } from '@/lib/platform/clock';
import type { Unsubscribe } from '@/lib/platform/disposable';
import type { ConnectionSignal } from './connection-state';
import type { LiveMessage } from './live-state';

export type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

export interface SocketHandlers {
  onSignal(signal: ConnectionSignal): void;
  onHeartbeat(sentAtMs: number): void;
  onFleet(clusters: readonly FleetEntry[]): void;
  onLive(clusterId: string, message: LiveMessage): void;
  /** A view is no longer kept fresh. */
  onReleased(subscription: Subscription): void;
}

/** A view is kept this long after its last user left, so that a walk between screens costs no snapshots. */
export const LINGER_MS = 20_000;
/** After the server itself ended the connection, which socket.io does not take up again by itself. */
const RETRY_AFTER_REFUSAL_MS = 3_000;

interface Held {
  readonly subscription: Subscription;
  users: number;
  linger: Disposable | null;
}

/**
 * The live connection: ref-counted subscriptions per cluster and view, taken up again
 * after every reconnect. It knows nothing of what the messages mean.
 */
export class SocketClient {
  readonly #held = new Map<string, Held>();
  #retry: Disposable | null = null;

  constructor(
    private readonly socket: LiveSocket,
    private readonly handlers: SocketHandlers,
    private readonly clock: Clock,
  ) {}

  /** Connects; the answer closes for good. */
  start(): Unsubscribe {
    const { socket, handlers } = this;
    const onAttempt = (attempt: number) => handlers.onSignal({ kind: 'attempt', attempt });
    socket.on('connect', () => {
      handlers.onSignal({ kind: 'connected' });
      for (const held of this.#held.values()) socket.emit('subscribe', held.subscription);
    });
    socket.on('disconnect', (reason) => {
      handlers.onSignal({ kind: 'lost' });
      if (reason === 'io server disconnect') this.#retryLater();
    });
    socket.on('connect_error', () => {
      handlers.onSignal({ kind: 'lost' });
      // `active` means that socket.io itself goes on trying.
      if (!socket.active) this.#retryLater();
    });
    socket.io.on('reconnect_attempt', onAttempt);
    socket.on('heartbeat', ({ sentAtMs }) => handlers.onHeartbeat(sentAtMs));
    socket.on('fleet', (clusters) => handlers.onFleet(clusters));
    socket.on('snapshot', (message) => handlers.onLive(message.clusterId, { kind: 'snapshot', message }));
    socket.on('delta', (message) => handlers.onLive(message.clusterId, { kind: 'delta', message }));
    socket.on('gone', (message) => handlers.onLive(message.clusterId, { kind: 'gone', message }));
    socket.connect();
    return () => {
      this.#retry?.[Symbol.dispose]();
      for (const held of this.#held.values()) held.linger?.[Symbol.dispose]();
      this.#held.clear();
      socket.io.off('reconnect_attempt', onAttempt);
      socket.off();
      socket.disconnect();
    };
  }

  /** Subscribes on the first user of a view; the answer gives it back (idempotent). */
  acquire(subscription: Subscription): Unsubscribe {
    const key = keyOf(subscription);
    const held = this.#held.get(key) ?? { subscription, users: 0, linger: null };
    if (!this.#held.has(key)) {
      this.#held.set(key, held);
      if (this.socket.connected) this.socket.emit('subscribe', subscription);
    }
    held.linger?.[Symbol.dispose]();
    held.linger = null;
    held.users += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      held.users -= 1;
      if (held.users === 0) held.linger = this.clock.after(LINGER_MS, () => this.#drop(key, held));
    };
  }

  /** Views of the cluster that somebody shows. */
  viewsOf(clusterId: string): LiveView[] {
    return [...this.#held.values()].filter((held) => held.subscription.clusterId === clusterId).map((held) => held.subscription.view);
  }

  resync(subscription: Subscription): void {
    if (this.socket.connected) this.socket.emit('resync', subscription);
  }

  /** Tries at once instead of waiting for the next attempt, as when the device is online again. */
  hurry(): void {
    if (!this.socket.connected) this.socket.connect();
  }

  #drop(key: string, held: Held): void {
    // After a stop and a new start the key may belong to another user's subscription.
    if (this.#held.get(key) !== held) return;
    this.#held.delete(key);
    if (this.socket.connected) this.socket.emit('unsubscribe', held.subscription);
    this.handlers.onReleased(held.subscription);
  }

  #retryLater(): void {
    this.#retry?.[Symbol.dispose]();
    this.#retry = this.clock.after(RETRY_AFTER_REFUSAL_MS, () => this.socket.connect());
  }
}

function keyOf(subscription: Subscription): string {
  return `${subscription.clusterId} ${subscription.view}`;
}

/** The socket to `origin`, not yet connected. Websocket first; long polling where a proxy allows nothing else. */
export function createLiveSocket(origin: string): LiveSocket {
  return io(origin, {
    autoConnect: false,
    parser: msgpackParser,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
    timeout: 5_000,
  });
}
