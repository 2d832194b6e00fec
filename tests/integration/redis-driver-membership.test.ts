import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextOf, failureOf, never, valueOf } from '../contract/driver-steps';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../scripts/redis/redis-process';
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

  it('while a node joins no reading says that the cluster does not serve', async () => {
    const newcomer = await cluster.startNode();
    const joined = new AbortController();
    const words = (async () => {
      const heard: (boolean | null)[] = [];
      while (!joined.signal.aborted) heard.push(valueOf(await driver.observe({ detail: 'nodes', signal: never() })).engine.serving);
      return heard;
    })();
    const { nodeId } = valueOf(await driver.execute({ kind: 'add-node', address: newcomer.address, zone: null, followerOf: null }, contextOf()));
    joined.abort();
    expect(new Set(await words)).toEqual(new Set([true]));
    valueOf(await driver.execute({ kind: 'remove-node', nodeId: nodeId! }, contextOf()));
  });

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

  it('a node that followed the target before it was told of its last slot needs no telling; the others do', async () => {
    const joining = await cluster.startNode();
    const added = valueOf(await driver.execute({ kind: 'add-node', address: joining.address, zone: null, followerOf: null }, contextOf()));
    const sourceNodeId = added.nodeId!;
    const [owner, other] = cluster.primaries;
    const targetNodeId = await cluster.idOf(owner!);
    const [{ name, slot }] = await keysOf(owner!, 1) as [{ name: string; slot: number }];
    const there = { kind: 'move', shardId: slot, role: 'primary', sourceNodeId: targetNodeId, targetNodeId: sourceNodeId } as const;
    valueOf(await driver.execute(there, contextOf()));
    await cluster.waitUntilAgreed();
    // A manager that dies between the word to the target and the one to the source.
    await owner!.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceNodeId);
    await joining.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetNodeId);
    await joining.call('MIGRATE', '127.0.0.1', owner!.port, name, 0, 1_000);
    await owner!.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetNodeId);
    // With all keys of the target, which are nothing that was left behind.
    await eventually('the source mirrors the target', async () => Number(await joining.call('CLUSTER', 'COUNTKEYSINSLOT', slot)), (count) => count === 1);
    expect(String(await joining.call('ROLE'))).toMatch(/^slave/);
    await cluster.waitUntilAgreed();
    for (const moved of [() => driver.execute({ ...there, sourceNodeId, targetNodeId }, contextOf()), async () => (await driver.batches.execute([{ ...there, sourceNodeId, targetNodeId }], { ...contextOf(), onProgress: () => undefined }))[0]!]) {
      // As if its word had not reached this one, which it does within a second.
      await other!.call('CLUSTER', 'SETSLOT', slot, 'NODE', await cluster.idOf(other!));
      valueOf(await moved());
      expect(await ownerOnNode(other!, slot)).toBe(targetNodeId);
    }
    expect(await owner!.call('GET', name)).toBe(name);
    valueOf(await driver.execute({ kind: 'verify-empty', nodeId: sourceNodeId }, contextOf()));
    valueOf(await driver.execute({ kind: 'remove-node', nodeId: sourceNodeId }, contextOf()));
  });

  it('a node that leaves answers clients with old maps by MOVED until it ends their connections, never by CLUSTERDOWN', async () => {
    const leaving = await cluster.startNode();
    const owner = await cluster.idOf(cluster.primaries[0]!);
    const { nodeId } = valueOf(await driver.execute({ kind: 'add-node', address: leaving.address, zone: null, followerOf: null }, contextOf()));
    const keys = await keysOf(cluster.primaries[0]!, 6);
    const moveAll = async (sourceNodeId: string, targetNodeId: string) => {
      for (const { slot } of keys) valueOf(await driver.execute({ kind: 'move', shardId: slot, role: 'primary', sourceNodeId, targetNodeId }, contextOf()));
    };
    await moveAll(owner, nodeId!);
    await cluster.waitUntilAgreed();
    const clients = await Promise.all(Array.from({ length: 24 }, () => clientThatKnows(cluster, keys, leaving)));
    await moveAll(nodeId!, owner);

    const asker = askUntilClosed(leaving, keys[0]!.name);
    const read = async (client: Cluster) => { for (const { name } of keys) expect(await client.get(name)).toBe(name); };
    const left = new AbortController();
    // From before the node is forgotten until after: one after the other wakes up with the old map.
    const waking = (async () => {
      for (const client of clients.slice(0, 16)) {
        await read(client);
        if (!left.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 700));
      }
    })();
    valueOf(await driver.execute({ kind: 'remove-node', nodeId: nodeId! }, contextOf()));
    left.abort();
    await waking;
    expect(new Set(await asker)).toEqual(new Set(['MOVED']));
    for (const client of clients.slice(16, 20)) await read(client);
    await leaving.kill();
    for (const client of clients) await read(client);
    for (const client of clients) client.disconnect();
    expect((await nodes()).length).toBe(2);
  }, 60_000);
});

/** The owner of the slot as this node sees it. */
async function ownerOnNode(node: RedisProcess, slot: number): Promise<string | null> {
  const ranges = await node.call('CLUSTER', 'SLOTS') as [number, number, [string, number, string]][];
  return ranges.find(([first, last]) => first <= slot && slot <= last)?.[2][2] ?? null;
}

/** Keys of different slots, with their names as values, on a primary that owns them. */
async function keysOf(owner: RedisProcess, count: number): Promise<{ name: string; slot: number }[]> {
  const keys: { name: string; slot: number }[] = [];
  for (let n = 0; keys.length < count; n += 1) {
    const name = `leaving:${n}`;
    const set = await owner.call('SET', name, name).catch(() => null);
    if (set !== null) keys.push({ name, slot: Number(await owner.call('CLUSTER', 'KEYSLOT', name)) });
  }
  return keys;
}

/** A cluster client that looks the map up only when something tells it to, and has a connection to `node`. */
async function clientThatKnows({ seeds }: RedisClusterProcesses, keys: readonly { name: string }[], node: RedisProcess): Promise<Cluster> {
  const client = new Cluster(seeds.map((address) => ({ host: '127.0.0.1', port: Number(address.split(':')[1]) })), { slotsRefreshInterval: 3_600_000 });
  for (const { name } of keys) await client.get(name);
  await eventually('it knows the node', () => Promise.resolve(client.nodes('master').map(({ options }) => options.port)), (ports) => ports.includes(node.port));
  return client;
}

/** Asks for a key again and again; gives the codes of all answers once the other end has closed, or once it was no redirection. */
async function askUntilClosed(node: RedisProcess, key: string): Promise<string[]> {
  const client = new Redis({ host: '127.0.0.1', port: node.port, retryStrategy: () => null });
  const codes: string[] = [];
  const closed = new AbortController();
  client.once('close', () => { closed.abort(); });
  for (;;) {
    const code = await client.get(key).then((value) => `value ${value}`, (error: unknown) => String(error instanceof Error ? error.message : error).split(' ')[0]!);
    if (closed.signal.aborted) return codes;
    codes.push(code);
    if (code !== 'MOVED') {
      client.disconnect();
      return codes;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
