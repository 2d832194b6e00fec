/**
 * 1,000 agents at one heartbeat in 2 s over real HTTP with keep-alive against a server in a
 * process of its own. serverCpuShare: of one core, the manager's rounds included.
 * handlingMs: from sending to answer of beats that are answered at once (every twentieth is
 * sent twice, as a network does, and the second is refused as stale): the others are held by
 * the server on purpose until there is something to say. It contains the client's share and
 * the network's.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { VersionedSettings } from '@/lib/contract/settings';
import type { ProcessUsage } from '@/tests/support/api-server';
import { bundleProgram, spawnTestServer } from '@/tests/support/start-server';
import type { HeartbeatLoadReport } from './heartbeat-load';

const AGENTS = 1_000;
const WARM_UP_MS = 10_000;
const MEASURED_MS = 30_000;
const BEAT_INTERVAL_MS = 2_000;

const say = (text: string) => process.stderr.write(`${text}\n`);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function api<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? null : JSON.parse(text)) as T;
}

export async function runHeartbeats(): Promise<void> {
  const server = await spawnTestServer({ program: 'api' });
  const ask = async <T>(child: { send(message: string): boolean; once(event: 'message', listener: (message: T) => void): unknown }, question: string): Promise<T> =>
    new Promise((resolve) => { child.once('message', resolve); child.send(question); });
  try {
    const { clusters } = await api<{ clusters: ClusterSummary[] }>(server.url, 'GET', '/clusters');
    for (const cluster of clusters) await api(server.url, 'DELETE', `/clusters/${cluster.id}`);
    const { id } = await api<ClusterSummary>(server.url, 'POST', '/clusters', { name: 'Bench', connection: { kind: 'http-agent', sharding: { method: 'hash', shardCount: 1_024 }, replicationFactor: 2 } });
    const { generation, settings } = await api<VersionedSettings>(server.url, 'GET', `/clusters/${id}/settings`);
    await api(server.url, 'PUT', `/clusters/${id}/settings`, { generation, settings: { ...settings, observationIntervalMs: BEAT_INTERVAL_MS } });
    say(`issuing ${AGENTS} tokens`);
    const tokens: string[] = [];
    for (let agent = 0; agent < AGENTS; agent += 1) tokens.push((await api<{ token: string }>(server.url, 'POST', `/clusters/${id}/agents/tokens`, { acceptByRule: true })).token);
    say('enrolling the agents');
    const load = fork(await bundleProgram('tests/bench/nodes/heartbeat-load.ts'), [server.url], { execArgv: [] });
    try {
      load.send(tokens);
      await once(load, 'message');
      await wait(WARM_UP_MS);
      say(`measuring for ${MEASURED_MS / 1_000} s`);
      load.send('reset');
      const before = await ask<ProcessUsage>(server.child, 'usage');
      const startedMs = performance.now();
      await wait(MEASURED_MS);
      const after = await ask<ProcessUsage>(server.child, 'usage');
      const elapsedMs = performance.now() - startedMs;
      const report = await ask<HeartbeatLoadReport>(load, 'report');
      const { nodes } = await api<{ nodes: { liveness: string }[] }>(server.url, 'GET', `/clusters/${id}/nodes`);
      const cpuMs = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1_000;
      process.stdout.write(`${JSON.stringify({
        bench: 'nodes', part: 'heartbeats', agents: AGENTS, heartbeatsPerSecond: Number((report.heartbeats / elapsedMs * 1_000).toFixed(1)),
        serverCpuShare: Number((cpuMs / elapsedMs).toFixed(3)), handlingMs: report.handlingMs, handled: report.handled, rssBytes: after.rssBytes,
        nodesAlive: nodes.filter((node) => node.liveness === 'alive').length, failures: report.failures,
      })}\n`);
    } finally {
      load.kill();
    }
  } finally {
    await server.stop();
  }
}
