/** The one port of a reference node: keys for clients, copies for other nodes, the probe for the manager. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AGENT_PROBE_PATH } from '@/lib/contract/agent-protocol';
import { err, ok, type Result } from '@/lib/platform/result';
import { KEY_BYTES_MAX, KEYS_PATH, VALUE_BYTES_MAX, type KeyAnswer, type KeyEndpoint } from './key-endpoint';
import { isPeerAction, type PeerEndpoint } from './peer-endpoint';
import { PEER_BASE_PATH, PEER_BODY_BYTES_MAX, type PeerRefusal } from './peer-protocol';
import type { Traffic } from './traffic';

const REQUEST_TIMEOUT_MS = 30_000;

export interface NodeParts {
  readonly nodeId: string;
  readonly incarnation: () => number;
  readonly keys: KeyEndpoint;
  readonly peers: PeerEndpoint;
}

export class NodeServer {
  #parts: NodeParts | null = null;

  private constructor(private readonly server: Server, private readonly traffic: Traffic) {}

  /** Listens first, so that its address is known when it enrols; requests are told to come again until `serve`. */
  static async listen(options: { host: string; port: number; traffic: Traffic; onError: (error: unknown) => void }): Promise<Result<NodeServer, string>> {
    const { host, port, traffic } = options;
    const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: 75_000 });
    const node = new NodeServer(server, traffic);
    server.on('request', (request, response) => {
      node.#answer(request, response).catch((error: unknown) => {
        options.onError(error);
        if (!response.headersSent) response.statusCode = 500;
        response.end();
      });
    });
    const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      server.once('error', resolve);
      server.listen({ host, port }, () => { resolve(null); });
    });
    return failure === null ? ok(node) : err(`The node cannot listen on ${host}:${port} (${failure.code ?? failure.message})`);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): Promise<number> {
    return new Promise((resolve) => { this.server.getConnections((error, count) => { resolve(error === null ? count : 0); }); });
  }

  serve(parts: NodeParts): void {
    this.#parts = parts;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => { resolve(); });
      this.server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0]!;
    const parts = this.#parts;
    if (parts === null) this.#send(response, 503, { code: 'starting', detail: 'The node is starting' }, { 'retry-after': '1' });
    else if (path === AGENT_PROBE_PATH) this.#send(response, 200, { nodeId: parts.nodeId, incarnation: parts.incarnation() });
    else if (path.startsWith(KEYS_PATH)) await this.#answerKey(parts, request, response, path.slice(KEYS_PATH.length));
    else if (path.startsWith(`${PEER_BASE_PATH}/`)) await this.#answerPeer(parts, request, response, path.slice(PEER_BASE_PATH.length + 1));
    else this.#send(response, 404, { code: 'unknown-route', detail: 'There is nothing here' });
  }

  async #answerKey(parts: NodeParts, request: IncomingMessage, response: ServerResponse, encoded: string): Promise<void> {
    const key = decoded(encoded);
    const { method } = request;
    if (key === null || key === '' || Buffer.byteLength(key) > KEY_BYTES_MAX) {
      this.#send(response, 400, { code: 'bad-key', detail: `A key has 1 to ${KEY_BYTES_MAX} bytes, percent-encoded` });
      return;
    }
    if (method !== 'GET' && method !== 'PUT' && method !== 'DELETE') {
      this.#send(response, 405, { code: 'wrong-method', detail: 'GET, PUT or DELETE' }, { allow: 'GET, PUT, DELETE' });
      return;
    }
    const body = await this.#read(request, VALUE_BYTES_MAX);
    if (body === null) {
      this.#send(response, 413, { code: 'too-large', detail: `A value has at most ${VALUE_BYTES_MAX} bytes` });
      return;
    }
    this.#sendKey(response, await parts.keys.answer({ method, key, body }));
  }

  #sendKey(response: ServerResponse, answer: KeyAnswer): void {
    switch (answer.status) {
      case 200:
        if (answer.value === null) {
          this.#send(response, 200, { version: answer.version });
          return;
        }
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'x-version': String(answer.version), 'content-length': answer.value.length });
        this.traffic.add(answer.value.length);
        response.end(answer.value);
        return;
      case 307:
        this.#send(response, 307, { code: 'moved', detail: 'The shard of this key is at another node' }, { location: answer.location });
        return;
      case 404:
        this.#send(response, 404, { code: answer.code, detail: answer.detail });
        return;
      case 503:
        this.#send(response, 503, { code: answer.code, detail: answer.detail }, { 'retry-after': '1' });
        return;
    }
  }

  async #answerPeer(parts: NodeParts, request: IncomingMessage, response: ServerResponse, rest: string): Promise<void> {
    const [shard = '', action = ''] = rest.split('/');
    const nodeId = request.headers['x-node-id'];
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;
    const refuse = (status: number, refusal: PeerRefusal) => this.#send(response, status, refusal);
    if (!parts.peers.admits(typeof nodeId === 'string' ? nodeId : null, key)) {
      refuse(401, { code: 'unknown-peer', message: 'The caller is not a node of this cluster, as far as this node knows' });
      return;
    }
    if (request.method !== 'POST' || !/^\d{1,7}$/.test(shard) || !isPeerAction(action)) {
      refuse(404, { code: 'malformed', message: 'There is no such call' });
      return;
    }
    const body = await this.#read(request, PEER_BODY_BYTES_MAX);
    const value = body === null ? null : parsed(body);
    if (value === null) {
      refuse(400, { code: 'malformed', message: 'The body is no JSON object of a fair size' });
      return;
    }
    const answer = await parts.peers.answer(Number(shard), action, value);
    if (answer.ok) this.#send(response, 200, answer.value);
    else refuse(409, answer.error);
  }

  /** Null when it is larger than allowed; the rest is read and dropped, so that the connection can go on. */
  async #read(request: IncomingMessage, bytesMax: number): Promise<Buffer | null> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
    }
    this.traffic.add(bytes);
    return bytes > bytesMax ? null : Buffer.concat(chunks);
  }

  #send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
    const text = JSON.stringify(body);
    this.traffic.add(text.length);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers });
    response.end(text);
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
