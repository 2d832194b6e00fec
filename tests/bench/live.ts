/**
 * What live push costs: a simulator at two readings a second, 50 clients in a process of
 * their own with all five views of it, 20 s in the steady state. One JSON line for 100
 * nodes with 16,384 shards, and one for 1,000 nodes with 100,000 shards.
 *
 * p50Ms, p99Ms: from the server's send to a client's receipt. bytesPerUpdateDelta: what
 * one client gets for one reading, over all views; bytesPerUpdateSnapshot: what the same
 * views cost as snapshots. serverCpuShare: of one core. rssBytes: of the server.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { VersionedSettings } from '@/lib/contract/settings';
import type { ProcessUsage } from '@/tests/support/api-server';
import type { LiveLoadReport } from '@/tests/support/live-load';
import { bundleProgram, spawnTestServer } from '@/tests/support/start-server';

const CLIENTS = 50;
const WARM_UP_MS = 6_000;
const MEASURED_MS = 20_000;
const SIZES = [{ nodeCount: 100, shardCount: 16_384 }, { nodeCount: 1_000, shardCount: 100_000 }] as const;

const say = (text: string) => process.stderr.write(`${text}\n`);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function ask<T>(child: ChildProcess, question: string): Promise<T> {
  const answer = once(child, 'message');
  child.send(question);
  const [message] = await answer as [T];
  return message;
}

async function api<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? null : JSON.parse(text)) as T;
}

async function measure(size: (typeof SIZES)[number]): Promise<object> {
  say(`${size.nodeCount} nodes, ${size.shardCount} shards: starting the server`);
  const server = await spawnTestServer({ program: 'api' });
  let load: ChildProcess | null = null;
  try {
    const { clusters } = await api<{ clusters: ClusterSummary[] }>(server.url, 'GET', '/clusters');
    for (const cluster of clusters) await api(server.url, 'DELETE', `/clusters/${cluster.id}`);
    const connection = { kind: 'simulator', ...size, zoneCount: 3, replicationFactor: 3, lastNodeEmpty: false };
    const { id } = await api<ClusterSummary>(server.url, 'POST', '/clusters', { name: 'Bench', connection });
    const { generation, settings } = await api<VersionedSettings>(server.url, 'GET', `/clusters/${id}/settings`);
    await api(server.url, 'PUT', `/clusters/${id}/settings`, { generation, settings: { ...settings, observationIntervalMs: 500 } });

    say(`connecting ${CLIENTS} clients`);
    load = fork(await bundleProgram('tests/support/live-load.ts'), [server.url, id, String(CLIENTS)], { execArgv: [] });
    await once(load, 'message');
    await wait(WARM_UP_MS);
    say(`measuring for ${MEASURED_MS / 1_000} s`);
    load.send('reset');
    const before = await ask<ProcessUsage>(server.child, 'usage');
    await wait(MEASURED_MS);
    const after = await ask<ProcessUsage>(server.child, 'usage');
    const report = await ask<LiveLoadReport>(load, 'report');

    const updates = Math.max(1, report.updates);
    const cpuMs = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1_000;
    const bytesPerUpdateDelta = Math.round(report.deltaBytes / CLIENTS / updates);
    say(`${report.updates.toFixed(1)} updates a client, ${report.gaps} gaps, bytes by view of snapshots ${JSON.stringify(report.snapshotBytesByView)} and of all deltas ${JSON.stringify(report.deltaBytesByView)}`);
    return {
      bench: 'live', p50Ms: report.latencyMs.p50, p99Ms: report.latencyMs.p99,
      bytesPerUpdateDelta, bytesPerUpdateSnapshot: report.snapshotBytes,
      serverCpuShare: Number((cpuMs / report.elapsedMs).toFixed(3)), rssBytes: after.rssBytes,
      snapshotPerDelta: Number((report.snapshotBytes / bytesPerUpdateDelta).toFixed(1)),
      nodes: size.nodeCount, shards: size.shardCount, clients: CLIENTS, updatesPerSecond: Number((report.updates / report.elapsedMs * 1_000).toFixed(2)), gaps: report.gaps,
    };
  } finally {
    load?.kill();
    await server.stop();
  }
}

for (const size of SIZES) process.stdout.write(`${JSON.stringify(await measure(size))}\n`);
