/** Members and newcomers of a real Redis Cluster found by names, with a real name server on loopback. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import type { VersionedSettings } from '@/lib/contract/settings';
import { DnsResolver } from '@/lib/drivers/discovery/name-resolver';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import { call, problemOf, succeed } from '../support/api-calls';
import { DnsServer } from '../support/dns-server';
import { eventually } from '../support/eventually';
import { startRedisCluster } from '../support/redis-cluster';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1));

describe('nodes found by name', () => {
  let redis: RedisClusterProcesses;
  let dns: DnsServer;
  let server: TestServerProcess;
  let clusterId: string;

  const nodes = async () => (await succeed<{ nodes: Node[] }>(server, 'GET', `/clusters/${clusterId}/nodes`)).nodes;
  const services = (addresses: readonly string[]) => ({
    addresses: { 'loopback.test': ['127.0.0.1'] },
    services: { '_redis._tcp.sessions.test': addresses.map((address) => ({ target: 'loopback.test', port: portOf(address) })) },
  });

  beforeAll(async () => {
    redis = await startRedisCluster({ primaries: 2 });
    dns = await DnsServer.start(services(redis.primaries.map(({ address }) => address)));
    server = await spawnTestServer({ program: 'api', env: { DNS_SERVERS: dns.address } });
  });

  afterAll(async () => {
    await server.stop();
    await dns.stop();
    await redis.stop();
    rmSync(server.dataDir, { recursive: true, force: true });
  });

  it('a name that stands for nothing is a refusal of the connection, with the reason', async () => {
    const answer = await call(server, 'POST', '/clusters', { body: { name: 'Nobody', connection: { kind: 'redis-cluster', seeds: ['dnssrv+_redis._tcp.nobody.test'] } } });
    expect(problemOf(answer)).toMatchObject({ status: 422, refusals: [{ constraint: 'unreachable' }] });
    expect(problemOf(await call(server, 'POST', '/clusters', { body: { name: 'Bad', connection: { kind: 'redis-cluster', seeds: ['dnssrv+'] } } })).status).toBe(400);
  });

  it('a cluster is connected by a service record alone', async () => {
    const cluster = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Sessions', connection: { kind: 'redis-cluster', seeds: ['dnssrv+_redis._tcp.sessions.test'] } } });
    clusterId = cluster.id;
    expect((await nodes()).map(({ address, lifecycle }) => [address, lifecycle]).sort()).toEqual(redis.primaries.map(({ address }) => [address, 'active']).sort());
  });

  it('a server that the name stands for and that is no member is joining, owns nothing, and becomes a member when it is accepted', async () => {
    const fresh = await redis.startNode();
    dns.records = services([...redis.primaries, fresh].map(({ address }) => address));
    const found = await eventually('it is seen', nodes, (all) => all.some(({ address, liveness }) => address === fresh.address && liveness === 'alive'));
    const newcomer = found.find(({ address }) => address === fresh.address)!;
    expect(newcomer).toMatchObject({ lifecycle: 'joining', labels: { foundBy: 'dns' } });
    const { operation } = await succeed<{ operation: Operation }>(server, 'POST', `/clusters/${clusterId}/nodes/${encodeURIComponent(newcomer.id)}/accept`, { body: {} });
    await eventually('it has joined', () => succeed<Operation>(server, 'GET', `/operations/${operation.id}`), ({ status }) => status === 'succeeded');
    const members = await eventually('it is active under its own id', nodes, (all) => all.some(({ address, lifecycle }) => address === fresh.address && lifecycle === 'active'));
    expect(members.filter(({ address }) => address === fresh.address)).toHaveLength(1);
    const member = members.find(({ address }) => address === fresh.address)!;
    expect(member.id).not.toBe(newcomer.id);
    expect(problemOf(await call(server, 'POST', `/clusters/${clusterId}/nodes/${member.id}/accept`, { body: {} }))).toMatchObject({ status: 422, refusals: [{ constraint: 'already-so' }] });
  });

  it('where it is switched on, the next one is accepted without anybody', async () => {
    const { generation, settings } = await succeed<VersionedSettings>(server, 'GET', `/clusters/${clusterId}/settings`);
    await succeed(server, 'PUT', `/clusters/${clusterId}/settings`, { body: { generation, settings: { ...settings, membership: { acceptNewNodes: 'automatically' } } } });
    const fresh = await redis.startNode();
    dns.records = { ...dns.records, addresses: { ...dns.records.addresses }, services: { '_redis._tcp.sessions.test': [...dns.records.services['_redis._tcp.sessions.test']!, { target: 'loopback.test', port: portOf(fresh.address) }] } };
    await eventually('it is a member', nodes, (all) => all.some(({ address, lifecycle }) => address === fresh.address && lifecycle === 'active'), 60_000);
    const { operations } = await succeed<{ operations: Operation[] }>(server, 'GET', `/clusters/${clusterId}/operations`);
    expect(operations[0]).toMatchObject({ kind: 'add-node', createdBy: { kind: 'automation' } });
  });

  it('a name server that is away takes nothing back: what is known stays, with a warning', async () => {
    const before = (await nodes()).length;
    dns.records = { addresses: {}, services: {} };
    const summary = await eventually('a warning says so', () => succeed<ClusterSummary>(server, 'GET', `/clusters/${clusterId}`), ({ warnings }) => warnings.some(({ message }) => message.includes('_redis._tcp.sessions.test cannot be looked up')));
    expect(summary.observationError).toBeNull();
    expect(await nodes()).toHaveLength(before);
  });

  it('a name with several addresses stands for all of them, at one port', async () => {
    dns.records = { addresses: { 'many.test': ['10.0.0.1', '10.0.0.2'] }, services: {} };
    expect(await new DnsResolver([dns.address]).resolve({ kind: 'addresses', name: 'many.test', port: 6_379 })).toEqual(['10.0.0.1:6379', '10.0.0.2:6379']);
  });
});
