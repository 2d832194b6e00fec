/**
 * Nodes that stand still, die, and come back, under the whole product: what is believed of
 * them, what is done about it, and that clients lose nothing they were promised.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentView } from '@/lib/contract/agents';
import type { ShardRow } from '@/lib/contract/api';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import type { VersionedSettings } from '@/lib/contract/settings';
import { AgentFleet } from '../../scripts/agents/agent-fleet';
import type { AgentProcess } from '../../scripts/agents/agent-process';
import { AgentChecker, fillAgentKeys } from '../support/agent-checker';
import { call, problemOf, succeed } from '../support/api-calls';
import { eventually } from '../support/eventually';
import { spawnTestServer, type TestServerProcess } from '../support/start-server';

const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const SHARDS = 24;
const HOUR_MS = 3_600_000;

/** One cluster of reference nodes and what the console says about it. */
class Rig {
  private constructor(public server: TestServerProcess, readonly fleet: AgentFleet) {}

  static async start(options: { zones: readonly string[]; replicationFactor: number }): Promise<Rig> {
    const server = await spawnTestServer({ program: 'api' });
    const fleet = await AgentFleet.connect({ consoleUrl: server.url, parentFolder: FOLDER, name: 'Agents', shardCount: SHARDS, replicationFactor: options.replicationFactor });
    const rig = new Rig(server, fleet);
    for (const zone of options.zones) await fleet.startNode({ zone });
    await eventually('all nodes are alive', () => rig.nodes(), (all) => all.length === options.zones.length && all.every((node) => node.liveness === 'alive'));
    await fleet.createShards();
    await rig.fullyReplicated(options.replicationFactor);
    return rig;
  }

  path(rest = ''): string {
    return `/clusters/${this.fleet.clusterId}${rest}`;
  }

  nodes = async () => (await succeed<{ nodes: Node[] }>(this.server, 'GET', this.path('/nodes'))).nodes;
  node = async (nodeId: string) => (await this.nodes()).find((each) => each.id === nodeId)!;
  shards = async () => (await succeed<{ shards: ShardRow[] }>(this.server, 'GET', this.path('/shards'))).shards;
  operations = async () => (await succeed<{ operations: Operation[] }>(this.server, 'GET', this.path('/operations'))).operations;
  agent = async (nodeId: string) => (await succeed<{ agents: AgentView[] }>(this.server, 'GET', this.path('/agents'))).agents.find((each) => each.nodeId === nodeId)!;
  summary = () => succeed<ClusterSummary>(this.server, 'GET', this.path());

  /** Every shard has its copies on living nodes. */
  async fullyReplicated(copies: number, limitMs = 60_000): Promise<void> {
    await eventually('every shard has its copies on living nodes', async () => ({ nodes: await this.nodes(), shards: await this.shards() }), ({ nodes, shards }) => {
      const alive = new Set(nodes.filter(({ liveness }) => liveness === 'alive').map(({ id }) => id));
      return shards.length === SHARDS && shards.every(({ primaryNodeId, secondaryNodeIds }) => [primaryNodeId, ...secondaryNodeIds].filter((id) => id !== null && alive.has(id)).length === copies && secondaryNodeIds.length === copies - 1);
    }, limitMs);
  }

  async until(node: AgentProcess, liveness: Node['liveness'], limitMs = 60_000): Promise<Node> {
    return await eventually(`${node.options.name} is ${liveness}`, () => this.node(node.nodeId), (now) => now.liveness === liveness, limitMs);
  }

  async quickDeaths(repair?: 'automatic' | 'manual'): Promise<void> {
    const { generation, settings } = await succeed<VersionedSettings>(this.server, 'GET', this.path('/settings'));
    await succeed(this.server, 'PUT', this.path('/settings'), { body: { generation, settings: { ...settings, health: { ...settings.health, unreachableAfterMs: 3_000, deadAfterMs: 10_000, ...(repair !== undefined && { repair }) } } } });
  }

  /** The manager dies at once and begins anew on the same address. */
  async restartManager(): Promise<void> {
    const { port } = new URL(this.server.url);
    await this.server.kill();
    this.server = await spawnTestServer({ program: 'api', dataDir: this.server.dataDir, env: { PORT: port } });
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.server.stop();
  }
}

const holds = (nodeId: string) => (shard: ShardRow) => shard.primaryNodeId === nodeId || shard.secondaryNodeIds.includes(nodeId);

describe('six nodes in three zones, two copies of each shard', () => {
  let rig: Rig;
  let checker: AgentChecker;

  beforeAll(async () => {
    rig = await Rig.start({ zones: ['a', 'b', 'c', 'a', 'b', 'c'], replicationFactor: 2 });
    await fillAgentKeys(rig.fleet, { keys: 200, valueBytes: 200 });
    checker = new AgentChecker(rig.fleet, { workers: 3, keysPerWorker: 40, patienceMs: 2_000 });
  });

  afterAll(async () => {
    await checker.stop();
    await rig.stop();
  });

  it('[N2] a node whose clock is wrong by an hour, ahead or behind, changes nothing', async () => {
    const seen = new Set<string>();
    for (const [index, clockOffsetMs] of [[0, HOUR_MS], [1, -HOUR_MS]] as const) {
      const node = rig.fleet.nodes[index]!;
      const before = await rig.node(node.nodeId);
      await node.stop();
      await node.start({ clockOffsetMs });
      await eventually('it is heard under its new incarnation', () => rig.node(node.nodeId), (now) => now.incarnation > before.incarnation && now.liveness === 'alive');
    }
    for (let round = 0; round < 30; round += 1) {
      for (const { liveness, observedAtMs, quarantinedUntilMs } of await rig.nodes()) {
        seen.add(liveness);
        expect(quarantinedUntilMs).toBeNull();
        expect(Math.abs(Date.now() - observedAtMs!)).toBeLessThan(60_000);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect([...seen]).toEqual(['alive']);
    expect(await rig.operations()).toEqual([]);
  });

  it('[N4] a node that stands still for 20 s is unreachable, nothing moves, and it goes on where it was', async () => {
    const node = rig.fleet.nodes[2]!;
    const before = await rig.shards();
    const { incarnation } = await rig.node(node.nodeId);
    node.pause();
    const beganMs = performance.now();
    await rig.until(node, 'unreachable', 25_000);
    while (performance.now() - beganMs < 20_000) {
      expect((await rig.node(node.nodeId)).liveness).not.toBe('dead');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    node.resume();
    await rig.until(node, 'alive');
    expect((await rig.node(node.nodeId)).incarnation).toBe(incarnation);
    expect(await rig.operations()).toEqual([]);
    expect((await rig.shards()).map(({ primaryNodeId }) => primaryNodeId)).toEqual(before.map(({ primaryNodeId }) => primaryNodeId));
    await rig.fullyReplicated(2);
  });

  it('[A1] [A6] one that stands still past the death time-out is repaired; it returns under a new incarnation and nothing of it is trusted', async () => {
    await rig.quickDeaths();
    const node = rig.fleet.nodes[2]!;
    const { incarnation } = await rig.node(node.nodeId);
    const served = (await rig.shards()).filter(({ primaryNodeId }) => primaryNodeId === node.nodeId).map(({ shardId }) => shardId);
    expect(served.length).toBeGreaterThan(0);
    node.pause();
    await rig.until(node, 'dead');
    const repaired = await eventually('the repair ended', rig.operations, ([last]) => last?.kind === 'repair' && last.finishedAtMs !== null, 60_000);
    expect(repaired[0]).toMatchObject({ status: 'succeeded', nodeId: node.nodeId, createdBy: { kind: 'automation' }, urgency: 'emergency', progress: { movesFailed: 0 } });
    expect((await rig.shards()).filter(holds(node.nodeId))).toEqual([]);
    await rig.fullyReplicated(2);
    const before = checker.acknowledged;
    await eventually('clients write to those that took over', () => Promise.resolve(checker.acknowledged), (now) => now > before + 100);
    node.resume();
    await eventually('it is back under a new incarnation', () => rig.node(node.nodeId), (now) => now.liveness === 'alive' && now.incarnation > incarnation);
    await eventually('it holds nothing', () => rig.node(node.nodeId), (now) => now.stats.keyCount === 0);
    const shards = await rig.shards();
    expect(shards.filter(holds(node.nodeId))).toEqual([]);
    for (const shardId of served) expect(shards[shardId]!.primaryNodeId).not.toBe(node.nodeId);
    const read = await fetch(`http://${node.address}/v1/keys/filled:1`, { redirect: 'manual' });
    expect(read.status).toBe(307);
  }, 180_000);

  it('[N5] a third of the nodes killed at once freezes everything; nothing is repaired before a human clears it, and everything after', async () => {
    const killed = rig.fleet.nodes.filter(({ options }) => options.zone === 'a');
    expect(killed).toHaveLength(2);
    const operationsBefore = (await rig.operations()).length;
    await Promise.all(killed.map((node) => node.kill()));
    const { freeze } = await eventually('automation is frozen', rig.summary, (now) => now.freeze !== null);
    expect(freeze).toMatchObject({ cause: 'mass-failure' });
    expect(freeze!.reason).toContain('2 of 2 nodes of zone a');
    await new Promise((resolve) => setTimeout(resolve, 13_000));
    for (const node of killed) expect((await rig.node(node.nodeId)).liveness).toBe('unreachable');
    expect(await rig.operations()).toHaveLength(operationsBefore);
    expect(problemOf(await call(rig.server, 'POST', rig.path(`/nodes/${killed[0]!.nodeId}/repair`), { body: {} }))).toMatchObject({ status: 422, refusals: [{ constraint: 'frozen' }] });
    const { reasons } = (await rig.summary()).health;
    expect(reasons.map(({ code }) => code)).toContain('zone-lost');
    await succeed(rig.server, 'POST', rig.path('/unfreeze'), { body: {} });
    for (const node of killed) await rig.until(node, 'dead');
    await rig.fullyReplicated(2, 90_000);
    const repairs = await eventually('both repairs ended', async () => (await rig.operations()).filter(({ kind }) => kind === 'repair').slice(0, 2), (both) => both.every(({ finishedAtMs }) => finishedAtMs !== null));
    expect(repairs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    await Promise.all(killed.map((node) => node.start()));
    for (const node of killed) {
      await rig.until(node, 'alive');
      await eventually('it comes back empty', () => rig.node(node.nodeId), (now) => now.stats.keyCount === 0);
    }
    await rig.fullyReplicated(2);
  }, 240_000);

  it('a dead node is replaced by a new one, and does not come back', async () => {
    await rig.quickDeaths('manual');
    const dead = rig.fleet.nodes[1]!;
    const held = (await rig.shards()).filter(holds(dead.nodeId)).length;
    expect(held).toBeGreaterThan(0);
    await dead.kill();
    const { name } = await rig.until(dead, 'dead');
    const fresh = await rig.fleet.startNode({ zone: 'b', acceptByRule: false });
    const { operation } = await succeed<{ operation: Operation }>(rig.server, 'POST', rig.path(`/nodes/${dead.nodeId}/replace`), { body: { confirmName: name, address: fresh.address } });
    const ended = await eventually('the replacement ended', () => succeed<Operation>(rig.server, 'GET', `/operations/${operation.id}`), ({ finishedAtMs }) => finishedAtMs !== null, 90_000);
    expect(ended, JSON.stringify(ended.stages)).toMatchObject({ status: 'succeeded', progress: { movesTotal: held } });
    expect((await rig.nodes()).map(({ id }) => id)).not.toContain(dead.nodeId);
    await rig.fullyReplicated(2);
    expect((await rig.shards()).filter(holds(fresh.nodeId))).toHaveLength(held);
    await dead.start();
    await eventually('its process ends by itself', () => Promise.resolve(dead.isRunning), (isRunning) => !isRunning);
    expect(dead.logTail()).toContain('removed');
  }, 180_000);

  it('[A6] [M9] a manager that begins anew knows of a dead node who has every write of it, and lets them take over', async () => {
    await rig.quickDeaths('automatic');
    const serving = new Set((await rig.shards()).map(({ primaryNodeId }) => primaryNodeId));
    const node = rig.fleet.nodes.find(({ nodeId, isRunning }, index) => isRunning && index !== 1 && serving.has(nodeId))!;
    const before = checker.acknowledged;
    await eventually('clients write', () => Promise.resolve(checker.acknowledged), (now) => now > before + 20);
    await node.kill();
    await rig.restartManager();
    await eventually('it is repaired', rig.operations, ([last]) => last?.kind === 'repair' && last.nodeId === node.nodeId && last.finishedAtMs !== null, 60_000);
    await rig.fullyReplicated(2);
    expect((await rig.shards()).filter(holds(node.nodeId))).toEqual([]);
    await node.start();
    await rig.until(node, 'alive');
    await eventually('it comes back empty', () => rig.node(node.nodeId), (now) => now.stats.keyCount === 0);
  }, 180_000);

  it('[A2] no acknowledged write was lost or doubled', async () => {
    const report = await checker.stop();
    expect(report.acknowledged).toBeGreaterThan(500);
    expect(report, report.errors.join('\n')).toMatchObject({ lost: 0, duplicated: 0 });
  }, 60_000);
});

describe('one copy of each shard', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await Rig.start({ zones: ['a', 'b', 'c', 'a'], replicationFactor: 1 });
    await fillAgentKeys(rig.fleet, { keys: 100, valueBytes: 100 });
    await rig.quickDeaths();
  });

  afterAll(async () => {
    await rig.stop();
  });

  it('[A6] what only a dead node has is not given up by itself, nor by an operator who does not type its name', async () => {
    const dead = rig.fleet.nodes[0]!;
    const node = await rig.node(dead.nodeId);
    await eventually('sizes are known', rig.shards, (shards) => shards.every(({ keyCount }) => keyCount !== null));
    const lost = (await rig.shards()).filter(({ primaryNodeId }) => primaryNodeId === dead.nodeId);
    const keys = lost.reduce((sum, { keyCount }) => sum + keyCount!, 0);
    await dead.kill();
    await rig.until(dead, 'dead');
    const repair = (body: object) => call(rig.server, 'POST', rig.path(`/nodes/${dead.nodeId}/repair`), { body });
    await eventually('the automatic repair left it alone', rig.operations, ([last]) => last?.kind === 'repair' && last.finishedAtMs !== null);
    expect((await rig.shards()).filter(({ primaryNodeId }) => primaryNodeId === dead.nodeId)).toHaveLength(lost.length);
    expect(problemOf(await repair({}))).toMatchObject({ status: 422, refusals: [{ constraint: 'data-loss', numbers: { shards: lost.length, keys } }] });
    expect(problemOf(await repair({ confirmName: 'another' }))).toMatchObject({ status: 422, refusals: [{ constraint: 'wrong-name' }] });
    const accepted = await repair({ confirmName: node.name });
    expect(accepted.status).toBe(202);
    await eventually('others have the shards', rig.shards, (shards) => shards.every(({ primaryNodeId }) => primaryNodeId !== null && primaryNodeId !== dead.nodeId));
    await fillAgentKeys({ nodes: rig.fleet.nodes.filter(({ isRunning }) => isRunning) }, { keys: 100, valueBytes: 100 });
    await dead.start();
    await rig.until(dead, 'alive');
    await eventually('it comes back empty', () => rig.node(dead.nodeId), (now) => now.stats.keyCount === 0);
    expect((await rig.agent(dead.nodeId)).acceptedAtMs).not.toBeNull();
  }, 180_000);

  it('a living node is not repaired', async () => {
    const node = rig.fleet.nodes[1]!;
    expect(problemOf(await call(rig.server, 'POST', rig.path(`/nodes/${node.nodeId}/repair`), { body: {} }))).toMatchObject({ status: 422, refusals: [{ constraint: 'not-dead' }] });
  });
});
