/** A follower of a real Redis Cluster dies under the whole product, is believed dead, and a new server takes its place by the API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import type { VersionedSettings } from '@/lib/contract/settings';
import { hashSlotOf } from '../../scripts/redis/hash-slot';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../scripts/redis/redis-process';
import { call, problemOf, succeed } from '../support/api-calls';
import { eventually } from '../support/eventually';
import { startRedisCluster } from '../support/redis-cluster';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

describe('a dead follower', () => {
  let redis: RedisClusterProcesses;
  let server: TestServerProcess;
  let clusterId: string;

  const path = (rest: string) => `/clusters/${clusterId}${rest}`;
  const nodes = async () => (await succeed<{ nodes: Node[] }>(server, 'GET', path('/nodes'))).nodes;
  const nodeAt = async (address: string) => (await nodes()).find((node) => node.address === address);
  const replication = async (node: RedisProcess) => new Map(String(await node.call('INFO', 'replication')).split('\r\n').map((line) => line.split(':', 2) as [string, string]));

  beforeAll(async () => {
    [redis, server] = await Promise.all([startRedisCluster({ primaries: 3, followersPerPrimary: 1, nodeTimeoutMs: 1_000 }), spawnTestServer({ program: 'api' })]);
    clusterId = (await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Sessions', connection: { kind: 'redis-cluster', seeds: redis.seeds, commandTimeoutMs: 1_000 } } })).id;
    const { generation, settings } = await succeed<VersionedSettings>(server, 'GET', path('/settings'));
    const health = { ...settings.health, suspectAfterMissed: 2, unreachableAfterMs: 4_000, deadAfterMs: 10_000 };
    await succeed(server, 'PUT', path('/settings'), { body: { generation, settings: { ...settings, observationIntervalMs: 500, health } } });
    await eventually('all are alive', nodes, (all) => all.length === 6 && all.every(({ liveness }) => liveness === 'alive'));
  });

  afterAll(async () => {
    await Promise.allSettled([server.stop(), redis.stop()]);
  });

  it('[N8] is replaced: the new one follows in sync, and everybody has forgotten the dead one', async () => {
    const [victim, leader, fresh] = [redis.followers[0]!, redis.primaries[0]!, await redis.startNode()];
    const [deadId, leaderId] = [await redis.idOf(victim), await redis.idOf(leader)];
    const { name } = (await nodeAt(victim.address))!;
    const replace = () => call(server, 'POST', path(`/nodes/${deadId}/replace`), { body: { confirmName: name, address: fresh.address } });

    // What the new one must have in the end.
    const key = Array.from({ length: 100 }, (_, index) => `key-${index}`).find((candidate) => hashSlotOf(candidate) < Math.floor(16_384 / 3))!;
    await leader.call('SET', key, 'kept');
    await victim.kill();
    const dead = await eventually('it is dead', () => nodeAt(victim.address), (node) => node?.liveness === 'dead');
    expect(dead).toMatchObject({ id: deadId, livenessReason: { code: 'silent-past-death-timeout', limitMs: 10_000 }, followerOf: leaderId });
    // Nobody repaired anything meanwhile: the engine has no follower to give, and new ones are an operator's word.
    expect((await succeed<{ operations: Operation[] }>(server, 'GET', path('/operations'))).operations).toEqual([]);
    const wrong = problemOf(await call(server, 'POST', path(`/nodes/${deadId}/replace`), { body: { confirmName: 'another', address: fresh.address } }));
    expect(wrong).toMatchObject({ status: 422, refusals: [{ constraint: 'wrong-name', nodeId: deadId }] });

    const answer = await replace();
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    const { operation } = answer.body as { operation: Operation };
    const ended = await eventually('the replacement ended', () => succeed<Operation>(server, 'GET', `/operations/${operation.id}`), ({ finishedAtMs }) => finishedAtMs !== null, 60_000);
    expect(ended, JSON.stringify(ended.stages)).toMatchObject({ kind: 'replace', status: 'succeeded' });

    const freshId = await redis.idOf(fresh);
    const info = await replication(fresh);
    expect(String(await fresh.call('DBSIZE'))).toBe('1');
    expect([info.get('role'), info.get('master_port'), info.get('master_link_status')]).toEqual(['slave', String(leader.port), 'up']);
    for (const member of [...redis.primaries, ...redis.followers.filter((node) => node !== victim), fresh]) {
      const known = String(await member.call('CLUSTER', 'NODES'));
      expect(known).not.toContain(deadId);
      expect(known).toContain(freshId);
    }
    const after = await eventually('the picture has it', nodes, (all) => all.length === 6 && all.every(({ liveness }) => liveness === 'alive'));
    expect(after.find(({ id }) => id === freshId)).toMatchObject({ address: fresh.address, lifecycle: 'active', followerOf: leaderId });
    expect(after.some(({ id }) => id === deadId)).toBe(false);
  });
});
