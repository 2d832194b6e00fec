/**
 * 1,000 agents over real HTTP with keep-alive against a server in a process of its own, at one
 * heartbeat in 2 s. serverCpuShare: of one core, the manager's rounds included. handlingMs:
 * from sending to answer of beats that are answered at once (every twentieth is sent twice, as
 * a network does, and the second is refused as stale): the others are held by the server on
 * purpose until there is something to say. It contains the client's share and the network's.
 *
 * heartbeats: when all are there and nothing happens. enrolment: all ask to enrol at the same
 * moment, are held back to what the server admits in a second, and beat as soon as they are
 * in, so that each newcomer has to be told to all that beat.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { VersionedSettings } from '@/lib/contract/settings';
import type { ProcessUsage } from '@/tests/support/api-server';
import { bundleProgram, spawnTestServer } from '@/tests/support/start-server';
import type { HeartbeatLoadOrder, HeartbeatLoadReport } from './heartbeat-load';

const AGENTS = 1_000;
const WARM_UP_MS = 10_000;
const MEASURED_MS = 30_000;
const BEAT_INTERVAL_MS = 2_000;
const SAMPLE_EVERY_MS = 100;
const ENROLMENT_MS_MAX = 180_000;

const say = (text: string) => process.stderr.write(`${text}\n`);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const rounded = (value: number, digits: number) => Number(value.toFixed(digits));

async function api<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? null : JSON.parse(text)) as T;
}

const askedOf = async <T>(child: ChildProcess, question: string): Promise<T> => new Promise((resolve) => {
  child.once('message', (answer) => { resolve(answer as T); });
  child.send(question);
});

interface Scene {
  readonly url: string;
  readonly server: ChildProcess;
  readonly clusterId: string;
  readonly load: ChildProcess;
  readonly order: HeartbeatLoadOrder;
}

async function onScene(together: boolean, run: (scene: Scene) => Promise<void>): Promise<void> {
  const server = await spawnTestServer({ program: 'api' });
  try {
    const { clusters } = await api<{ clusters: ClusterSummary[] }>(server.url, 'GET', '/clusters');
    for (const cluster of clusters) await api(server.url, 'DELETE', `/clusters/${cluster.id}`);
    const { id } = await api<ClusterSummary>(server.url, 'POST', '/clusters', { name: 'Bench', connection: { kind: 'http-agent', sharding: { method: 'hash', shardCount: 1_024 }, replicationFactor: 2 } });
    const { generation, settings } = await api<VersionedSettings>(server.url, 'GET', `/clusters/${id}/settings`);
    await api(server.url, 'PUT', `/clusters/${id}/settings`, { generation, settings: { ...settings, observationIntervalMs: BEAT_INTERVAL_MS } });
    say(`issuing ${AGENTS} tokens`);
    const tokens: string[] = [];
    for (let agent = 0; agent < AGENTS; agent += 1) tokens.push((await api<{ token: string }>(server.url, 'POST', `/clusters/${id}/agents/tokens`, { acceptByRule: true })).token);
    const load = fork(await bundleProgram('tests/bench/nodes/heartbeat-load.ts'), [server.url], { execArgv: [] });
    try {
      await run({ url: server.url, server: server.child, clusterId: id, load, order: { tokens, together } });
    } finally {
      load.kill();
    }
  } finally {
    await server.stop();
  }
}

async function aliveIn({ url, clusterId }: Scene): Promise<number> {
  const { nodes } = await api<{ nodes: { liveness: string }[] }>(url, 'GET', `/clusters/${clusterId}/nodes`);
  return nodes.filter((node) => node.liveness === 'alive').length;
}

function cpuMsBetween(before: ProcessUsage, after: ProcessUsage): number {
  return (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1_000;
}

export async function runHeartbeats(): Promise<void> {
  await onScene(false, async (scene) => {
    const { server, load, order } = scene;
    say('enrolling the agents');
    load.send(order);
    await once(load, 'message');
    await wait(WARM_UP_MS);
    say(`measuring for ${MEASURED_MS / 1_000} s`);
    load.send('reset');
    const before = await askedOf<ProcessUsage>(server, 'usage');
    const startedMs = performance.now();
    await wait(MEASURED_MS);
    const after = await askedOf<ProcessUsage>(server, 'usage');
    const elapsedMs = performance.now() - startedMs;
    const report = await askedOf<HeartbeatLoadReport>(load, 'report');
    process.stdout.write(`${JSON.stringify({
      bench: 'nodes', part: 'heartbeats', agents: AGENTS, heartbeatsPerSecond: rounded(report.heartbeats / elapsedMs * 1_000, 1),
      serverCpuShare: rounded(cpuMsBetween(before, after) / elapsedMs, 3), handlingMs: report.handlingMs, handled: report.handled, rssBytes: after.rssBytes,
      nodesAlive: await aliveIn(scene), failures: report.failures,
    })}\n`);
  });
}

/** How long the server took to answer the parent's question: what stands in its event loop delays it as it does a beat. */
async function sampled(server: ChildProcess, over: () => boolean): Promise<{ readonly rssBytesMax: number; readonly answerMsMax: number }> {
  let rssBytesMax = 0;
  let answerMsMax = 0;
  while (!over()) {
    const askedMs = performance.now();
    const { rssBytes } = await askedOf<ProcessUsage>(server, 'usage');
    answerMsMax = Math.max(answerMsMax, performance.now() - askedMs);
    rssBytesMax = Math.max(rssBytesMax, rssBytes);
    await wait(SAMPLE_EVERY_MS);
  }
  return { rssBytesMax, answerMsMax };
}

export async function runEnrolment(): Promise<void> {
  await onScene(true, async (scene) => {
    const { server, load, order } = scene;
    say('all agents enrol at once');
    const before = await askedOf<ProcessUsage>(server, 'usage');
    const startedMs = performance.now();
    let isOver = false;
    const sampling = sampled(server, () => isOver);
    load.send(order);
    await once(load, 'message');
    let report = await askedOf<HeartbeatLoadReport>(load, 'report');
    while (report.allKnownAfterMs === null && performance.now() - startedMs < ENROLMENT_MS_MAX) {
      await wait(SAMPLE_EVERY_MS);
      report = await askedOf<HeartbeatLoadReport>(load, 'report');
    }
    while (await aliveIn(scene) < AGENTS && performance.now() - startedMs < ENROLMENT_MS_MAX) await wait(SAMPLE_EVERY_MS);
    const allAliveAfterMs = performance.now() - startedMs;
    isOver = true;
    const { rssBytesMax, answerMsMax } = await sampling;
    const after = await askedOf<ProcessUsage>(server, 'usage');
    process.stdout.write(`${JSON.stringify({
      bench: 'nodes', part: 'enrolment', agents: AGENTS, enrolledAfterMs: rounded(report.enrolledAfterMs ?? NaN, 0), allKnownAfterMs: report.allKnownAfterMs === null ? null : rounded(report.allKnownAfterMs, 0),
      allAliveAfterMs: rounded(allAliveAfterMs, 0), heldBack: report.heldBack, serverCpuShare: rounded(cpuMsBetween(before, after) / (performance.now() - startedMs), 3), handlingMs: report.handlingMs, handled: report.handled,
      stoodStillMsMax: rounded(answerMsMax, 0), rssBytesMax, receivedBytes: report.receivedBytes, failures: report.failures, nodesAlive: await aliveIn(scene),
    })}\n`);
  });
}
