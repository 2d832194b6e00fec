/** Planning, as an operator does it: choose, look at what it would bring, keep it, look closely, stop early, run it. */
import { rmSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
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

/** Opens the form on the demo. */
async function openForm(page: Page, query: string): Promise<void> {
  const cluster = await openFirstCluster(page, server.url);
  await page.goto(`${cluster}/operations/new?${query}`);
  await expect(bar(page)).toBeVisible();
}

const bar = (page: Page) => page.getByRole('region', { name: 'What-if, not kept' });
const status = (page: Page) => bar(page).getByRole('status');
/** The figures of the bar, once they are those of the form. */
async function figures(page: Page): Promise<string> {
  await expect(status(page)).toHaveText(/^(against|the same)/);
  return bar(page).innerText();
}

test('[P6] chooses a preset, drags a weight and a line, keeps the plan, stops early, and sees just these moves run', async ({ page }) => {
  test.setTimeout(240_000);
  await openForm(page, 'strategy=optimal');
  const balanced = await figures(page);
  await page.getByRole('radio', { name: /^Thorough/ }).click();
  await expect(page).toHaveURL(/preset=thorough/);
  await expect.poll(() => figures(page)).not.toBe(balanced);
  const thorough = await figures(page);
  await page.getByText('Fine-tune the weights').click();
  const weight = page.getByRole('slider', { name: 'Weight of Number of moves' });
  const track = (await weight.locator('..').boundingBox())!;
  await weight.hover();
  await page.mouse.down();
  await page.mouse.move(track.x + track.width - 2, track.y + track.height / 2, { steps: 6 });
  await page.mouse.up();
  await expect(page).toHaveURL(/weights=moves:100/);
  await expect.poll(() => figures(page)).not.toBe(thorough);
  await page.reload();
  await expect(page.getByRole('slider', { name: 'Weight of Number of moves' })).toHaveAttribute('aria-valuetext', '× 100');
  await page.getByRole('button', { name: 'Weight of Number of moves: as the preset has it' }).click();
  await expect(page).not.toHaveURL(/weights/);
  await page.getByRole('button', { name: 'Preview this' }).click();
  await expect(page.getByRole('heading', { name: 'Verdict' })).toBeVisible();
  await expect(page.getByText('from the best possible').or(page.getByText('proven best possible')).first()).toBeVisible();
  await keepPicture(page, 'plan-optimal');

  const handle = page.getByRole('slider', { name: 'Stop here, on the curve' });
  const all = Number(await handle.getAttribute('aria-valuenow'));
  const from = (await handle.boundingBox())!;
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x - from.width * 8, from.y + 60, { steps: 8 });
  await page.mouse.up();
  const stop = Number(await handle.getAttribute('aria-valuenow'));
  expect(stop).toBeGreaterThan(0);
  expect(stop).toBeLessThan(all);
  await expect(page.getByRole('slider', { name: 'Stop after so many moves' })).toHaveAttribute('aria-valuenow', String(stop));
  await expect(page).toHaveURL(new RegExp(`stop=${stop}-`));
  await handle.press('ArrowRight');
  const moves = `${stop + 1} move${stop === 0 ? '' : 's'}`;
  await keepPicture(page, 'plan-stopped');
  await page.getByRole('button', { name: `Run ${moves}`, exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: `Run ${moves}`, exact: true }).click();
  await page.waitForURL(/\/operations\/operation_/);
  await expect(page.getByText(new RegExp(`of ${stop + 1} moves`)).first()).toBeVisible();
});

for (const scheme of ['dark', 'light'] as const) {
  for (const width of [1440, 390] as const) {
    test(`form, review and moves are accessible and fit at ${width} px, ${scheme}`, async ({ page }) => {
      test.setTimeout(180_000);
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: width > 800 ? 900 : 844 });
      await openForm(page, 'strategy=optimal');
      await figures(page);
      for (const fold of ['Safety lines', 'Fine-tune the weights', 'Limits of this plan']) await page.getByText(fold, { exact: true }).click();
      await keepPicture(page, `plan-form-${width}-${scheme}`);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await page.getByRole('button', { name: 'Preview this' }).click();
      await expect(page.getByRole('heading', { name: 'Verdict' })).toBeVisible();
      await page.getByText('Why no better than this').click();
      await page.getByRole('button', { name: /say why not elsewhere$/ }).click();
      await page.getByRole('button', { name: /^Why .* and not/ }).first().click();
      await keepPicture(page, `plan-review-${width}-${scheme}`);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
    });
  }
}

test('asks nothing while a field is wrong, and a link to it says what is wrong', async ({ page }) => {
  await openForm(page, 'strategy=optimal&scope=shards&shards=0-5,99999');
  await expect(status(page)).toHaveText('“99999” is no shard or range from 0 to 1023, such as 0-99,120');
  await page.getByRole('textbox', { name: 'Shards', exact: true }).fill('0-5');
  await expect(status(page)).toHaveText('against now');
});
