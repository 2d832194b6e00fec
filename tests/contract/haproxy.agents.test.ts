/** A real HAProxy in front of real nodes, told by its runtime API alone. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HaproxySync } from '@/lib/agent/balancer/haproxy-sync';
import { parseServersState } from '@/lib/agent/balancer/haproxy-plan';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import { systemClock } from '@/lib/platform/system-clock';
import { AgentFleet } from '../../scripts/agents/agent-fleet';
import { findHaproxy, missingPartLine } from '../../scripts/machine-parts.mjs';
import { succeed } from '../support/api-calls';
import { eventually } from '../support/eventually';
import { startTestServer, type TestServer } from '../support/start-server';

const SLOW_START_SECONDS = 20;
/** Of srv_op_state: coming up with a growing weight. */
const STARTING = 1;
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('HAProxy follows the routing', () => {
  let server: TestServer;
  let fleet: AgentFleet;
  let folder: string;
  let haproxy: ChildProcess;
  let sync: HaproxySync;
  let port: number;
  const problems: string[] = [];

  const socketPath = () => join(folder, 'haproxy.sock');
  const ask = (command: string) => new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(socketPath(), () => { socket.write(`${command}\n`); });
    socket.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    socket.on('error', reject);
    socket.on('close', () => { resolve(text); });
  });
  const servers = async () => parseServersState(await ask('show servers state nodes'));
  const serverOf = async (address: string) => (await servers()).find((each) => each.address === address);
  /** srv_op_state of a server, which is the sixth column of format 1. */
  const operationalStateOf = async (address: string) => {
    const name = (await serverOf(address))?.name;
    return Number((await ask('show servers state nodes')).split('\n').find((line) => line.split(' ')[3] === name)?.split(' ')[5]);
  };

  beforeAll(async () => {
    const found = findHaproxy();
    if (found === undefined) throw new Error(missingPartLine('balancer'));
    server = await startTestServer();
    fleet = await AgentFleet.connect({ consoleUrl: server.url, parentFolder: FOLDER, name: 'Behind HAProxy', shardCount: 6, replicationFactor: 1 });
    for (const zone of ['a', 'b']) await fleet.startNode({ zone });
    await fleet.createShards();
    folder = mkdtempSync(join(tmpdir(), 'phantom-scale-haproxy-'));
    port = await freePort();
    writeFileSync(join(folder, 'haproxy.cfg'), [
      'global', `  stats socket ${socketPath()} mode 600 level admin`,
      'defaults', '  mode http', '  timeout connect 1s', '  timeout client 10s', '  timeout server 10s', '  retries 0',
      'frontend clients', `  bind 127.0.0.1:${port}`, '  default_backend nodes',
      'backend nodes', '  balance roundrobin', `  server-template node 4 127.0.0.1:9 disabled slowstart ${SLOW_START_SECONDS}s`, '',
    ].join('\n'));
    haproxy = spawn(found.path, ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' });
    await eventually('HAProxy listens', () => Promise.resolve(existsSync(socketPath())), (exists) => exists);
    const started = HaproxySync.start({ managerUrl: server.url, clusterId: fleet.clusterId, socketPath: socketPath(), backend: 'nodes', clock: systemClock, onProblem: (problem) => { problems.push(problem); } });
    if (!started.ok) throw new Error(started.error);
    sync = started.value;
  });

  afterAll(async () => {
    await sync.close();
    const ended = once(haproxy, 'exit');
    haproxy.kill('SIGKILL');
    await ended;
    await fleet.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the nodes of the cluster become its servers, and clients are served', async () => {
    for (const node of fleet.nodes) await eventually('the node is ready', () => serverOf(node.address), (found) => found?.admin === 'ready');
    expect((await servers()).filter((each) => each.admin === 'ready')).toHaveLength(2);
    const put = await fetch(`http://127.0.0.1:${port}/v1/keys/hello`, { method: 'PUT', body: 'world' });
    expect(put.status).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${port}/v1/keys/hello`)).text()).toBe('world');
  });

  it('a new node enters with a slow start', async () => {
    const node = await fleet.startNode({ zone: 'c' });
    await eventually('the node is ready', () => serverOf(node.address), (found) => found?.admin === 'ready');
    expect(await operationalStateOf(node.address)).toBe(STARTING);
  });

  it('[A5] a node that is drained is set to drain before it leaves, and its server is free afterwards', async () => {
    const path = `/clusters/${fleet.clusterId}`;
    const { nodes } = await succeed<{ nodes: Node[] }>(server, 'GET', `${path}/nodes`);
    const leaving = nodes.find((node) => node.id === fleet.nodes[0]!.nodeId)!;
    const seen: string[] = [];
    const watch = async () => {
      const admin = (await serverOf(leaving.address))?.admin ?? 'gone';
      if (seen.at(-1) !== admin) seen.push(admin);
      return admin;
    };
    const plan = await succeed<Plan>(server, 'POST', `${path}/plans`, { body: { strategy: 'round-robin', scope: { kind: 'evacuate', nodeIds: [leaving.id] } } });
    const { operation: drain } = await succeed<{ operation: Operation }>(server, 'POST', `${path}/nodes/${leaving.id}/drain`, { body: { planId: plan.id } });
    await eventually('it is drained', async () => { await watch(); return succeed<Operation>(server, 'GET', `/operations/${drain.id}`); }, ({ status }) => status === 'succeeded');
    await eventually('HAProxy drains it', watch, (admin) => admin === 'drain');
    await succeed(server, 'POST', `${path}/nodes/${leaving.id}/decommission`, { body: { confirmName: leaving.name } });
    await eventually('its server is in maintenance', watch, (admin) => admin === 'maint');
    expect(seen).toEqual(['ready', 'drain', 'maint']);
    expect(await (await fetch(`http://127.0.0.1:${port}/v1/keys/hello`)).text()).toBe('world');
    expect(problems).toEqual([]);
  });
});
