/** Stands between agents and their manager and loses, repeats and delays what goes through. */
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '@/lib/platform/random';

const DELAY_MS_MAX = 1_500;

/** `rate` of the requests meet with a fate, one of: lost on the way in, lost on the way back, sent twice, sent late. */
export class LossyProxy {
  readonly totals = { passed: 0, dropped: 0, duplicated: 0, delayed: 0 };
  rate = 0;

  private constructor(private readonly server: Server, readonly url: string) {}

  static async start(options: { targetUrl: string; random: Random }): Promise<LossyProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const proxy = new LossyProxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => { void proxy.#pass(options, request, response); });
    return proxy;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  async #pass({ targetUrl, random }: { targetUrl: string; random: Random }, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const send = () => forward(targetUrl, request, body);
    const fate = random.next() < this.rate ? random.integer(4) : 4;
    if (fate === 0) {
      this.totals.dropped += 1;
      response.destroy();
      return;
    }
    if (fate === 2) {
      this.totals.duplicated += 1;
      // Both arrive; the sender hears the answer of whichever is first.
      void send();
    } else if (fate === 3) {
      this.totals.delayed += 1;
      await new Promise((resolve) => setTimeout(resolve, random.next() * DELAY_MS_MAX));
    } else this.totals.passed += 1;
    const answer = await send();
    if (fate === 1 || answer === null) {
      this.totals.dropped += 1;
      response.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  }
}

function forward(targetUrl: string, request: IncomingMessage, body: Buffer): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer } | null> {
  const { host } = new URL(targetUrl);
  return new Promise((resolve) => {
    const outgoing = httpRequest(`${targetUrl}${request.url ?? '/'}`, { method: request.method, headers: { ...request.headers, host, connection: 'close' }, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => { chunks.push(chunk); });
      incoming.on('end', () => { resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: Buffer.concat(chunks) }); });
      incoming.on('error', () => { resolve(null); });
    });
    outgoing.on('error', () => { resolve(null); });
    outgoing.end(body);
  });
}
