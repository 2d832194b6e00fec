import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextOf, failureOf, never, valueOf } from '../contract/driver-steps';
import { fillKeys } from '../../scripts/redis/fill-keys';
import type { RedisClusterProcesses, RedisClusterOptions } from '../../scripts/redis/redis-cluster-processes';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import type { RedisConnection } from '@/lib/contract/connection';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

async function withDriver<T>(connection: RedisConnection, use: (driver: RedisClusterDriver) => Promise<T>): Promise<T> {
  const driver = openDriver(connection);
  try {
    return await use(driver);
  } finally {
    await driver.close();
  }
}

async function observe(connection: RedisConnection) {
  return await withDriver(connection, (driver) => driver.observe({ detail: 'nodes', signal: never() }));
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => { resolve(typeof address === 'object' && address !== null ? address.port : 0); });
    });
  });
}

describe('a cluster with a password', () => {
  let cluster: RedisClusterProcesses;
  beforeAll(async () => { cluster = await startRedisCluster({ primaries: 3, followersPerPrimary: 1, password: 'correct horse' }); });
  afterAll(async () => { await cluster.stop(); });

  it('a wrong or missing password is authentication-failed, and the password is in no message', async () => {
    const wrong = failureOf(await observe(connectionTo(cluster, { password: 'wrong-password' })));
    expect(wrong).toMatchObject({ code: 'authentication-failed', retryable: false });
    expect(wrong.message).not.toContain('wrong-password');
    expect(failureOf(await observe(connectionTo(cluster, { password: '' }))).code).toBe('authentication-failed');
  });

  it('one dead seed does no harm and is named in a warning; no seed at all is connection-lost with every reason', async () => {
    const dead = `127.0.0.1:${await closedPort()}`;
    const observation = valueOf(await observe(connectionTo(cluster, { seeds: [dead, cluster.primaries[0]!.address] })));
    expect(observation.nodes.filter((node) => node.answered).length).toBe(6);
    expect(observation.warnings.filter((warning) => warning.code === 'node-did-not-answer').map((warning) => warning.message)).toEqual([expect.stringContaining(dead)]);
    const failure = failureOf(await observe(connectionTo(cluster, { seeds: [dead] })));
    expect(failure).toMatchObject({ code: 'connection-lost', retryable: true });
    expect(failure.message).toContain('ECONNREFUSED');
  });

  it('a server that is no cluster is not-a-cluster', async () => {
    const plain = await cluster.startNode({ clusterEnabled: false });
    expect(failureOf(await observe(connectionTo(cluster, { seeds: [plain.address] })))).toMatchObject({ code: 'not-a-cluster', retryable: false });
  });

  it('primaries and followers, versions, incarnations and replication lag are told', async () => {
    await withDriver(connectionTo(cluster), async (driver) => {
      const first = valueOf(await driver.observe({ detail: 'full', signal: never() }));
      const leaders = first.nodes.filter((node) => node.followerOf === null);
      const followers = first.nodes.filter((node) => node.followerOf !== null);
      expect([leaders.length, followers.length]).toEqual([3, 3]);
      expect(new Set(followers.map((node) => node.followerOf))).toEqual(new Set(leaders.map((node) => node.id)));
      expect(followers.every((node) => node.stats.replicationLagBytes !== null)).toBe(true);
      expect(first.engine).toMatchObject({ replicationFactor: 2, serving: true });
      expect(first.engine.settings['cluster-node-timeout']).toBe('2000');
      // Rates need a second reading; the counters of processor time tick in 10 ms.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const second = valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
      expect(second.nodes.every((node) => node.usage.cpu !== null && node.capacity.cpu === 1 && node.usage.memory !== null)).toBe(true);
    });
  });

  it('a node frozen by SIGSTOP is marked within its deadline, later readings do not wait for it, and it comes back', async () => {
    await withDriver(connectionTo(cluster, { commandTimeoutMs: 600 }), async (driver) => {
      const before = valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
      const victim = cluster.followers[0]!;
      const id = before.nodes.find((node) => node.name === victim.address)!.id;
      const timed = async () => {
        const beganAtMs = performance.now();
        const { nodes, warnings } = valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
        return { tookMs: performance.now() - beganAtMs, node: nodes.find((node) => node.id === id)!, warnings };
      };
      victim.pause();
      try {
        const first = await timed();
        expect(first.node).toMatchObject({ answered: false, answerMs: null, usage: { cpu: null, memory: null } });
        expect(first.warnings).toContainEqual(expect.objectContaining({ code: 'node-did-not-answer', nodeId: id }));
        expect(first.tookMs).toBeLessThan(1_500);
        const second = await timed();
        expect(second.node.answered).toBe(false);
        expect(second.tookMs).toBeLessThan(550);
        expect(failureOf(await driver.probe(id, never())).code).toBe('timeout');
      } finally {
        victim.resume();
      }
      await expect.poll(async () => (await timed()).node.answered, { timeout: 10_000 }).toBe(true);
    });
  });

  it('a restarted process has a higher incarnation', async () => {
    await withDriver(connectionTo(cluster), async (driver) => {
      const victim = cluster.followers[1]!;
      const read = async () => valueOf(await driver.observe({ detail: 'nodes', signal: never() })).nodes.find((node) => node.name === victim.address)!;
      const before = await read();
      await victim.kill();
      expect((await read()).answered).toBe(false);
      await victim.start();
      await expect.poll(async () => (await read()).answered, { timeout: 10_000 }).toBe(true);
      expect((await read()).incarnation).toBe(before.incarnation + 1);
    });
  });

  it('a primary that died is told as failed by the others, and its follower takes over', async () => {
    await cluster.waitUntilAgreed();
    await withDriver(connectionTo(cluster), async (driver) => {
      const victim = cluster.primaries[2]!;
      valueOf(await driver.observe({ detail: 'full', signal: never() }));
      await victim.kill();
      const read = async () => valueOf(await driver.observe({ detail: 'full', signal: never() }));
      await expect.poll(async () => (await read()).nodes.find((node) => node.name === victim.address)?.reportedFailed, { timeout: 20_000 }).toBe(true);
      await expect.poll(async () => (await read()).nodes.find((node) => node.name === cluster.followers[2]!.address)?.followerOf, { timeout: 20_000 }).toBeNull();
      await expect.poll(async () => (await read()).engine.serving, { timeout: 20_000 }).toBe(true);
    });
  });
});

describe.each<[string, Omit<RedisClusterOptions, 'binary'>]>([
  ['an ACL user', { primaries: 2, emptyPrimaries: 1, user: { name: 'operator', password: 'p4ss word' } }],
  ['TLS', { primaries: 2, emptyPrimaries: 1, tls: true, password: 'p4ss' }],
])('with %s', (_, options) => {
  it('observes, moves a slot with its keys, and verifies certificates', async () => {
    const cluster = await startRedisCluster(options);
    try {
      await fillKeys(cluster.primaries, { keys: 500, valueBytes: () => 100, nameOf: (n) => `{tag}:${n}` });
      const connection = connectionTo(cluster);
      await withDriver(connection, async (driver) => {
        const { shards } = valueOf(await driver.observe({ detail: 'full', signal: never() }));
        const shardId = shards!.keyCount.indexOf(500);
        const sourceNodeId = shards!.nodeIds[shards!.replicas[shardId]!]!;
        const targetNodeId = await cluster.idOf(cluster.emptyPrimaries[0]!);
        const outcome = valueOf(await driver.execute({ kind: 'move', shardId, role: 'primary', sourceNodeId, targetNodeId }, contextOf()));
        expect(outcome.keyCount).toBe(500);
      });
      if (connection.tls.enabled) {
        const failure = failureOf(await observe({ ...connection, tls: { enabled: true, rejectUnauthorized: true } }));
        expect(failure.code).toBe('connection-lost');
        expect(valueOf(await observe({ ...connection, tls: { enabled: true, rejectUnauthorized: false } })).nodes.length).toBe(3);
      }
    } finally {
      await cluster.stop();
    }
  });
});
