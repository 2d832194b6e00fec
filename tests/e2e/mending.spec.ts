/** Shards that nobody serves, shards left half moved and keys astray, as an operator meets them on a real cluster: told, looked at, mended, gone; and refused while a node is away. */
import { expect, type Page } from '@playwright/test';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../scripts/redis/redis-process';
import { freshTag, leaveHalfMoved, leaveToNobody, strayKeys } from '../support/broken-slots';
import { expectFits, expectLive, expectNoSidewaysScroll, keepPicture } from '../support/console-page';
import { test } from '../support/console-test';
import { eventually } from '../support/eventually';
import { connectionTo, startRedisCluster } from '../support/redis-cluster';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

const PRIMARIES = 3;
let server: TestServerProcess;
let redis: RedisClusterProcesses;
/** Where the pages of the cluster begin. */
let cluster: string;

test.beforeAll(async () => {
  redis = await startRedisCluster({ primaries: PRIMARIES, nodeTimeoutMs: 1_500, config: { 'cluster-allow-replica-migration': 'no' } });
  server = await spawnTestServer({ program: 'product' });
  const { id } = await ask<ClusterSummary>('POST', '/clusters', { name: 'Orders', connection: connectionTo(redis) });
  cluster = `${server.url}/${id}`;
});

test.afterAll(async () => {
  await server.stop();
  await redis.stop();
});

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${server.url}/api/v1${path}`, { method, headers: { 'content-type': 'application/json' }, ...(body !== undefined && { body: JSON.stringify(body) }) });
  expect(response.ok, await response.clone().text()).toBe(true);
  return await response.json() as T;
}

const countOn = async (node: number, slot: number) => Number(await redis.primaries[node]!.call('CLUSTER', 'COUNTKEYSINSLOT', slot));

async function look(page: Page): Promise<void> {
  await page.goto(`${cluster}/shards/mend`);
  await expectLive(page);
}

/** Nothing is wrong by what the console says, and none of its pages offers to mend. */
async function expectWhole(page: Page): Promise<void> {
  await page.goto(`${cluster}/overview`);
  await expectLive(page);
  await expect(page.getByRole('heading', { name: /All 3 nodes are alive and 16,384 shards are served/ })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('link', { name: /^Mend \d/ })).toHaveCount(0);
  await look(page);
  await expect(page.getByText('There is nothing to mend')).toBeVisible();
}

/** Three shards: of the first nobody knows an owner, and two nodes have keys of it; the second was left half moved; of the third a node has keys that nothing tells of. */
async function breakThree(): Promise<Readonly<Record<'unserved' | 'open' | 'astray', number>>> {
  const [a, b, c] = redis.primaries as [RedisProcess, RedisProcess, RedisProcess];
  const [unserved, open, astray] = [freshTag({ owner: 0, primaries: PRIMARIES }), freshTag({ owner: 1, primaries: PRIMARIES }), freshTag({ owner: 2, primaries: PRIMARIES })];
  for (let n = 0; n < 7; n += 1) await a.call('SET', `${unserved.tag}:${n}`, `value ${n}`);
  for (let n = 0; n < 6; n += 1) await b.call('SET', `${open.tag}:${n}`, `value ${n}`);
  await strayKeys(unserved.slot, { on: b, owner: a, pairs: [[`${unserved.tag}:7`, 'value 7'], [`${unserved.tag}:8`, 'value 8']] });
  await strayKeys(astray.slot, { on: a, owner: c, pairs: [[`${astray.tag}:1`, 'value 1'], [`${astray.tag}:2`, 'value 2']] });
  await leaveHalfMoved(open.slot, { from: b, to: c, moved: [`${open.tag}:0`, `${open.tag}:1`] });
  await leaveToNobody(unserved.slot, redis.primaries);
  return { unserved: unserved.slot, open: open.slot, astray: astray.slot };
}

async function expectSucceeded(page: Page): Promise<void> {
  await page.waitForURL(/\/operations\/operation_/);
  await expect(page.getByRole('main').getByText('Succeeded', { exact: true }).first()).toBeVisible({ timeout: 40_000 });
}

test('[M24] a shard that nobody serves, one left half moved and keys astray are told on the overview, explained, mended after a preview, and gone', async ({ page }) => {
  test.setTimeout(150_000);
  await expectWhole(page);
  await expectFits(page, 'mending-nothing');

  const { unserved, open, astray } = await breakThree();
  await page.goto(`${cluster}/overview`);
  await expect(page.getByRole('heading', { name: /^Critical\./ })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(new RegExp(`Slot ${open} is half moved: .* migrates it to .*, .* imports it from`)).first()).toBeVisible();
  await expect(page.getByText('3 nodes report cluster_state:fail and serve no keys (16383 of 16384 slots are fine)')).toBeVisible();
  await expect(page.getByText(`1 of 16384 slots belongs to nobody: ${unserved}`).first()).toBeVisible();
  const way = page.getByRole('link', { name: /^Mend [23] shards…/ });
  await expect(way).toBeVisible();
  await expectFits(page, 'mending-overview');
  await way.click();

  await expect(page.getByText('3 shards found, 2 can be mended without a loss, 1 refused')).toBeVisible();
  const finding = (slot: number) => page.getByRole('list', { name: 'Findings' }).getByRole('listitem').filter({ hasText: `1 shard: ${slot}` });
  await expect(finding(unserved)).toContainText('Nobody serves them');
  await expect(finding(unserved)).toContainText('7 keys');
  await expect(finding(unserved)).toContainText(/takes over 1 shard; 2 keys on .* follow/);
  await expect(finding(open)).toContainText('Left half moved');
  await expect(finding(open)).toContainText(/The move of 1 shard from .* to .* goes on to its end/);
  // While a shard is unserved its owner answers no question about keys.
  await expect(finding(astray)).toContainText('could not be asked whether it has these keys too');
  await expectFits(page, 'mending-preview');

  await page.getByRole('button', { name: 'Mend 2 shards' }).click();
  const dialog = page.getByRole('dialog', { name: 'Mend 2 shards of Orders?' });
  await expect(dialog).toContainText('No key that a node holds is dropped or overwritten');
  await keepPicture(page, 'mending-confirm');
  await dialog.getByRole('button', { name: 'Mend 2 shards' }).click();
  await expectSucceeded(page);
  await expect(page.getByRole('region', { name: 'Steps of mending' })).toContainText('nobody served them');
  await expectFits(page, 'mending-operation');
  expect([await countOn(0, unserved), await countOn(1, unserved)]).toEqual([9, 0]);
  expect([await countOn(1, open), await countOn(2, open)]).toEqual([0, 6]);
  await redis.waitUntilAgreed();

  await page.goto(`${cluster}/overview`);
  await expect(page.getByText(`has 2 keys of slot ${astray}, which another node serves`).first()).toBeVisible({ timeout: 40_000 });
  await page.getByRole('link', { name: 'Mend 1 shard…' }).click();
  await expect(finding(astray)).toContainText('Keys astray');
  await expect(finding(astray)).toContainText(/one that clients have deleted on .* since would come back/);
  await expect(page.getByRole('button', { name: 'Mend 0 shards' })).toHaveAttribute('aria-disabled', 'true');
  await page.getByRole('checkbox', { name: `1 shard: ${astray}` }).check();
  await expectFits(page, 'mending-astray');
  await page.getByRole('button', { name: 'Mend 1 shard' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Mend 1 shard' }).click();
  await expectSucceeded(page);
  expect([await countOn(0, astray), await countOn(2, astray)]).toEqual([0, 2]);
  await expectWhole(page);
});

test('[M24] while a node is away nothing that it may have keys of is touched, and the page says who must come back; it does, and all is mended', async ({ page }) => {
  test.setTimeout(120_000);
  await expectWhole(page);
  const { tag, slot } = freshTag({ owner: 0, primaries: PRIMARIES });
  await redis.primaries[0]!.call('SET', `${tag}:1`, 'value 1');
  await leaveToNobody(slot, redis.primaries);
  const away = redis.primaries[2]!;
  await away.kill();
  await eventually('the others call it failed', async () => String(await redis.primaries[0]!.call('CLUSTER', 'NODES')), (text) => / (?:master,fail|fail,master) /.test(text));
  await look(page);
  const findings = page.getByRole('list', { name: 'Findings' });
  const unserved = findings.getByRole('listitem').filter({ hasText: `1 shard: ${slot}` });
  await expect(unserved).toContainText(`${away.address} does not answer and may have keys of it`);
  await expect(findings).toContainText(`${away.address} has failed and nobody mirrors it`);
  await expect(page.getByRole('button', { name: /^Mend / })).toHaveAttribute('aria-disabled', 'true');
  await expectFits(page, 'mending-refused');
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
  await keepPicture(page, 'mending-refused-390');
  await page.setViewportSize({ width: 1440, height: 900 });

  await away.start();
  await eventually('it is back', async () => String(await redis.primaries[0]!.call('CLUSTER', 'NODES')), (text) => !text.includes('fail'));
  await page.getByRole('button', { name: 'Look again' }).click();
  await expect(page.getByText('1 shard can be mended without a loss')).toBeVisible();
  await page.getByRole('button', { name: 'Mend 1 shard' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Mend 1 shard' }).click();
  await expectSucceeded(page);
  await redis.waitUntilAgreed();
  await expectWhole(page);
});
