import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import { systemClock } from '@/lib/platform/system-clock';
import { readConfig } from '@/lib/server/config';
import { createLogger } from '@/lib/server/logger';
import { openNextPages } from '@/lib/server/next-pages';
import { startServer, type RunningServer } from '@/lib/server/start-server';
import { call, problemOf, succeed } from '@/tests/support/api-calls';
import { spawnTestServer, type TestServerProcess } from '@/tests/support/start-server';
import { makeFolder } from '@/tests/support/temporary-folder';

const root = join(import.meta.dirname, '..', '..');

beforeAll(() => {
  if (!existsSync(join(root, '.next', 'BUILD_ID'))) throw new Error('There is no production build: run `npm run build` first');
});

describe('the product', () => {
  let product: TestServerProcess;
  beforeAll(async () => { product = await spawnTestServer({ program: 'product' }); });
  afterAll(() => product.stop());

  it('says where it is in one line and nothing else', () => {
    expect(product.output.stdout).toBe(`PhantomScale is ready at ${product.url}\n`);
    expect(product.output.stderr).toBe('');
  });

  it('shares its runtime with Next\'s bundles: the health routes answer through Next', async () => {
    const live = await fetch(`${product.url}/api/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { live: true, version: expect.any(String) as string }]);
    // Only Next's route handlers vary by its router's headers.
    expect(live.headers.get('vary')).toContain('next-router-state-tree');
    const ready = await fetch(`${product.url}/api/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [] }]);
  });

  it('serves pages, under the security headers', async () => {
    const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(product, 'GET', '/clusters');
    const page = await fetch(`${product.url}/${clusters[0]!.id}/overview`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('x-powered-by')).toBeNull();
  });

  it('has an icon where browsers look for one unasked', async () => {
    const icon = await fetch(`${product.url}/favicon.ico`);
    expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
  });

  it('answers an address that is no page with the way back', async () => {
    const page = await fetch(`${product.url}/no/such/page`);
    expect(page.status).toBe(404);
    const html = await page.text();
    expect(html).toContain('There is no such page');
    expect(html).toMatch(/<a [^>]*href="\/"/);
  });

  it('ends with exit code 0', async () => {
    const other = await spawnTestServer({ program: 'product', dataDir: makeFolder() });
    expect(await other.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});

describe('the API behind Next\'s route', () => {
  let server: RunningServer;
  const dataDir = mkdtempSync(join(tmpdir(), 'phantom-scale-pages-'));
  beforeAll(async () => {
    const config = readConfig({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error' }, '/');
    if (!config.ok) throw new Error(config.error.join('\n'));
    const logger = createLogger('error');
    const started = await startServer({
      config: config.value, clock: systemClock, logger, development: false, apiBeforePages: false,
      openPages: (address) => openNextPages({ dir: root, development: false, logger, ...address }),
    });
    if (!started.ok) throw new Error(started.error);
    server = started.value;
  });
  afterAll(async () => {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('answers as it does before Next', async () => {
    const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters');
    const path = `/clusters/${clusters[0]!.id}`;
    expect(await succeed(server, 'POST', `${path}/freeze`, { body: { reason: 'a test' } })).toMatchObject({ cause: 'operator' });
    expect((await call(server, 'POST', `${path}/unfreeze`)).status).toBe(204);
    expect(problemOf(await call(server, 'POST', `${path}/freeze`, { body: { reason: 7 } })).errors).toMatchObject([{ pointer: '#/reason' }]);
    expect(problemOf(await call(server, 'GET', '/nothing')).status).toBe(404);
    expect((await call(server, 'PATCH', '/clusters')).status).toBe(405);
    expect(problemOf(await call(server, 'POST', '/clusters', { body: { name: 'x'.repeat(2 * 1024 * 1024) } })).status).toBe(413);
  });

  it('[X1] asks who is there as well', async () => {
    const foreign = await call(server, 'DELETE', '/clusters/any', { headers: { origin: 'http://evil.example' } });
    expect(problemOf(foreign)).toMatchObject({ status: 403, code: 'foreign-origin' });
    expect((await call(server, 'GET', '/clusters', { headers: { 'x-phantom-scale-peer-address': '8.8.8.8' } })).status).toBe(200);
  });
});
