import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RedisConnection } from '@/lib/contract/connection';
import type { OutboundLookup } from '@/lib/platform/outbound';
import type { Endpoint } from './endpoints';
import { CommandBytes, RespParser, type Command, type RawReply } from './resp';

interface Expected {
  readonly count: number;
  readonly replies: RawReply[];
  readonly resolve: (replies: readonly RawReply[]) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * One socket. Replies come in the order of the commands; when it breaks, everything that
 * waits fails with the reason. What is sent in one turn of the event loop leaves as one
 * write, so that the server runs it back to back.
 */
export class RespConnection {
  readonly #socket: Socket;
  /** Waiting for replies, oldest first, from `#first` on. */
  #expected: Expected[] = [];
  #first = 0;
  readonly #out = new CommandBytes();
  #ended: Error | null = null;
  readonly ready: Promise<void>;

  constructor(readonly endpoint: Endpoint, { tls, lookup }: { readonly tls: RedisConnection['tls']; readonly lookup: OutboundLookup }, onEnd: () => void) {
    this.#socket = tls.enabled ? connectTls({ ...endpoint, ...tlsOptions(tls), lookup }) : connectTcp({ ...endpoint, lookup });
    this.#socket.setNoDelay(true);
    const parser = new RespParser((reply) => { this.#received(reply); });
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        parser.push(chunk);
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    const opened = tls.enabled ? 'secureConnect' : 'connect';
    this.ready = new Promise((resolve, reject) => {
      this.#socket.once(opened, resolve);
      this.#socket.once('error', reject);
      this.#socket.once('close', () => { reject(this.#ended ?? new Error('The connection was closed')); });
    });
    // Whoever sends waits for it; an unused connection that fails concerns nobody.
    this.ready.catch(() => undefined);
    this.#socket.on('error', (error) => { this.#fail(error); });
    this.#socket.on('close', () => {
      this.#fail(new Error('The connection was closed by the other end'));
      onEnd();
    });
  }

  /** One reply per command, in their order; rejects when the connection ends before. */
  send(commands: readonly Command[]): Promise<readonly RawReply[]> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#expected.push({ count: commands.length, replies: [], resolve, reject });
      if (this.#out.isEmpty) setImmediate(() => { this.#flush(); });
      this.#out.add(commands);
    });
  }

  end(): void {
    this.#fail(new Error('The connection was closed by us'));
  }

  #flush(): void {
    const bytes = this.#out.take();
    if (this.#ended === null) this.#socket.write(bytes);
  }

  #received(reply: RawReply): void {
    const head = this.#expected[this.#first];
    if (head === undefined) {
      this.#fail(new Error('A reply came that nobody waits for'));
      return;
    }
    head.replies.push(reply);
    if (head.replies.length < head.count) return;
    this.#first += 1;
    if (this.#first > 1_000) {
      this.#expected = this.#expected.slice(this.#first);
      this.#first = 0;
    }
    head.resolve(head.replies);
  }

  #fail(reason: Error): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#socket.destroy();
    const waiting = this.#expected.slice(this.#first);
    this.#expected = [];
    this.#first = 0;
    for (const { reject } of waiting) reject(reason);
  }
}

function tlsOptions(tls: RedisConnection['tls']) {
  return {
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.caPem !== undefined && { ca: tls.caPem }),
    ...(tls.certPem !== undefined && { cert: tls.certPem }),
    ...(tls.keyPem !== undefined && { key: tls.keyPem }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  };
}
