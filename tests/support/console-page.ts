/** What the browser tests do again and again: screenshots as artefacts, axe, the size of the window. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const SHOTS = join(import.meta.dirname, '..', 'artifacts', 'screenshots');
mkdirSync(SHOTS, { recursive: true });

/** A picture of the page as it is, kept with the run. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

/** axe by WCAG 2.2 A and AA, over the whole page. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).slice(0, 3).join('; ')}`)).toEqual([]);
}

/** Nothing reaches out of a narrow screen. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  // Until what slides away when the window becomes narrow has gone.
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
}

/** The dot in the header says that changes arrive as they happen; by its spoken word, which stands beside the visible one. */
export async function expectLive(page: Page, timeoutMs = 30_000): Promise<void> {
  await expect(page.getByRole('banner').getByRole('status').filter({ hasText: /^Live$/ })).toHaveCount(1, { timeout: timeoutMs });
}

/** Opens the cluster that the server shows first; gives the address that its pages begin with. */
export async function openFirstCluster(page: Page, serverUrl: string): Promise<string> {
  await page.goto(serverUrl);
  await page.waitForURL(/\/overview/);
  await expectLive(page);
  return page.url().replace(/\/overview.*/, '');
}

/** A picture is kept, axe finds nothing, and nothing reaches out of the window. */
export async function expectFits(page: Page, picture: string): Promise<void> {
  await keepPicture(page, picture);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
}
