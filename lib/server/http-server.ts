import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { API_BASE_PATH } from '@/lib/api/api-handler';
import { accessRequestOf, authorize, PEER_ADDRESS_HEADER, type AccessDecision, type RouteId } from '@/lib/api/authorize';
import { problem } from '@/lib/api/problems';
import type { ManagerLogger } from '@/lib/manager/manager-logger';
import { AGENT_BASE_PATH } from '@/lib/contract/agent-protocol';
import { LIVE_PATH } from '@/lib/realtime/live-gateway';
import { err, ok, type Result } from '@/lib/platform/result';
import type { Runtime } from './runtime';
import { setSecurityHeaders } from './security-headers';
import { sendWebResponse, toWebRequest } from './web-messages';

/** Sends a whole request in so long, or is cut off. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than clients and proxies keep an idle connection: whoever closes first must not be the server, for that breaks the request that is just being sent. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** Next, or whatever else draws pages. */
export interface Pages {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Sockets of its own, such as those of hot reloading; false when it has none there. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): Promise<void>;
}

/** What answers requests once the server is ready. */
export interface Parts {
  readonly runtime: Runtime;
  readonly gateway: {
    handleRequest(request: IncomingMessage, response: ServerResponse): void;
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  };
  /** Beats of agents, the most frequent requests: answered before anything else looks at them. */
  readonly answerAgent: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** null: only the API and the sockets are served. */
  readonly pages: Pages | null;
  /** The API is answered before Next sees the request; a test sends it through Next's route instead. */
  readonly apiBeforePages: boolean;
}

export interface HttpServer {
  readonly url: string;
  /** From now on requests are answered by `parts`; before that they are told to come again. */
  serve(parts: Parts): void;
  /** Takes no more connections and ends those that are idle; resolves when the last one has ended. */
  close(): Promise<void>;
  /** Ends every connection there is, sockets that were upgraded included. */
  cutOff(): void;
}

export interface ListenFailure {
  readonly code: 'port-taken' | 'not-listening';
  readonly message: string;
}

/**
 * The one HTTP server: it alone decides what goes to the API, to the sockets, to Next and
 * to nobody. It listens before anything else is started, so that a second server on the
 * same port ends before it has touched the database or taken over a cluster.
 */
export async function listen(options: { host: string; port: number; development: boolean; logger: ManagerLogger }): Promise<Result<HttpServer, ListenFailure>> {
  const { host, port, logger, development } = options;
  let parts: Parts | null = null;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, (request, response) => {
    setSecurityHeaders(response, { development });
    answer(parts, request, response).catch((error: unknown) => {
      logger.error({ err: error, method: request.method, url: request.url }, 'A request failed unexpectedly');
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    });
  });
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    socket.on('error', (error) => logger.info({ err: error }, 'A socket broke off'));
    upgrade(parts, request, { socket, head });
  });
  const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    server.listen({ host, port }, () => resolve(null));
  });
  if (failure !== null) return err(listenFailure(failure, host, port));
  const address = server.address() as AddressInfo;
  return ok({
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    serve: (next) => { parts = next; },
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    }),
    cutOff: () => {
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
    },
  });
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): ListenFailure {
  return error.code === 'EADDRINUSE'
    ? { code: 'port-taken', message: `Port ${port} on ${host} is already in use. Stop the other program, or choose another port with PORT=${port + 1}.` }
    : { code: 'not-listening', message: `The server cannot listen on ${host}:${port} (${error.code ?? error.message}). Choose another HOST or PORT.` };
}

/** The facts of a connection are stated by us: what a client claims about itself in our headers is overwritten. */
function stampPeer(request: IncomingMessage): void {
  request.headers[PEER_ADDRESS_HEADER] = request.socket.remoteAddress ?? '';
}

/** The permission of a request that Node's server received. */
export function decideAccess(route: RouteId, request: IncomingMessage): AccessDecision {
  stampPeer(request);
  return authorize(accessRequestOf(route, request.method ?? 'GET', (name) => [request.headers[name]].flat()[0] ?? null));
}

async function answer(parts: Parts | null, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request);
  if (parts === null) {
    sendProblem(response, problem(503, 'starting', 'The server is starting; try again in a moment'), { 'retry-after': '1' });
    return;
  }
  if (isBelow(path, AGENT_BASE_PATH)) {
    const access = decideAccess('agent', request);
    if (access.allowed) await parts.answerAgent(request, response);
    else sendProblem(response, problem(403, access.code, access.detail));
    return;
  }
  if (isBelow(path, API_BASE_PATH) && (parts.apiBeforePages || parts.pages === null)) {
    stampPeer(request);
    const webRequest = await toWebRequest(request);
    if (webRequest !== null) await sendWebResponse(await parts.runtime.handleApi(webRequest), response);
    return;
  }
  if (isBelow(path, LIVE_PATH)) {
    parts.gateway.handleRequest(request, response);
    return;
  }
  stampPeer(request);
  // The API decides for itself, knowing which operation is asked for.
  const access = isBelow(path, API_BASE_PATH) ? null : decideAccess(isBelow(path, '/api/health') ? 'health' : 'page', request);
  if (access?.allowed === false) sendProblem(response, problem(403, access.code, access.detail));
  else if (parts.pages === null) sendProblem(response, problem(404, 'unknown-route', 'This server has no pages'));
  else await parts.pages.handle(request, response);
}

function upgrade(parts: Parts | null, request: IncomingMessage, { socket, head }: { socket: Duplex; head: Buffer }): void {
  const path = pathOf(request);
  if (parts !== null && isBelow(path, LIVE_PATH)) parts.gateway.handleUpgrade(request, socket, head);
  else if (parts?.pages === null || parts === null || !decideAccess('page', request).allowed || !parts.pages.upgrade(request, socket, head)) socket.destroy();
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?')[0]!;
}

function isBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}

function sendProblem(response: ServerResponse, body: ReturnType<typeof problem>, headers: Record<string, string> = {}): void {
  response.writeHead(body.status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
}
