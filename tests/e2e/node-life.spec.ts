/** A real node stands still under the operator's eyes: suspect, unreachable, why, maintenance, and alive again. */
import { rmSync } from 'node:fs';
import { expect } from '@playwright/test';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import { expectFits, expectLive } from '../support/console-page';
import { test } from '../support/console-test';
import { startRedisCluster } from '../support/redis-cluster';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

let server: TestServerProcess;
let redis: RedisClusterProcesses;

test.beforeEach(async () => {
  redis = await startRedisCluster({ primaries: 3, followersPerPrimary: 1 });
  server = await spawnTestServer({ program: 'product' });
});

test.afterEach(async () => {
  await server.stop();
  await redis.stop();
  rmSync(server.dataDir, { recursive: true, force: true });
});

async function connect(): Promise<string> {
  const response = await fetch(`${server.url}/api/v1/clusters`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Sessions', connection: { kind: 'redis-cluster', seeds: redis.seeds } }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

test('[N4] shows why a stopped node is what it is, and takes it back when it answers', async ({ page }) => {
  test.setTimeout(240_000);
  const clusterId = await connect();
  const victim = redis.primaries[0]!;
  await page.goto(`${server.url}/${clusterId}/nodes`);
  await expectLive(page);
  await page.getByRole('link', { name: new RegExp(`:${victim.port}$`) }).first().click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(String(victim.port));
  await expect(page.getByText('Answers.', { exact: true })).toBeVisible();
  await expect(page.getByText(/none was needed: it is asked over a fresh connection/)).toBeVisible();
  await expectFits(page, 'node-alive');

  victim.pause();
  try {
    await expect(page.getByText(/^Silent for \d+ s \(limit 15 s\) and a direct probe failed too/)).toBeVisible({ timeout: 60_000 });
    await expect(page.getByRole('img', { name: /^Silent for \d+ s; suspect after 3 s, unreachable after 15 s, dead after 5 min/ })).toBeVisible();
    await expect(page.getByText(/^failed .* ago: /)).toBeVisible();
    await expectFits(page, 'node-unreachable');
    await page.setViewportSize({ width: 390, height: 844 });
    await expectFits(page, 'node-unreachable-390');
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${server.url}/${clusterId}/overview`);
    await expect(page.getByRole('heading', { level: 1 })).toContainText(/need/);
    await expect(page.getByRole('main').getByRole('link', { name: new RegExp(`:${victim.port}$`) }).first()).toBeVisible();
    await expectFits(page, 'overview-unreachable');
  } finally {
    victim.resume();
  }
  await page.goBack();
  await expect(page.getByText('Answers.', { exact: true })).toBeVisible({ timeout: 60_000 });
  await page.getByText(/in which it was not alive or not watched$/).click();
  await expect(page.getByText(/: unreachable for /).first()).toBeVisible();
});
