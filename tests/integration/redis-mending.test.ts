/**
 * Slots that nobody serves, or that somebody's half-done reshard left open, on a real
 * cluster: what the driver finds, what the rules make of it, and that carrying it out
 * loses nothing.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MendResult, ShardFinding } from '@/lib/contract/shard-mending';
import { findRemedies, shardsIn, stepsOf } from '@/lib/core/mending/find-remedies';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../scripts/redis/redis-process';
import { contextOf, failureOf, never, valueOf } from '../contract/driver-steps';
import { freshTag, strayKeys } from '../support/broken-slots';
import { requireServers } from '../support/redis-binary';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

const PRIMARIES = 3;

describe.each(requireServers().map(({ engine, version, path }) => [`${engine} ${version}`, path] as const))('%s', (_, binary) => {
  let cluster: RedisClusterProcesses;
  let driver: RedisClusterDriver;
  let nodes: RedisProcess[];
  let ids: string[];

  beforeAll(async () => {
    cluster = await startRedisCluster({ binary, primaries: PRIMARIES, nodeTimeoutMs: 1_500, config: { 'cluster-allow-replica-migration': 'no' } });
    nodes = [...cluster.primaries];
    ids = await Promise.all(nodes.map((node) => cluster.idOf(node)));
    driver = openDriver(connectionTo(cluster));
    valueOf(await driver.observe({ detail: 'full', signal: never() }));
  });

  afterAll(async () => {
    await driver.close();
    await cluster.stop();
  });

  /** A node that found a slot unserved serves nobody for a while. */
  const untilServing = async () => { for (const node of nodes) await expect.poll(async () => String(await node.call('CLUSTER', 'INFO')), { timeout: 20_000 }).toContain('cluster_state:ok'); };
  beforeEach(untilServing);

  const tagOf = (owner: number) => freshTag({ owner, primaries: PRIMARIES });
  const setSlot = (node: number, slot: number, ...words: string[]) => nodes[node]!.call('CLUSTER', 'SETSLOT', slot, ...words);
  const countOn = async (node: number, slot: number) => Number(await nodes[node]!.call('CLUSTER', 'COUNTKEYSINSLOT', slot));

  const stray = (node: number, owner: number, slot: number, pairs: readonly (readonly [string, string])[]) => strayKeys(slot, { on: nodes[node]!, owner: nodes[owner]!, pairs });

  async function deleteSlot(slot: number): Promise<void> {
    for (const node of nodes) await node.call('CLUSTER', 'DELSLOTS', slot).catch(() => undefined);
  }

  async function find(): Promise<ShardFinding[]> {
    const { shards, nodes: known } = valueOf(await driver.mending.look({ shardIds: null, signal: never() }));
    return findRemedies(shards, known, () => null);
  }

  const having = (findings: readonly ShardFinding[], slot: number) => findings.find(({ ranges }) => shardsIn(ranges).includes(slot));

  async function mendAll(findings: readonly ShardFinding[], acceptLoss = false): Promise<MendResult[]> {
    const results: MendResult[] = [];
    for (const { ranges, remedy, lostNodeIds } of stepsOf(findings, { acceptLoss, shardIds: null })) {
      results.push(valueOf(await driver.mending.mend({ shardIds: shardsIn(ranges), remedy, lostNodeIds }, contextOf())));
    }
    return results;
  }

  /** All primaries that run name one owner, and none has a mark. */
  async function expectServedBy(slot: number, owner: number, keys: number): Promise<void> {
    const { shards } = valueOf(await driver.mending.look({ shardIds: [slot], signal: never() }));
    expect(shards[0]).toMatchObject({ claimedBy: [ids[owner]], marks: [] });
    expect([...shards[0]!.keys]).toEqual(keys === 0 ? [] : [[ids[owner], keys]]);
    for (const node of nodes.filter(({ isRunning }) => isRunning)) {
      const map = await node.call('CLUSTER', 'SLOTS') as [number, number, [string, number, string]][];
      expect(map.find(([first, last]) => slot >= first && slot <= last)?.[2][2]).toBe(ids[owner]);
    }
  }

  describe('slots that nobody serves', () => {
    it('[M24] slots without keys go to the primaries with the fewest slots, and everybody agrees', async () => {
      const given = Array.from({ length: 5 }, () => tagOf(0).slot);
      for (const slot of given) await deleteSlot(slot);
      const findings = await find();
      expect(findings.every(({ fault, remedy }) => fault === 'unassigned' && remedy?.reason.code === 'no-keys-anywhere')).toBe(true);
      expect(findings.flatMap(({ ranges }) => shardsIn(ranges)).sort()).toEqual([...given].sort());
      await mendAll(findings);
      expect(await find()).toEqual([]);
      // They were node 0's, which has the fewest without them.
      for (const slot of given) await expectServedBy(slot, 0, 0);
      await untilServing();
    });

    it('[M24] a slot with keys on one node goes there', async () => {
      const { tag, slot } = tagOf(1);
      for (let n = 0; n < 5; n += 1) await nodes[1]!.call('SET', `${tag}:${n}`, `value ${n}`);
      await deleteSlot(slot);
      expect(having(await find(), slot)).toMatchObject({ fault: 'unassigned', holders: [{ nodeId: ids[1], keyCount: 5 }], remedy: { kind: 'assign', toNodeId: ids[1], reason: { code: 'only-holder' } } });
      await mendAll(await find());
      await expectServedBy(slot, 1, 5);
      await expect.poll(() => nodes[1]!.call('GET', `${tag}:3`).catch(String), { timeout: 15_000 }).toBe('value 3');
    });

    it('[M24] keys on two nodes come together where most are; the same value twice is one, two values stay on both and are told', async () => {
      const { tag, slot } = tagOf(2);
      for (let n = 0; n < 5; n += 1) await nodes[2]!.call('SET', `${tag}:${n}`, `value ${n}`);
      await stray(0, 2, slot, [[`${tag}:0`, 'value 0'], [`${tag}:1`, 'another value'], [`${tag}:7`, 'only here']]);
      await deleteSlot(slot);
      const findings = await find();
      expect(having(findings, slot)).toMatchObject({ remedy: { kind: 'assign', toNodeId: ids[2], gathersFrom: [{ nodeId: ids[0], keyCount: 3 }], reason: { code: 'holds-most-keys' } } });
      const results = await mendAll(findings);
      expect(results.at(-1)).toMatchObject({ keysMoved: 2, keysKept: 1, keptShardIds: [slot], shardsMended: 0 });
      expect(results.at(-1)!.keptExample).toContain(`"${tag}:1"`);
      expect([await countOn(2, slot), await countOn(0, slot)]).toEqual([6, 1]);
      expect(await nodes[2]!.call('GET', `${tag}:1`)).toBe('value 1');
      expect(await nodes[2]!.call('GET', `${tag}:7`)).toBe('only here');
      await nodes[0]!.call('ASKING');
      expect(await nodes[0]!.call('GET', `${tag}:1`)).toBe('another value');
      // It is still shown, and is mended once one value is gone.
      expect(having(await find(), slot)).toMatchObject({ fault: 'open', remedy: { kind: 'keep', toNodeId: ids[2] } });
      await nodes[0]!.call('ASKING');
      await nodes[0]!.call('DEL', `${tag}:1`);
      await mendAll(await find());
      await expectServedBy(slot, 2, 6);
    });
  });

  describe('open slots', () => {
    it('[M24] marks where nothing has moved are cleared and the owner keeps the slot', async () => {
      const [left, right, both] = [tagOf(0), tagOf(0), tagOf(0)];
      await nodes[0]!.call('SET', `${left.tag}:a`, '1');
      await setSlot(0, left.slot, 'MIGRATING', ids[1]!);
      await setSlot(1, right.slot, 'IMPORTING', ids[0]!);
      await setSlot(1, both.slot, 'IMPORTING', ids[0]!);
      await setSlot(0, both.slot, 'MIGRATING', ids[1]!);
      const findings = await find();
      for (const { slot } of [left, right, both]) expect(having(findings, slot)).toMatchObject({ fault: 'open', remedy: { kind: 'keep', toNodeId: ids[0], reason: { code: 'nothing-moved' } } });
      await mendAll(findings);
      await expectServedBy(left.slot, 0, 1);
      await expectServedBy(right.slot, 0, 0);
      await expectServedBy(both.slot, 0, 0);
    });

    it('[M24] a move that both ends meant, with keys on both, goes on to its end', async () => {
      const { tag, slot } = tagOf(0);
      for (let n = 0; n < 6; n += 1) await nodes[0]!.call('SET', `${tag}:${n}`, `value ${n}`);
      await setSlot(1, slot, 'IMPORTING', ids[0]!);
      await setSlot(0, slot, 'MIGRATING', ids[1]!);
      const [host, port] = nodes[1]!.address.split(':') as [string, string];
      await nodes[0]!.call('MIGRATE', host, port, '', 0, 1_000, 'KEYS', `${tag}:1`, `${tag}:2`);
      const findings = await find();
      expect(having(findings, slot)).toMatchObject({ remedy: { kind: 'finish', sourceNodeId: ids[0], toNodeId: ids[1], reason: { code: 'keys-arrived' } } });
      await mendAll(findings);
      await expectServedBy(slot, 1, 6);
    });

    it('[M24] keys on a node that only imports come back to the owner, which gives the slot to nobody', async () => {
      const { tag, slot } = tagOf(2);
      await nodes[2]!.call('SET', `${tag}:here`, '1');
      await stray(0, 2, slot, [[`${tag}:there`, '2']]);
      await setSlot(0, slot, 'IMPORTING', ids[2]!);
      const findings = await find();
      expect(having(findings, slot)).toMatchObject({ remedy: { kind: 'keep', toNodeId: ids[2], gathersFrom: [{ nodeId: ids[0], keyCount: 1 }], reason: { code: 'owner-keeps' } } });
      await mendAll(findings);
      await expectServedBy(slot, 2, 2);
    });

    it('[M24] what was approved and is not so any more is left alone', async () => {
      const { slot } = tagOf(0);
      await deleteSlot(slot);
      const [step] = stepsOf((await find()).filter((finding) => shardsIn(finding.ranges).includes(slot)), { acceptLoss: false, shardIds: null });
      await nodes[1]!.call('CLUSTER', 'DELSLOTS', slot).catch(() => undefined);
      await nodes[1]!.call('CLUSTER', 'ADDSLOTS', slot);
      const remedy = { ...step!.remedy, toNodeId: ids[0]! };
      expect(failureOf(await driver.mending.mend({ shardIds: [slot], remedy, lostNodeIds: [] }, contextOf()))).toMatchObject({ code: 'topology-changed' });
      expect(failureOf(await driver.mending.mend({ shardIds: [16_384], remedy, lostNodeIds: [] }, contextOf()))).toMatchObject({ code: 'not-owner' });
      await expect.poll(find, { timeout: 10_000 }).toEqual([]);
    });
  });

  describe('slots of a primary that is gone', () => {
    it('[M24] they are refused until the loss is accepted; a primary that comes back wins none of them', async () => {
      const kept = tagOf(0);
      await nodes[0]!.call('SET', `${kept.tag}:a`, '1');
      await nodes[2]!.kill();
      await expect.poll(async () => (await find())[0]?.refusal?.constraint, { timeout: 30_000 }).toBe('data-loss');
      const findings = await find();
      expect(findings.every(({ fault, ownerNodeId, remedy, loss }) => fault === 'served-by-gone' && ownerNodeId === ids[2] && remedy === null && loss?.nodeIds[0] === ids[2])).toBe(true);
      expect(stepsOf(findings, { acceptLoss: false, shardIds: null })).toEqual([]);
      await mendAll(findings, true);
      expect(await find()).toEqual([]);
      await expect.poll(() => nodes[0]!.call('GET', `${kept.tag}:a`).catch(String), { timeout: 15_000 }).toBe('1');
      await nodes[2]!.start();
      await expect.poll(async () => String(await nodes[0]!.call('CLUSTER', 'NODES')).split('\n').find((line) => line.startsWith(ids[2]!))?.includes('fail'), { timeout: 15_000 }).toBe(false);
      await expect.poll(async () => Number(/cluster_slots_assigned:(\d+)/.exec(String(await nodes[2]!.call('CLUSTER', 'INFO')))?.[1]), { timeout: 15_000 }).toBe(16_384);
      expect(await find()).toEqual([]);
      expect(String(await nodes[2]!.call('CLUSTER', 'NODES')).split('\n').find((line) => line.includes('myself'))).toMatch(/connected$/);
    });
  });
});
