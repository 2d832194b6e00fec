import { expect, test as base } from '@playwright/test';

/** Browser tests of the console: whatever else they look at, a page must not ask for what is not there. */
export const test = base.extend({
  page: async ({ page }, use) => {
    const missing: string[] = [];
    page.on('response', (response) => { if (response.status() === 404) missing.push(`${response.request().method()} ${response.url()} from ${page.url()}`); });
    await use(page);
    expect(missing, 'Pages asked for what is not there').toEqual([]);
  },
});
