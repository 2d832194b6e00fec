/** Nodes with agents as an operator gets to know them: enrolled by the command, accepted, given shards, and asked where a key is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { AgentProcess, bundleAgent } from '../../scripts/agents/agent-process';
import { expectAccessible, expectLive, expectNoSidewaysScroll, keepPicture } from '../support/console-page';
import { test } from '../support/console-test';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

let server: TestServerProcess;
let folder: string;
const nodes: AgentProcess[] = [];

test.beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'phantom-scale-agents-e2e-'));
  server = await spawnTestServer({ program: 'product' });
});

test.afterEach(async () => {
  await Promise.all(nodes.map((node) => node.kill()));
  await server.stop();
  rmSync(server.dataDir, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

/** Makes a token in the dialog and starts a node with what the command says. */
async function enrol(page: Page, name: string, options: { readonly atOnce: boolean }): Promise<void> {
  await page.getByRole('button', { name: 'Enrol a node' }).click();
  const dialog = page.getByRole('dialog', { name: 'Enrol a node' });
  if (options.atOnce) await dialog.getByRole('radio', { name: /member at once/ }).check();
  await dialog.getByRole('button', { name: 'Make a token' }).click();
  await dialog.getByLabel('Zone').fill(name);
  const command = await dialog.getByLabel('Command that enrols the node').innerText();
  if (nodes.length === 0) {
    await keepPicture(page, 'enrol-command');
    await expectAccessible(page);
  }
  await dialog.getByRole('button', { name: 'Done, I have copied it' }).click();
  await expect(dialog).toBeHidden();
  const token = /PHANTOM_AGENT_TOKEN=(\S+)/.exec(command)?.[1] ?? '';
  expect(command).toContain(`--zone ${name}`);
  expect(command).toContain(`--manager ${server.url}`);
  const node = new AgentProcess({ program: await bundleAgent(), dataDir: join(folder, name), managerUrl: server.url, token, zone: name, name });
  nodes.push(node);
  await node.start();
}

test('[X3] nodes enrol with the command shown once, are accepted, get shards, and a key is found', async ({ page }) => {
  test.setTimeout(240_000);
  const connected = await fetch(`${server.url}/api/v1/clusters`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'Orders', connection: { kind: 'http-agent', sharding: { method: 'hash', shardCount: 32 }, replicationFactor: 2 } }),
  });
  const { id } = await connected.json() as { id: string };
  await page.goto(`${server.url}/${id}/nodes`);
  await expectLive(page);
  await enrol(page, 'amber', { atOnce: true });
  await enrol(page, 'birch', { atOnce: false });
  await expect(page.getByText('no token is out')).toBeVisible();

  await page.getByRole('link', { name: 'birch' }).first().click();
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Accept', exact: true })).toBeHidden({ timeout: 30_000 });
  await page.goto(`${server.url}/${id}/nodes`);
  await page.getByRole('button', { name: 'Make the shards' }).click();
  await expect(page.getByText('32 shards made and spread over the nodes.')).toBeVisible();
  await keepPicture(page, 'nodes-with-agents');
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
  await keepPicture(page, 'nodes-with-agents-390');
  await page.setViewportSize({ width: 1440, height: 900 });

  await page.goto(`${server.url}/${id}/shards`);
  await expectLive(page);
  await page.getByRole('textbox', { name: 'Where is this key?' }).fill('{u1}:cart');
  await page.getByRole('button', { name: 'Find' }).click();
  const place = page.getByRole('region', { name: 'Where is this key?' });
  await expect(place.getByText('by the hash of the part in braces')).toBeVisible();
  await expect(place.locator('mark')).toHaveText('u1');
  await expect(place.getByRole('link', { name: /amber|birch/ })).toHaveCount(2);
  await keepPicture(page, 'where-is-this-key');
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);

  await page.setViewportSize({ width: 1440, height: 900 });
  await page.keyboard.press('Control+k');
  await page.getByRole('textbox', { name: /Search screens/ }).fill('user:1');
  await page.getByText('Where is the key user:1?').click();
  await expect(place.locator('mark')).toHaveText('user:1');
});
