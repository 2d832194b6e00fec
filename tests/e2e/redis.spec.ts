/** The same first minutes on a real Redis Cluster: connect it in the form, rebalance onto its empty node under load, watch. */
import { expect } from '@playwright/test';
import { fillKeys, mixedValueBytes } from '../../scripts/redis/fill-keys';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import { CheckerClient } from '../support/checker-client';
import { expectAccessible, keepPicture } from '../support/console-page';
import { test } from '../support/console-test';
import { startRedisCluster } from '../support/redis-cluster';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

let server: TestServerProcess;
let redis: RedisClusterProcesses;

test.beforeEach(async () => {
  redis = await startRedisCluster({ primaries: 3, followersPerPrimary: 1, emptyPrimaries: 1, password: 'let-me-in' });
  await fillKeys(redis.primaries, { keys: 30_000, valueBytes: mixedValueBytes });
  server = await spawnTestServer({ program: 'product' });
});

test.afterEach(async () => {
  await server.stop();
  await redis.stop();
});

test('connects a real cluster, refuses a wrong password, rebalances under load and loses nothing', async ({ page }) => {
  test.setTimeout(400_000);
  await page.goto(server.url);
  await page.waitForURL(/\/overview/);
  await page.goto(page.url().replace(/overview.*/, 'settings'));
  await page.getByRole('button', { name: 'Connect a cluster' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Redis or Valkey cluster').click();
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Orders');
  // One seed that nobody listens on does no harm.
  for (const seed of ['127.0.0.1:1', ...redis.seeds.slice(0, 2)]) {
    await dialog.getByRole('combobox', { name: 'Addresses' }).or(dialog.getByRole('textbox', { name: 'Addresses' })).first().fill(seed);
    await page.keyboard.press('Enter');
    await expect(dialog.getByText(seed, { exact: true })).toBeVisible();
  }
  await dialog.getByLabel('Password', { exact: true }).fill('wrong');
  await dialog.getByRole('button', { name: 'Test the connection' }).click();
  await expect(dialog.getByText('authentication-failed')).toBeVisible({ timeout: 20_000 });
  await keepPicture(page, 'redis-wrong-password');
  await dialog.getByLabel('Password', { exact: true }).fill('let-me-in');
  await dialog.getByRole('button', { name: 'Connect the cluster' }).click();
  await page.waitForURL((url) => url.pathname.endsWith('/overview'), { timeout: 30_000 });
  await expect(page.getByText(/All 7 nodes \(3 followers\) are alive/)).toBeVisible({ timeout: 20_000 });
  await keepPicture(page, 'redis-overview');
  await expectAccessible(page);

  const cluster = page.url().replace(/\/overview.*/, '');
  const checker = CheckerClient.start(redis, { operationsPerSecond: 500, durationMsMax: 330_000 });
  await page.goto(`${cluster}/operations/new?strategy=round-robin`);
  await page.getByRole('button', { name: 'Preview this' }).click();
  await expect(page.getByRole('heading', { name: 'Verdict' })).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText(/bring the worst imbalance from/)).toBeVisible({ timeout: 20_000 });
  await keepPicture(page, 'redis-plan');
  await page.getByRole('button', { name: /^Run [\d,]+ moves/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Run [\d,]+ moves/ }).click();
  await page.waitForURL(/\/operations\/operation_/);
  await expect(page.getByRole('heading', { name: 'Report' })).toBeVisible({ timeout: 270_000 });
  await expect(page.getByRole('main').getByText('Succeeded', { exact: true })).toBeVisible();
  await keepPicture(page, 'redis-report');
  const report = await checker.stop();
  expect(report.errors).toEqual([]);
  expect(report).toMatchObject({ lost: 0, duplicated: 0, clientErrors: 0 });
  await page.goto(`${cluster}/shards`);
  await keepPicture(page, 'redis-shards');
});
