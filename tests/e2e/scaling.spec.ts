/**
 * A policy from the first look to a node that joined: drag a threshold, see what it would
 * have done, watch it as a shadow, promote it, and see the pool grow.
 */
import { rmSync } from 'node:fs';
import { expect, type Locator, type Page } from '@playwright/test';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';
import { expectAccessible, expectNoSidewaysScroll, keepPicture, openFirstCluster } from '../support/console-page';
import { test } from '../support/console-test';

let server: TestServerProcess;

test.beforeEach(async () => {
  server = await spawnTestServer({ program: 'product' });
});

test.afterEach(async () => {
  await server.stop();
  rmSync(server.dataDir, { recursive: true, force: true });
});

async function openPolicy(page: Page): Promise<string> {
  const cluster = await openFirstCluster(page, server.url);
  await page.goto(`${cluster}/scaling`);
  await expect(page.getByRole('slider', { name: 'Target' })).toBeVisible();
  return cluster;
}

/** Two days of a working day's load, a value every five minutes. */
function workingDays(): string {
  return Array.from({ length: 2 * 288 }, (_, at) => (100 + 80 * Math.sin((2 * Math.PI * at) / 288)).toFixed(1)).join('\n');
}

function figure(page: Page, row: string): Locator {
  return page.getByRole('row', { name: new RegExp(`^${row}`) }).getByRole('cell').nth(1);
}

/** Down by a share of the chart's height, in steps as a hand does it. */
async function dragDown(page: Page, slider: Locator, share: number): Promise<void> {
  // Waits until the line stands still and is in sight: only then is its place worth reading.
  await slider.hover();
  const line = (await slider.boundingBox())!;
  const plot = (await slider.locator('..').boundingBox())!;
  const [x, y] = [line.x + line.width / 3, line.y + line.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + plot.height * share, { steps: 8 });
  await page.mouse.up();
}

test('drags a threshold, sees the backtest change, saves, sees the shadow decide, promotes it, and a node joins and gets shards', async ({ page }) => {
  test.setTimeout(300_000);
  const cluster = await openPolicy(page);
  await page.getByLabel('Evaluated every').fill('2');
  await page.getByRole('button', { name: 'Save as generation 1' }).click();
  await expect(page.getByText(/Nothing is changed; generation 1 is in force/)).toBeVisible();

  await page.getByText('A series', { exact: true }).click();
  await page.getByLabel('Series', { exact: true }).fill(workingDays());
  await expect(page.getByText('up to date')).toBeVisible();
  const before = await figure(page, 'Node-hours').textContent();
  const target = page.getByRole('slider', { name: 'Target' });
  await expect(target).toHaveAttribute('aria-valuenow', '0.6');
  await dragDown(page, target, 0.3);
  await expect(target).toHaveAttribute('aria-valuenow', /^0\.(29|3|31)$/);
  await expect(page.getByText('up to date')).toBeVisible();
  await expect(figure(page, 'Node-hours')).not.toHaveText(before!);
  await expect(page.getByText(/▾ \d+ stretch/)).toBeVisible();
  await target.press('ArrowUp');
  await target.press('ArrowDown');
  await keepPicture(page, 'scaling-backtest');

  // One node more is enough to see.
  await page.getByLabel('Most nodes').fill('13');
  await page.getByLabel('Name of the shadow policy').fill('lower');
  await page.getByRole('button', { name: 'Save the form as a shadow' }).click();
  const shadow = page.getByRole('article', { name: 'Shadow policy lower' });
  await expect(shadow).toContainText('Would grow from 12 to 13 nodes', { timeout: 60_000 });
  await expect(shadow).toContainText(/Same size as the active policy in \d+ of \d+ evaluation/);
  await keepPicture(page, 'scaling-shadow');
  await expectAccessible(page);

  await shadow.getByRole('button', { name: 'Promote lower' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Mode').selectOption('automatic');
  await expect(dialog).toContainText('data moves then');
  await dialog.getByRole('button', { name: 'Promote lower' }).click();
  await expect(dialog).toHaveCount(0);

  await page.goto(`${cluster}/events`);
  await expect(page.getByText(/Scaling out from 12 to 13 nodes/).first()).toBeVisible({ timeout: 60_000 });
  await page.goto(`${cluster}/nodes`);
  await expect(page.getByRole('row').filter({ hasText: 'node-13' })).toBeVisible({ timeout: 90_000 });
  await expect(page.getByText(/· [1-9]\d* of \d+ moves/).first()).toBeVisible({ timeout: 90_000 });
  await keepPicture(page, 'scaling-joined');
  await page.goto(`${cluster}/scaling`);
  await expect(page.getByText('Simulated nodes, ready at once. 1 member made by it; a scale-in takes those first and gives them back.')).toBeVisible();
  await page.goto(`${cluster}/scaling?view=decisions`);
  await expect(page.getByText('Grow from 12 to 13 nodes').first()).toBeVisible();
  await keepPicture(page, 'scaling-decisions');
});

test('[R4] tells of a generation that somebody else saved, and loses nothing of what was typed', async ({ page, context }) => {
  const cluster = await openPolicy(page);
  await page.getByLabel('Most nodes').fill('40');
  const other = await context.newPage();
  await other.goto(`${cluster}/scaling`);
  await other.getByLabel('Fewest nodes').fill('5');
  await other.getByRole('button', { name: 'Save as generation 1' }).click();
  await expect(other.getByText(/Nothing is changed; generation 1 is in force/)).toBeVisible();
  await expect(page.getByText('Generation 1 was saved meanwhile; this form began with 0')).toBeVisible();
  await page.getByRole('button', { name: 'Keep my changes on top of it' }).click();
  await expect(page.getByLabel('Most nodes')).toHaveValue('40');
  await page.getByLabel('Fewest nodes').fill('400');
  await expect(page.getByText('Not above the maximum of 40')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save as generation 2' })).toBeDisabled();
  await page.getByLabel('Fewest nodes').fill('6');
  await page.getByRole('button', { name: 'Save as generation 2' }).click();
  await expect(page.getByText(/Nothing is changed; generation 2 is in force/)).toBeVisible();
  await page.getByRole('article', { name: 'Generation 1' }).getByRole('button', { name: 'Restore generation 1' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restore generation 1' }).click();
  await expect(page.getByText(/Nothing is changed; generation 3 is in force/)).toBeVisible();
  await expect(page.getByLabel('Fewest nodes')).toHaveValue('5');
});

test('fixes the node count with a reason, shows it, and takes it back', async ({ page }) => {
  await openPolicy(page);
  await page.getByText('Fix the node count').click();
  await page.getByLabel('Nodes', { exact: true }).fill('14');
  await page.getByLabel('Reason').fill('Launch at nine');
  await page.getByRole('button', { name: 'Hold at 14 nodes' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Hold at 14 nodes' }).click();
  await expect(page.getByText(/^Held at 14 nodes by/)).toBeVisible();
  await expect(page.getByText('Launch at nine')).toBeVisible();
  await page.getByRole('button', { name: 'Let the policy decide again' }).click();
  await expect(page.getByText('Fix the node count')).toBeVisible();
});

for (const scheme of ['dark', 'light'] as const) {
  for (const width of [1440, 390] as const) {
    test(`the views of scaling are accessible and fit at ${width} px, ${scheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      const cluster = await openPolicy(page);
      await expect(page.getByText('up to date').or(page.getByText('not tried out'))).toBeVisible();
      for (const summary of await page.locator('form summary').all()) await summary.click();
      await keepPicture(page, `scaling-${width}-${scheme}`);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await page.goto(`${cluster}/scaling?view=decisions`);
      await expect(page.getByRole('heading', { name: 'Decisions' })).toBeVisible();
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await keepPicture(page, `scaling-decisions-${width}-${scheme}`);
      await page.goto(`${cluster}/scaling?view=settings`);
      await expect(page.getByLabel('Imbalance threshold')).toBeVisible();
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
    });
  }
}
