import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextOf, failureOf, never, valueOf } from '../contract/driver-steps';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { eventually } from '../support/eventually';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

describe('members come and go', () => {
  let cluster: RedisClusterProcesses;
  let driver: RedisClusterDriver;
  beforeAll(async () => {
    cluster = await startRedisCluster({ primaries: 2 });
    driver = openDriver(connectionTo(cluster));
  });
  afterAll(async () => {
    await driver.close();
    await cluster.stop();
  });

  const nodes = async () => valueOf(await driver.observe({ detail: 'full', signal: never() })).nodes;

  it('a leader and its follower join, the leader leaves, and its follower is given to another', async () => {
    const [leader, follower] = [await cluster.startNode(), await cluster.startNode()];
    const added = valueOf(await driver.execute({ kind: 'add-node', address: leader.address, zone: null, followerOf: null }, contextOf()));
    const leaderId = added.nodeId!;
    const followed = valueOf(await driver.execute({ kind: 'add-node', address: follower.address, zone: null, followerOf: leaderId }, contextOf()));
    expect((await nodes()).find((node) => node.id === followed.nodeId)).toMatchObject({ followerOf: leaderId, answered: true, member: true });

    valueOf(await driver.execute({ kind: 'verify-empty', nodeId: leaderId }, contextOf()));
    valueOf(await driver.execute({ kind: 'remove-node', nodeId: leaderId }, contextOf()));
    const left = await nodes();
    expect(left.some((node) => node.id === leaderId)).toBe(false);
    expect(left.find((node) => node.id === followed.nodeId)?.followerOf).not.toBe(leaderId);
    // It forgot the cluster as well, so it can join again.
    expect(Number(/cluster_known_nodes:(\d+)/.exec(String(await leader.call('CLUSTER', 'INFO')))?.[1])).toBe(1);

    // A follower leaves too.
    valueOf(await driver.execute({ kind: 'remove-node', nodeId: followed.nodeId! }, contextOf()));
    expect((await nodes()).length).toBe(2);
  });

  it('a follower that is dead is let go on the word of the others, and not before they agree; one that answers is not', async () => {
    const follower = await cluster.startNode();
    const [leader] = (await nodes()).filter((node) => node.followerOf === null);
    const { nodeId } = valueOf(await driver.execute({ kind: 'add-node', address: follower.address, zone: null, followerOf: leader!.id }, contextOf()));
    expect(failureOf(await driver.execute({ kind: 'remove-node', nodeId: nodeId!, lost: true }, contextOf())).code).toBe('refused-by-engine');
    await follower.kill();
    await driver.execute({ kind: 'remove-node', nodeId: nodeId!, lost: true }, contextOf());
    await eventually('it is forgotten', async () => {
      await driver.execute({ kind: 'remove-node', nodeId: nodeId!, lost: true }, contextOf());
      return (await nodes()).map(({ id }) => id);
    }, (ids) => !ids.includes(nodeId!), 60_000);
    expect((await nodes()).length).toBe(2);
  });

  it('a server with keys or with slots may not join: not-empty', async () => {
    const withSlots = await cluster.startNode();
    await withSlots.call('CLUSTER', 'ADDSLOTSRANGE', 0, 10);
    expect(failureOf(await driver.execute({ kind: 'add-node', address: withSlots.address, zone: null, followerOf: null }, contextOf())).code).toBe('not-empty');
    const plain = await cluster.startNode({ clusterEnabled: false });
    expect(failureOf(await driver.execute({ kind: 'add-node', address: plain.address, zone: null, followerOf: null }, contextOf())).code).toBe('not-a-cluster');
    expect((await nodes()).length).toBe(2);
  });

  it('a node drained of its last slot is verified empty, also when the engine made it a follower', async () => {
    const added = valueOf(await driver.execute({ kind: 'add-node', address: (await cluster.startNode()).address, zone: null, followerOf: null }, contextOf()));
    const [owner] = await Promise.all(cluster.primaries.map((node) => cluster.idOf(node)));
    const move = async (slot: number, from: string, to: string) => valueOf(await driver.execute({ kind: 'move', shardId: slot, role: 'primary', sourceNodeId: from, targetNodeId: to }, contextOf()));
    for (let slot = 0; slot < 20; slot += 1) await move(slot, owner!, added.nodeId!);
    expect(failureOf(await driver.execute({ kind: 'verify-empty', nodeId: added.nodeId! }, contextOf())).code).toBe('not-empty');
    for (let slot = 0; slot < 20; slot += 1) await move(slot, added.nodeId!, owner!);
    valueOf(await driver.execute({ kind: 'verify-empty', nodeId: added.nodeId! }, contextOf()));
    const { engine, warnings } = valueOf(await driver.observe({ detail: 'full', signal: never() }));
    expect(engine.serving).toBe(true);
    expect(warnings.map((warning) => warning.code)).not.toContain('open-slot');
    valueOf(await driver.execute({ kind: 'remove-node', nodeId: added.nodeId! }, contextOf()));
  });
});
