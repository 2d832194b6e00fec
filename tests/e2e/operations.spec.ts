/** Operations, as an operator lives with them: the queue, the live page, the report, the way back. */
import { rmSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';
import { expectFits, keepPicture, openFirstCluster } from '../support/console-page';
import { test } from '../support/console-test';

/** Slow enough to be looked at. */
const SLOW = { movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 4 * 1024 * 1024 };
const FAST = { movesInFlightMax: 64, movesPerNodeMax: 32, bytesPerSecondMax: null };

let server: TestServerProcess;

test.beforeEach(async () => {
  server = await spawnTestServer({ program: 'product' });
});

test.afterEach(async () => {
  await server.stop();
  rmSync(server.dataDir, { recursive: true, force: true });
});

async function openDemo(page: Page): Promise<{ readonly cluster: string; readonly clusterId: string }> {
  const cluster = await openFirstCluster(page, server.url);
  return { cluster, clusterId: cluster.slice(cluster.lastIndexOf('/') + 1) };
}

async function api<T>(page: Page, method: 'GET' | 'POST', path: string, data?: object): Promise<T> {
  const answer = await page.request.fetch(`${server.url}/api/v1${path}`, { method, ...(data !== undefined && { data }) });
  expect(answer.ok(), `${method} ${path}: ${await answer.text()}`).toBe(true);
  return await answer.json() as T;
}

/** Plans by the API and approves; the id of the operation. */
async function start(page: Page, clusterId: string, throttle: object): Promise<string> {
  const plan = await api<{ id: string }>(page, 'POST', `/clusters/${clusterId}/plans`, { strategy: 'load-based', scope: { kind: 'cluster' } });
  const { operation } = await api<{ operation: { id: string } }>(page, 'POST', `/plans/${plan.id}/approve`, { throttle });
  return operation.id;
}

test('puts waiting operations into another order, takes one off, and finds it in the filtered history', async ({ page }) => {
  test.setTimeout(180_000);
  const { cluster, clusterId } = await openDemo(page);
  await start(page, clusterId, SLOW);
  for (let added = 0; added < 2; added += 1) await api(page, 'POST', `/clusters/${clusterId}/nodes`, {});
  const { operations } = await api<{ operations: { id: string; kind: string }[] }>(page, 'GET', `/clusters/${clusterId}/operations`);
  const [last, first] = operations.filter(({ kind }) => kind === 'add-node').map(({ id }) => id);
  await page.goto(`${cluster}/operations`);
  const queue = page.getByRole('list', { name: 'Queue' });
  await expect(queue.getByRole('listitem')).toHaveCount(3);
  await expect(queue.getByRole('listitem').nth(0)).toContainText('Data is moving');
  await expect(queue.getByRole('listitem').nth(1).getByRole('link').first()).toHaveAttribute('href', new RegExp(`${first!}$`));
  await queue.getByRole('listitem').nth(2).getByRole('button', { name: /^Earlier/ }).press('Enter');
  await expect(queue.getByRole('listitem').nth(1).getByRole('link').first()).toHaveAttribute('href', new RegExp(`${last!}$`));
  await expectFits(page, 'operations-queue');
  await queue.getByRole('listitem').nth(2).getByRole('button', { name: 'Take off the queue' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take it off the queue' }).click();
  await expect(queue.getByRole('listitem')).toHaveCount(2);
  await page.goto(`${cluster}/operations?status=canceled`);
  await expect(page.getByRole('region', { name: 'Ended operations' }).getByRole('link', { name: 'Add node' })).toBeVisible();
  await page.goto(`${cluster}/operations?status=failed`);
  await expect(page.getByText('No operations match the filter')).toBeVisible();
});

for (const scheme of ['dark', 'light'] as const) {
  for (const width of [1440, 390] as const) {
    test(`runs in sight, ends with a report and offers the way back, at ${width} px, ${scheme}`, async ({ page }) => {
      test.setTimeout(240_000);
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: width > 800 ? 900 : 844 });
      const { cluster, clusterId } = await openDemo(page);
      const operationId = await start(page, clusterId, SLOW);
      await page.goto(`${cluster}/operations/${operationId}`);
      const main = page.getByRole('main');
      await expect(main.getByText('Data is moving.')).toBeVisible();
      await expect(main.getByRole('list', { name: 'Stages' }).getByText('Run the moves')).toBeVisible();
      await expect(main.getByRole('button', { name: /^Done [1-9]/ })).toBeVisible({ timeout: 60_000 });
      await main.getByRole('button', { name: /^Done/ }).click();
      await expect(page).toHaveURL(/moves=done/);
      await expect(main.getByRole('region', { name: 'Moves of the operation' }).getByRole('row').nth(1)).toContainText('Done');
      await expectFits(page, `operation-live-${width}-${scheme}`);
      await main.getByRole('button', { name: 'Change limits' }).click();
      await page.getByLabel('Moves at once').fill('0');
      await expect(page.getByText('A whole number from 1 to 256')).toBeVisible();
      await keepPicture(page, `operation-limits-${width}-${scheme}`);
      await page.keyboard.press('Escape');
      await api(page, 'POST', `/operations/${operationId}/throttle`, { throttle: FAST });
      await expect(page.getByRole('heading', { name: 'Report' })).toBeVisible({ timeout: 120_000 });
      await page.goto(`${cluster}/operations/${operationId}`);
      await expect(main.getByRole('region', { name: 'Client latency' })).toBeVisible();
      await expect(main.getByRole('img', { name: /^Speed/ })).toBeVisible();
      await expectFits(page, `operation-report-${width}-${scheme}`);
      await main.getByRole('button', { name: 'Reverse this' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Make the plan back' }).click();
      await page.waitForURL(/\/operations\/new\?plan=plan_/);
      await expect(page.getByRole('heading', { name: 'Verdict' })).toBeVisible();
    });
  }
}
