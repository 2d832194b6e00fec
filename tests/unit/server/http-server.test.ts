import { once } from 'node:events';
import { connect } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PEER_ADDRESS_HEADER } from '@/lib/api/authorize';
import { listen, type Parts } from '@/lib/server/http-server';

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Parts that say who was given a request. */
function echoParts(overrides: Partial<Parts> = {}): Parts {
  return {
    runtime: {
      handleApi: (request) => Promise.resolve(Response.json({ by: 'api', peer: request.headers.get(PEER_ADDRESS_HEADER) })),
      health: () => Promise.resolve({ live: true, ready: true, reasons: [] }),
      version: '0',
    },
    gateway: { handleRequest: (_request, response) => response.end('{"by":"sockets"}'), handleUpgrade: (_request, socket) => socket.end('sockets') },
    answerAgent: (_request, response) => {
      response.end('{"by":"agents"}');
      return Promise.resolve();
    },
    pages: {
      handle: (request: IncomingMessage, response) => {
        response.end(JSON.stringify({ by: 'pages', peer: request.headers[PEER_ADDRESS_HEADER] }));
        return Promise.resolve();
      },
      upgrade: (request, socket) => request.url?.startsWith('/_next/') === true && Boolean(socket.end('pages')),
      close: () => Promise.resolve(),
    },
    apiBeforePages: true,
    ...overrides,
  };
}

async function start(parts: Parts | null = echoParts()) {
  const listening = await listen({ host: '127.0.0.1', port: 0, development: false, logger });
  if (!listening.ok) throw new Error(listening.error.message);
  const http = listening.value;
  onTestFinished(() => {
    const closed = http.close();
    http.cutOff();
    return closed;
  });
  if (parts !== null) http.serve(parts);
  return http;
}

async function raw(url: string, lines: readonly string[]): Promise<string> {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('the HTTP server', () => {
  it('gives each request to the one part that answers it', async () => {
    const { url } = await start();
    const by = async (path: string) => ((await (await fetch(`${url}${path}`)).json()) as { by: string }).by;
    expect(await by('/api/v1/clusters')).toBe('api');
    expect(await by('/api/v1')).toBe('api');
    expect(await by('/socket.io/?EIO=4&transport=polling')).toBe('sockets');
    expect(await by('/api/agent/v1/enrol')).toBe('agents');
    expect(await by('/api/health/live')).toBe('pages');
    expect(await by('/api/v1x')).toBe('pages');
    expect(await by('/')).toBe('pages');
  });

  it('states the peer\'s address itself, whatever the client claims', async () => {
    const { url } = await start();
    for (const path of ['/api/v1/clusters', '/']) {
      const response = await fetch(`${url}${path}`, { headers: { [PEER_ADDRESS_HEADER]: '8.8.8.8' } });
      expect(await response.json()).toMatchObject({ peer: '127.0.0.1' });
    }
  });

  it('sends security headers with every answer', async () => {
    const { url } = await start();
    for (const path of ['/', '/api/v1/clusters', '/socket.io/']) {
      const { headers } = await fetch(`${url}${path}`);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('content-security-policy')).not.toContain('unsafe-eval');
    }
  });

  it('[X1] shows a page of a foreign name nothing', async () => {
    const { url } = await start();
    const answer = await raw(url, ['GET / HTTP/1.1', 'Host: evil.example', 'Connection: close']);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain('"code":"foreign-host"');
  });

  it('passes on upgrades for the sockets, lets pages have theirs, and destroys the rest', async () => {
    const { url } = await start();
    const upgrade = (path: string, host = 'localhost') => raw(url, [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket']);
    expect(await upgrade('/socket.io/?EIO=4&transport=websocket')).toBe('sockets');
    expect(await upgrade('/_next/webpack-hmr')).toBe('pages');
    expect(await upgrade('/_next/webpack-hmr', 'evil.example')).toBe('');
    expect(await upgrade('/anything')).toBe('');
  });

  it('ends with everything that was connected, upgraded sockets included', async () => {
    const listening = await listen({ host: '127.0.0.1', port: 0, development: false, logger });
    if (!listening.ok) throw new Error(listening.error.message);
    const http = listening.value;
    http.serve(echoParts({ gateway: { handleRequest: () => undefined, handleUpgrade: (_request, socket) => { socket.write('hello'); } } }));
    const client = connect(Number(new URL(http.url).port), '127.0.0.1');
    client.write('GET /socket.io/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(client, 'data');
    const closed = http.close();
    http.cutOff();
    await Promise.all([closed, once(client, 'close')]);
  });

  it('asks to come again while it is starting', async () => {
    const { url } = await start(null);
    const response = await fetch(`${url}/api/v1/clusters`);
    expect([response.status, response.headers.get('retry-after'), response.headers.get('content-type')]).toEqual([503, '1', 'application/problem+json']);
  });

  it('says in one line that the port is taken', async () => {
    const { url } = await start();
    const second = await listen({ host: '127.0.0.1', port: Number(new URL(url).port), development: false, logger });
    expect(second.ok || second.error).toMatchObject({ code: 'port-taken', message: expect.stringMatching(/^Port \d+ on 127\.0\.0\.1 is already in use\./) as string });
  });

  it('answers a handler that fails with 500 and goes on', async () => {
    const failing = echoParts();
    const { url } = await start({ ...failing, runtime: { ...failing.runtime, handleApi: () => Promise.reject(new Error('bug')) } });
    expect((await fetch(`${url}/api/v1/clusters`)).status).toBe(500);
    expect((await fetch(`${url}/`)).status).toBe(200);
  });
});
