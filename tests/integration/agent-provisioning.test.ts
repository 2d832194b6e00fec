/** Nodes with agents that the product starts itself: each enrols with a token of its own, gets its share, and ends when it was given back. */
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { Provisioning } from '@/lib/contract/provisioner';
import type { VersionedSettings } from '@/lib/contract/settings';
import { AgentFleet } from '../../scripts/agents/agent-fleet';
import { bundleAgent } from '../../scripts/agents/agent-process';
import { freeRedisPort } from '../../scripts/redis/free-ports';
import { succeed } from '../support/api-calls';
import { eventually } from '../support/eventually';
import { LocalNodes } from '../support/local-nodes';
import { spawnTestServer } from '../support/start-server';
import { makeFolder } from '../support/temporary-folder';

const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('a database with agents and the provisioner local-process', () => {
  it('grows by a process that enrols by itself, and gives it back when it is emptied', async () => {
    const nodes = new LocalNodes();
    cleanUps.push(() => nodes.stop());
    const port = await freeRedisPort(new Set());
    const file = join(makeFolder(), 'config.json');
    writeFileSync(file, JSON.stringify({ provisioners: { here: {
      kind: 'local-process', folder: nodes.folder, portMin: nodes.portMin, portMax: nodes.portMax,
      program: { kind: 'agent', path: process.execPath, arguments: [await bundleAgent()], managerUrl: `http://127.0.0.1:${port}` },
    } } }));
    const server = await spawnTestServer({ program: 'api', env: { CONFIG_FILE: file, PORT: String(port) } });
    cleanUps.push(() => server.stop());
    const fleet = await AgentFleet.connect({ consoleUrl: server.url, parentFolder: FOLDER, name: 'Agents', shardCount: 12, replicationFactor: 2 });
    cleanUps.push(() => fleet.stop());
    const path = (rest = '') => `/clusters/${fleet.clusterId}${rest}`;
    const members = async () => (await succeed<{ nodes: Node[] }>(server, 'GET', path('/nodes'))).nodes;
    const ended = (id: string) => eventually('the operation ended', () => succeed<Operation>(server, 'GET', `/operations/${id}`), ({ status }) => ['succeeded', 'failed', 'canceled', 'superseded'].includes(status), 60_000);
    for (const zone of ['a', 'b']) await fleet.startNode({ zone });
    await eventually('two nodes are alive', members, (all) => all.length === 2 && all.every(({ liveness }) => liveness === 'alive'));
    await fleet.createShards();
    await eventually('they hold the shards', () => succeed<{ shards: { primaryNodeId: string | null; secondaryNodeIds: string[] }[] }>(server, 'GET', path('/shards')), ({ shards }) => shards.length === 12 && shards.every((shard) => shard.primaryNodeId !== null && shard.secondaryNodeIds.length === 1));
    const { generation, settings } = await succeed<VersionedSettings>(server, 'GET', path('/settings'));
    await succeed(server, 'PUT', path('/settings'), { body: { generation, settings: { ...settings, scaling: { ...settings.scaling, provisioner: 'here' } } } });

    const { operation } = await succeed<{ operation: Operation }>(server, 'POST', path('/scale-out'), { body: { nodeCount: 1, zone: 'c' } });
    const out = await ended(operation.id);
    expect(out).toMatchObject({ status: 'succeeded', stages: [{ kind: 'provision', status: 'done' }, { kind: 'join', status: 'done' }, { kind: 'plan', status: 'done' }, { kind: 'execute-plan', status: 'done' }] });
    expect(nodes.pids()).toHaveLength(1);
    const [grown] = out.nodeIds;
    expect((await members()).find(({ id }) => id === grown)).toMatchObject({ lifecycle: 'active', domain: { zone: 'c' } });

    const plan = await succeed<Plan>(server, 'POST', path('/plans'), { body: { strategy: 'round-robin', scope: { kind: 'evacuate', nodeIds: [grown] } } });
    const leaving = await succeed<{ operation: Operation }>(server, 'POST', path('/scale-in'), { body: { nodeIds: [grown], planId: plan.id, confirmName: 'Agents' } });
    const back = await ended(leaving.operation.id);
    expect(back.statusReason).toBeNull();
    expect(back.stages.at(-1)).toMatchObject({ kind: 'deprovision', status: 'done' });
    expect(nodes.pids()).toEqual([]);
    expect((await succeed<Provisioning>(server, 'GET', path('/provisioning'))).provisions).toEqual([]);
  });
});
