/** A live client in Node, with the console's own reducer. */
import { io, type Socket } from 'socket.io-client';
import parser from 'socket.io-msgpack-parser';
import { createLiveState, reduceLive, type LiveMessage, type LiveState } from '@/lib/client/live-state';
import type { ClientToServerEvents, FleetEntry, LiveView, ServerToClientEvents } from '@/lib/contract/live';

export class LiveConnection {
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  state: LiveState;
  fleet: readonly FleetEntry[] | null = null;
  readonly counts = { snapshot: 0, delta: 0, gone: 0, heartbeat: 0, resync: 0 };
  readonly #waiting = new Set<() => void>();

  constructor(url: string, readonly clusterId: string, options: { transports?: string[]; extraHeaders?: Record<string, string> } = {}) {
    this.state = createLiveState(clusterId);
    this.socket = io(url, { parser, transports: ['websocket'], reconnection: false, forceNew: true, ...options });
    this.socket.on('snapshot', (message) => this.#take('snapshot', { kind: 'snapshot', message }));
    this.socket.on('delta', (message) => this.#take('delta', { kind: 'delta', message }));
    this.socket.on('gone', (message) => this.#take('gone', { kind: 'gone', message }));
    this.socket.on('heartbeat', () => { this.counts.heartbeat += 1; this.#wake(); });
    this.socket.on('fleet', (clusters) => { this.fleet = clusters; this.#wake(); });
    this.socket.on('connect', () => this.#wake());
    this.socket.on('disconnect', () => this.#wake());
  }

  subscribe(...views: readonly LiveView[]): void {
    for (const view of views) this.socket.emit('subscribe', { clusterId: this.clusterId, view });
  }

  /** Waits for what messages bring about; looked at again after each of them. */
  async until(holds: () => boolean, what: string, timeoutMs = 15_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!holds()) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, leftMs);
        const waiting = this.#waiting;
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  close(): void {
    this.socket.disconnect();
  }

  #take(kind: 'snapshot' | 'delta' | 'gone', message: LiveMessage): void {
    this.counts[kind] += 1;
    const { state, resync } = reduceLive(this.state, message);
    this.state = state;
    if (resync !== null) {
      this.counts.resync += 1;
      this.socket.emit('resync', { clusterId: this.clusterId, view: resync });
    }
    this.#wake();
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
