import { defineConfig } from '@playwright/test';
import { requireChromium } from './support/chromium-binary';

/** Set by `npm test`, which counts the tests from this file. */
const report = process.env['PS_BROWSER_REPORT'];

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'artifacts/browser',
  workers: 1,
  fullyParallel: false,
  // A test that passes at the second try has failed: either it or the product has a race.
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 90_000,
  // Generous, because a developer's machine is often busy; what is waited for is there at once on a quiet one.
  expect: { timeout: 15_000 },
  reporter: report === undefined ? 'list' : [['list'], ['json', { outputFile: report }]],
  use: {
    browserName: 'chromium',
    launchOptions: requireChromium(),
    // What is missing is told soon, and not by the whole test running out of its time.
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    viewport: { width: 1440, height: 900 },
    screenshot: 'on',
    trace: 'retain-on-failure',
  },
});
