import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signAnswer, signRequest } from '@/lib/provisioners/hook/webhook-transport';
import { answerAsHook } from './hook-program';

export const SECRET = 'a secret of these tests, long enough';

/** How the service misbehaves; `null`: it does not. */
export type Misbehaviour = null | 'unsigned' | 'wrong-signature' | 'signed-for-another-request' | 'status-500' | 'status-401' | 'redirect' | 'slow' | 'too-much' | 'garbage' | 'breaks-off';

/** A web service that makes nodes, as an operator would write one. */
export class HookService {
  readonly nodes: Record<string, string> = {};
  readonly headers: IncomingMessage['headers'][] = [];
  misbehaviour: Misbehaviour = null;
  readonly #server: Server;
  #earlier = '';

  private constructor(private readonly nodesMax: number) {
    this.#server = createServer((request, response) => { void this.#answer(request, response); });
  }

  static async start(nodesMax: number): Promise<HookService> {
    const service = new HookService(nodesMax);
    await new Promise<void>((resolve) => { service.#server.listen(0, '127.0.0.1', resolve); });
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/nodes`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    this.headers.push(request.headers);
    const signature = signRequest(SECRET, String(request.headers['x-phantom-scale-timestamp']), body);
    if (request.headers['x-phantom-scale-signature'] !== `sha256=${signature}`) {
      response.writeHead(401).end();
      return;
    }
    const sign = (text: string, about: string) => { response.setHeader('x-phantom-scale-signature', `sha256=${signAnswer(SECRET, about, text)}`); };
    const text = JSON.stringify(answerAsHook(JSON.parse(body) as Parameters<typeof answerAsHook>[0], this.nodes, this.nodesMax));
    switch (this.misbehaviour) {
      case null: sign(text, signature); response.end(text); break;
      case 'unsigned': response.end(text); break;
      case 'wrong-signature': response.setHeader('x-phantom-scale-signature', `sha256=${'0'.repeat(64)}`); response.end(text); break;
      case 'signed-for-another-request': sign(text, this.#earlier); response.end(text); break;
      case 'status-500': response.writeHead(500).end('broken'); break;
      case 'status-401': response.writeHead(401).end(); break;
      case 'redirect': response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(); break;
      case 'slow': break;
      case 'too-much': response.write('x'.repeat(1_000_000)); break;
      case 'garbage': sign('<html>', signature); response.end('<html>'); break;
      case 'breaks-off': request.socket.destroy(); break;
    }
    this.#earlier = signature;
  }
}
