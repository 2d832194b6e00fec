/**
 * A database with agents under the whole product: nodes are processes, the server is another,
 * everything goes through the HTTP API, and clients remember what was acknowledged.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentView } from '@/lib/contract/agents';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { DomainEvent } from '@/lib/contract/events';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import { createRandom } from '@/lib/platform/random';
import { AgentFleet } from '../../scripts/agents/agent-fleet';
import { AgentChecker, fillAgentKeys } from '../support/agent-checker';
import { call, problemOf, succeed } from '../support/api-calls';
import { eventually } from '../support/eventually';
import { LossyProxy } from '../support/lossy-proxy';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

const SEED = Number(process.env['PS_SEED'] ?? 77);
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const hasEnded = (operation: Operation) => ['succeeded', 'failed', 'canceled', 'superseded'].includes(operation.status);

describe(`agents under the product (PS_SEED=${SEED})`, () => {
  let server: TestServerProcess;
  let proxy: LossyProxy;
  let fleet: AgentFleet;
  const cleanUps: (() => Promise<unknown>)[] = [];

  const path = (rest = '') => `/clusters/${fleet.clusterId}${rest}`;
  const nodes = async () => (await succeed<{ nodes: Node[] }>(server, 'GET', path('/nodes'))).nodes;
  const agents = async () => (await succeed<{ agents: AgentView[] }>(server, 'GET', path('/agents'))).agents;
  const operationOf = (id: string) => succeed<Operation>(server, 'GET', `/operations/${id}`);
  const ended = (id: string) => eventually('the operation ended', () => operationOf(id), hasEnded, 60_000);
  const events = async (type: string) => (await succeed<{ events: DomainEvent[] }>(server, 'GET', path(`/events?type=${type}`))).events;

  const rebalance = async (throttle?: object) => {
    const plan = await succeed<Plan>(server, 'POST', path('/plans'), { body: { strategy: 'round-robin', threshold: 0.05 } });
    expect(plan.steps.length).toBeGreaterThan(0);
    return (await succeed<{ operation: Operation }>(server, 'POST', `/plans/${plan.id}/approve`, { body: throttle === undefined ? {} : { throttle } })).operation;
  };

  beforeAll(async () => {
    server = await spawnTestServer({ program: 'api' });
    cleanUps.push(() => server.stop());
    proxy = await LossyProxy.start({ targetUrl: server.url, random: createRandom(SEED) });
    cleanUps.push(() => proxy.close());
    fleet = await AgentFleet.connect({ consoleUrl: server.url, managerUrl: proxy.url, parentFolder: FOLDER, name: 'Agents', shardCount: 12, replicationFactor: 2 });
    cleanUps.push(() => fleet.stop());
  });

  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  it('a cluster of agents is connected before it has a node; nodes enrol, and own nothing until shards are made', async () => {
    expect(await nodes()).toEqual([]);
    for (const zone of ['a', 'b', 'c']) await fleet.startNode({ zone });
    await eventually('three nodes are alive', nodes, (all) => all.length === 3 && all.every((node) => node.liveness === 'alive' && node.lifecycle === 'active'));
    await fleet.createShards();
    const { shards } = await eventually('all shards have a primary and a secondary', () => succeed<{ shards: { primaryNodeId: string | null; secondaryNodeIds: string[] }[] }>(server, 'GET', path('/shards')),
      (answer) => answer.shards.length === 12 && answer.shards.every((shard) => shard.primaryNodeId !== null && shard.secondaryNodeIds.length === 1));
    expect(new Set(shards.map((shard) => shard.primaryNodeId)).size).toBe(3);
    await fillAgentKeys(fleet, { keys: 300, valueBytes: 500 });
    expect(problemOf(await call(server, 'POST', path('/agents/create-shards'), { body: {} }))).toMatchObject({ status: 422, refusals: [{ constraint: 'already-so' }] });
  });

  it('[S6] what a node measures of itself arrives as numbers', async () => {
    const [node] = await eventually('metrics are there', nodes, (all) => all.every((each) => each.usage.cpu !== null && each.stats.keyCount !== null));
    expect(node).toMatchObject({ capacity: { cpu: expect.any(Number) as number, disk: expect.any(Number) as number }, usage: { memory: expect.any(Number) as number, disk: expect.any(Number) as number } });
    expect(node!.usage.memory!).toBeGreaterThan(10 * 1024 * 1024);
    expect(Number(node!.labels['machine.cpuCores'])).toBeGreaterThan(0);
  });

  it('[X3] a token enrols one node, is shown once, and no secret is in any answer afterwards', async () => {
    const { token } = await succeed<{ token: string }>(server, 'POST', path('/agents/tokens'), { body: { ttlMs: 60_000 }, headers: { 'idempotency-key': 'token-is-not-kept' } });
    const again = await succeed<{ token: string; tokenId: string }>(server, 'POST', path('/agents/tokens'), { body: { ttlMs: 60_000 }, headers: { 'idempotency-key': 'token-is-not-kept' } });
    expect(again.token).not.toBe(token);
    const open = async () => (await succeed<{ tokens: { tokenId: string; acceptByRule: boolean; expired: boolean }[] }>(server, 'GET', path('/agents/tokens'))).tokens;
    expect(await open()).toHaveLength(2);
    expect(await open()).toContainEqual(expect.objectContaining({ acceptByRule: false, expired: false }));
    expect((await call(server, 'DELETE', path(`/agents/tokens/${again.tokenId}`))).status).toBe(204);
    expect(problemOf(await call(server, 'DELETE', path(`/agents/tokens/${again.tokenId}`)))).toMatchObject({ status: 404 });
    const enrol = (given: string) => fetch(`${server.url}/api/agent/v1/enrol`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ protocolVersion: 1, token: given, name: 'by hand', address: '127.0.0.1:1', engine: { name: 'x' }, peerKeyHash: 'a'.repeat(64) }),
    });
    const first = await enrol(token);
    const { nodeId, credential, accepted } = await first.json() as { nodeId: string; credential: string; accepted: boolean };
    expect([first.status, accepted]).toEqual([200, false]);
    expect(await open()).toEqual([]);
    const revoked = await enrol(again.token);
    expect([revoked.status, (await revoked.json() as { code: string }).code]).toEqual([401, 'bad-token']);
    const second = await enrol(token);
    expect([second.status, (await second.json() as { code: string }).code]).toEqual([401, 'bad-token']);
    expect((await agents()).find((agent) => agent.nodeId === nodeId)).toMatchObject({ acceptedAtMs: null, lastBeatAgeMs: null });
    const shown = JSON.stringify([await agents(), await nodes(), await open(), await events('agents.tokenIssued'), await events('agents.tokenRevoked'), await succeed(server, 'GET', path())]);
    for (const secret of [token, credential]) {
      expect(shown).not.toContain(secret);
      expect(server.output.stderr).not.toContain(secret);
    }
    // It never beat: the list of agents knows it, the cluster does not.
    expect((await nodes()).some((node) => node.id === nodeId)).toBe(false);
  });

  it('an enrolled node waits until an operator adds its address; the rebalance gives it its share; the manager is killed in the middle', async () => {
    const node = await fleet.startNode({ zone: 'a', acceptByRule: false });
    await eventually('it is joining', nodes, (all) => all.some((each) => each.id === node.nodeId && each.lifecycle === 'joining' && each.liveness === 'alive'));
    const wished = await call(server, 'POST', path(`/nodes/${node.nodeId}/activate`), { body: {} });
    expect(problemOf(wished)).toMatchObject({ status: 422, refusals: [{ constraint: 'illegal-transition', nodeId: node.nodeId }] });
    const { operation: joining } = await succeed<{ operation: Operation }>(server, 'POST', path('/nodes'), { body: { address: node.address } });
    expect(await ended(joining.id)).toMatchObject({ status: 'succeeded' });
    await eventually('it is active', nodes, (all) => all.some((each) => each.id === node.nodeId && each.lifecycle === 'active' && each.liveness === 'alive'));
    const checker = new AgentChecker(fleet, { workers: 2 });
    const operation = await rebalance({ movesInFlightMax: 2, movesPerNodeMax: 2, bytesPerSecondMax: 65_536 });
    await eventually('moves are under way', () => operationOf(operation.id), (now) => now.progress.movesDone >= 1);
    const { port } = new URL(server.url);
    await server.kill();
    server = await spawnTestServer({ program: 'api', dataDir: server.dataDir, env: { PORT: port } });
    expect(await ended(operation.id)).toMatchObject({ status: 'succeeded' });
    const report = await checker.stop();
    expect(report.acknowledged).toBeGreaterThan(50);
    expect(report, report.errors.join('\n')).toMatchObject({ lost: 0, duplicated: 0, clientErrors: 0 });
    const summary = await succeed<ClusterSummary>(server, 'GET', path());
    expect(summary.imbalance.shards).toBeLessThan(0.2);
  }, 120_000);

  it('[N3] [N4] 30 % of beats and reports lost, repeated or late: nobody is unreachable, and moves still end', async () => {
    proxy.rate = 0.3;
    const seen = new Set<string>();
    const watch = async () => { for (const node of await nodes()) if (node.lifecycle === 'active') seen.add(node.liveness); };
    const [victim] = (await nodes()).filter((node) => node.lifecycle === 'active');
    const plan = await succeed<Plan>(server, 'POST', path('/plans'), { body: { strategy: 'round-robin', scope: { kind: 'evacuate', nodeIds: [victim!.id] } } });
    const { operation } = await succeed<{ operation: Operation }>(server, 'POST', `/plans/${plan.id}/approve`, { body: {} });
    const result = await eventually('the evacuation ended', async () => { await watch(); return operationOf(operation.id); }, hasEnded, 60_000);
    for (let round = 0; round < 40; round += 1) {
      await watch();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    proxy.rate = 0;
    expect(result).toMatchObject({ status: 'succeeded' });
    expect(proxy.totals.dropped).toBeGreaterThan(0);
    expect(proxy.totals.duplicated).toBeGreaterThan(0);
    expect(proxy.totals.delayed).toBeGreaterThan(0);
    expect([...seen].filter((liveness) => liveness !== 'alive' && liveness !== 'suspect')).toEqual([]);
    expect((await agents()).some((agent) => agent.ignoredBeats > 0)).toBe(true);
  }, 120_000);

  it('[N4] a node that stands still for 3 s is at worst suspect, and nothing moves', async () => {
    const before = await succeed<{ operations: Operation[] }>(server, 'GET', path('/operations'));
    const node = fleet.nodes[1]!;
    const seen = new Set<string>();
    node.pause();
    const deadline = performance.now() + 3_000;
    while (performance.now() < deadline) {
      for (const each of await nodes()) if (each.id === node.nodeId) seen.add(each.liveness);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    node.resume();
    await eventually('it is alive', nodes, (all) => all.find((each) => each.id === node.nodeId)?.liveness === 'alive');
    expect([...seen].filter((liveness) => liveness !== 'alive' && liveness !== 'suspect')).toEqual([]);
    expect((await succeed<{ operations: Operation[] }>(server, 'GET', path('/operations'))).operations.map(({ id }) => id)).toEqual(before.operations.map(({ id }) => id));
  });

  it('[S4] an emptied node is decommissioned, its process ends by itself, and its credential opens nothing any more', async () => {
    // A node without primaries has no keys of its own to tell of either.
    const { shards } = await succeed<{ shards: { primaryNodeId: string | null; secondaryNodeIds: string[] }[] }>(server, 'GET', path('/shards'));
    const holders = new Set(shards.flatMap(({ primaryNodeId, secondaryNodeIds }) => [primaryNodeId, ...secondaryNodeIds]));
    const empty = (await nodes()).find((node) => node.lifecycle === 'active' && !holders.has(node.id));
    expect(empty).toBeDefined();
    const { operation } = await succeed<{ operation: Operation }>(server, 'POST', path(`/nodes/${empty!.id}/decommission`), { body: { confirmName: empty!.name } });
    expect(await ended(operation.id)).toMatchObject({ status: 'succeeded' });
    const node = fleet.nodes.find((each) => each.nodeId === empty!.id)!;
    await eventually('the process has ended', () => Promise.resolve(node.isRunning), (isRunning) => !isRunning);
    expect(node.logTail()).toContain('removed');
    expect((await nodes()).map((each) => each.id)).not.toContain(empty!.id);
  });
});
