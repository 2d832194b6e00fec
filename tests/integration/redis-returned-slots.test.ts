/**
 * Slots that are handed on by a node that was given them. Redis 7.0.13 to 7.0.15 and 7.2.0
 * to 7.2.3 may have a mark on such a slot (stale-claims.ts): with it, a packet of the
 * source that reaches the target between its commit and the word to the source takes the
 * slot away from the target again, and its keys are deleted.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepsMarks } from '@/lib/drivers/redis-cluster/server-faults';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../scripts/redis/redis-process';
import { contextOf, valueOf } from '../contract/driver-steps';
import { eventually } from '../support/eventually';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

/** Of the second primary of three; the driver moves the fourth, and the last is there for what it does before. */
const FIRST_SLOTS = { untouched: 6_000, given: 6_010 } as const;
/** Within half of it every node asks every other, so that packets of each have reached each. */
const NODE_TIMEOUT_MS = 4_000;
const GOSSIP_MS = NODE_TIMEOUT_MS / 2 + 500;

let cluster: RedisClusterProcesses;
beforeAll(async () => {
  cluster = await startRedisCluster({ primaries: 3, emptyPrimaries: 1, nodeTimeoutMs: NODE_TIMEOUT_MS });
});

afterAll(async () => {
  await cluster.stop();
});

const gossip = async () => { await new Promise((resolve) => setTimeout(resolve, GOSSIP_MS)); };

async function assign(node: RedisProcess, slots: readonly number[], ownerId: string): Promise<void> {
  for (const slot of slots) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', ownerId);
}

/** Who owns the slots in the node's own view, by id; '' = nobody. */
async function ownersIn(node: RedisProcess, slots: readonly number[]): Promise<string[]> {
  const lines = String(await node.call('CLUSTER', 'NODES')).split('\n').map((line) => line.split(' '));
  const owns = (line: readonly string[], slot: number) => line.slice(8).some((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return slot >= first! && slot <= last!;
  });
  return slots.map((slot) => lines.find((line) => owns(line, slot))?.[0] ?? '');
}

it.each(['untouched', 'given'] as const)('[M4] the driver leaves no mark by which a node that hands slots on could take them back: a slot that is %s', async (state) => {
  const first = FIRST_SLOTS[state];
  const marked = [first, first + 1, first + 2];
  const moved = first + 3;
  const all = [...marked, moved, first + 4];
  const [bystander, former, target] = cluster.primaries as [RedisProcess, RedisProcess, RedisProcess];
  const source = cluster.emptyPrimaries[0]!;
  const [formerId, targetId, sourceId] = await Promise.all([former, target, source].map((node) => cluster.idOf(node))) as [string, string, string];
  // Everybody takes the slots for the source's while it does not claim them: that marks them.
  for (const node of [former, bystander, target]) await assign(node, all, sourceId);
  await gossip();
  await source.call('CLUSTER', 'SETSLOT', all[0]!, 'IMPORTING', formerId);
  await assign(source, all, sourceId);
  await gossip();
  expect(await ownersIn(target, all)).toEqual(all.map(() => sourceId));
  // Nobody serves a slot that its source has given to a target which has not taken it.
  if (state === 'given') {
    await target.call('CLUSTER', 'SETSLOT', moved, 'IMPORTING', sourceId);
    await assign(source, [moved], targetId);
  }

  const driver = openDriver(connectionTo(cluster));
  try {
    valueOf(await driver.execute({ kind: 'move', shardId: moved, role: 'primary', sourceNodeId: sourceId, targetNodeId: targetId }, contextOf()));
  } finally {
    await driver.close();
  }

  // The hand-over of the others, by hand: committed while a packet of the source waits behind it.
  for (const slot of marked) await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId);
  const commit = target.client.pipeline();
  for (const slot of marked) commit.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId);
  process.kill(target.pid, 'SIGSTOP');
  const committed = commit.exec();
  await gossip();
  process.kill(target.pid, 'SIGCONT');
  await committed;
  await gossip();
  expect(await ownersIn(target, [...marked, moved])).toEqual([...marked, moved].map(() => targetId));
  await assign(source, marked, targetId);
  await eventually('the source has it from the target', () => ownersIn(source, marked), (owners) => owners.every((id) => id === targetId));
}, 60_000);

it('knows by their version which servers keep marks', () => {
  const kept = (name: string, version: string) => keepsMarks(new Map([[name, version]]));
  expect(['7.0.12', '7.0.13', '7.0.15', '7.2.0', '7.2.3', '7.2.4', '7.4.0', '8.0.1', ''].map((version) => kept('redis_version', version))).toEqual([false, true, true, true, true, false, false, false, false]);
  expect(keepsMarks(new Map([['redis_version', '7.2.3'], ['valkey_version', '7.2.3']]))).toBe(false);
});
