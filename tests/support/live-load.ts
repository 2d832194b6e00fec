/**
 * Many live clients in a process of their own, for benches: `node live-load.mjs <url>
 * <clusterId> <clients>`. Commands come over IPC; what was measured goes back that way.
 */
import { io } from 'socket.io-client';
import parser from 'socket.io-msgpack-parser';
import { LIVE_VIEWS, type LiveView } from '@/lib/contract/live';

export interface LiveLoadReport {
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** All views together, one client. */
  readonly snapshotBytes: number;
  /** Deltas of all views, summed over all clients. */
  readonly deltaBytes: number;
  readonly deltaBytesByView: Readonly<Record<LiveView, number>>;
  /** Deltas of the summary that one client got on average: one for each reading of the cluster. */
  readonly updates: number;
  /** Deltas that did not connect to the one before. */
  readonly gaps: number;
  readonly snapshotBytesByView: Readonly<Partial<Record<LiveView, number>>>;
  readonly elapsedMs: number;
}

/** Counts what arrives: hands a message's size to its listeners, behind its data. */
class CountingDecoder extends parser.Decoder {
  #bytes = 0;

  override add(message: Buffer): void {
    this.#bytes = message.byteLength;
    super.add(message);
  }

  override emit(event: string, packet: { data?: unknown }): this {
    if (event === 'decoded' && Array.isArray(packet.data)) packet.data.push(this.#bytes);
    return super.emit(event, packet);
  }
}

class Client {
  readonly snapshotBytes: Partial<Record<LiveView, number>> = {};
  readonly #heads: Partial<Record<LiveView, number>> = {};

  constructor(url: string, clusterId: string, totals: Totals) {
    const socket = io(url, { parser: { ...parser, Decoder: CountingDecoder }, transports: ['websocket'], forceNew: true });
    socket.on('connect', () => { for (const view of LIVE_VIEWS) socket.emit('subscribe', { clusterId, view }); });
    socket.on('snapshot', ({ view, revision }: { view: LiveView; revision: number }, bytes: number) => {
      this.snapshotBytes[view] = bytes;
      this.#heads[view] = revision;
    });
    socket.on('delta', ({ view, sentAtMs, fromRevision, toRevision }: { view: LiveView; sentAtMs: number; fromRevision: number; toRevision: number }, bytes: number) => {
      totals.add(view, bytes, Date.now() - sentAtMs, this.#heads[view] === fromRevision);
      this.#heads[view] = toRevision;
    });
  }

  get isReady(): boolean {
    return LIVE_VIEWS.every((view) => this.snapshotBytes[view] !== undefined);
  }
}

class Totals {
  #startedMs = performance.now();
  #latenciesMs: number[] = [];
  #gaps = 0;
  #summaryDeltas = 0;
  readonly #bytes: Record<LiveView, number> = { summary: 0, nodes: 0, shards: 0, moves: 0, events: 0 };

  reset(): void {
    this.#startedMs = performance.now();
    this.#latenciesMs = [];
    this.#gaps = 0;
    this.#summaryDeltas = 0;
    for (const view of LIVE_VIEWS) this.#bytes[view] = 0;
  }

  add(view: LiveView, bytes: number, latencyMs: number, connects: boolean): void {
    this.#latenciesMs.push(latencyMs);
    this.#bytes[view] += bytes;
    if (view === 'summary') this.#summaryDeltas += 1;
    if (!connects) this.#gaps += 1;
  }

  report(clients: readonly Client[]): LiveLoadReport {
    const sorted = this.#latenciesMs.sort((a, b) => a - b);
    const percentile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      latencyMs: { p50: percentile(0.5), p99: percentile(0.99), max: sorted.at(-1) ?? 0 },
      snapshotBytes: LIVE_VIEWS.reduce((sum, view) => sum + (clients[0]!.snapshotBytes[view] ?? 0), 0),
      deltaBytes: LIVE_VIEWS.reduce((sum, view) => sum + this.#bytes[view], 0),
      deltaBytesByView: { ...this.#bytes },
      updates: this.#summaryDeltas / clients.length,
      gaps: this.#gaps,
      snapshotBytesByView: clients[0]!.snapshotBytes,
      elapsedMs: performance.now() - this.#startedMs,
    };
  }
}

const [url, clusterId, clientCount] = process.argv.slice(2);
if (url === undefined || clusterId === undefined || clientCount === undefined) throw new Error('Usage: live-load <url> <clusterId> <clients>');
const totals = new Totals();
const clients = Array.from({ length: Number(clientCount) }, () => new Client(url, clusterId, totals));
const ready = setInterval(() => {
  if (!clients.every((client) => client.isReady)) return;
  clearInterval(ready);
  process.send?.('ready');
}, 50);
process.on('message', (message) => {
  if (message === 'reset') totals.reset();
  if (message === 'report') process.send?.(totals.report(clients));
});
process.on('disconnect', () => process.exit(0));
