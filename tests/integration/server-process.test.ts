import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { ShardRow } from '@/lib/contract/api';
import type { DomainEvent } from '@/lib/contract/events';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import { call, succeed } from '@/tests/support/api-calls';
import { LiveConnection } from '@/tests/support/live-connection';
import { bundleProgram, spawnTestServer } from '@/tests/support/start-server';
import { makeFolder } from '@/tests/support/temporary-folder';

async function start(dataDir: string) {
  const server = await spawnTestServer({ program: 'api', dataDir });
  onTestFinished(() => server.kill());
  return server;
}

async function waitFor(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!await holds()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const clustersOf = async (server: { url: string }) => (await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters')).clusters;

describe('the process', () => {
  it('[D1] [R3] killed straight after an answer, the effect is there, and the same key gets the same answer', async () => {
    const dataDir = makeFolder();
    const before = await start(dataDir);
    const [demo] = await clustersOf(before);
    const { generation, settings } = await succeed<VersionedSettings>(before, 'GET', `/clusters/${demo!.id}/settings`);
    const plan = await succeed<Plan>(before, 'POST', `/clusters/${demo!.id}/plans`, { body: { strategy: 'round-robin' }, headers: { 'idempotency-key': 'kill-test-plan' } });
    const change = { body: { generation, settings: { ...settings, rebalancing: { ...settings.rebalancing, holdMs: 12_345 } } }, headers: { 'idempotency-key': 'kill-test-settings' } };
    const answered = await call(before, 'PUT', `/clusters/${demo!.id}/settings`, change);
    await before.kill();
    expect(answered.status).toBe(200);

    const after = await start(dataDir);
    expect(await succeed<VersionedSettings>(after, 'GET', `/clusters/${demo!.id}/settings`)).toEqual(answered.body);
    expect((await call(after, 'PUT', `/clusters/${demo!.id}/settings`, change)).body).toEqual(answered.body);
    expect((await succeed<Plan>(after, 'GET', `/plans/${plan.id}`)).steps).toEqual(plan.steps);
    const [again] = await clustersOf(after);
    expect(again!.id).toBe(demo!.id);
    expect(again!.epoch).toBeGreaterThan(demo!.epoch);
    const { events } = await succeed<{ events: DomainEvent[] }>(after, 'GET', `/clusters/${demo!.id}/events`);
    expect(events.map((event) => event.type)).toEqual(expect.arrayContaining(['cluster.connected', 'settings.changed']));
    expect(events.map((event) => event.sequence)).toEqual(Array.from(events, (_, at) => events.length - at));
  });

  it('[M9] killed in the middle of a rebalance, it goes on with it after the restart and ends where the plan says', async () => {
    const dataDir = makeFolder();
    const before = await start(dataDir);
    const [demo] = await clustersOf(before);
    const plan = await succeed<Plan>(before, 'POST', `/clusters/${demo!.id}/plans`, { body: { strategy: 'round-robin', threshold: 0 } });
    const throttle = { movesInFlightMax: 4, movesPerNodeMax: 4, bytesPerSecondMax: null };
    const { operation } = await succeed<{ operation: Operation }>(before, 'POST', `/plans/${plan.id}/approve`, { body: { throttle, stepCount: Math.min(60, plan.steps.length) } });
    const read = (server: { url: string }) => succeed<Operation>(server, 'GET', `/operations/${operation.id}`);
    await waitFor(async () => (await read(before)).progress.movesDone >= 5, 'some moves');
    await before.kill();

    const after = await start(dataDir);
    await waitFor(async () => (await read(after)).status === 'succeeded', 'the end of the operation');
    const { moves } = await succeed<{ moves: MoveRecord[] }>(after, 'GET', `/operations/${operation.id}/moves?limit=1000`);
    expect(moves.every((move) => move.status === 'done')).toBe(true);
    const { shards } = await succeed<{ shards: ShardRow[] }>(after, 'GET', `/clusters/${demo!.id}/shards?limit=1000`);
    const last = new Map(moves.map(({ step }) => [`${step.shardId} ${step.sourceNodeId}`, step]));
    for (const step of last.values()) {
      const shard = shards.find((one) => one.shardId === step.shardId);
      if (shard !== undefined) expect([shard.primaryNodeId, ...shard.secondaryNodeIds]).toContain(step.targetNodeId);
    }
  });

  it('does not bring back a demo that was disconnected', async () => {
    const dataDir = makeFolder();
    const before = await start(dataDir);
    const [demo] = await clustersOf(before);
    await succeed(before, 'DELETE', `/clusters/${demo!.id}`);
    await before.end('SIGTERM');
    expect(await clustersOf(await start(dataDir))).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with exit code 0 on %s, with clients connected', async (signal) => {
    const server = await start(makeFolder());
    const [demo] = await clustersOf(server);
    const client = new LiveConnection(server.url, demo!.id);
    onTestFinished(() => client.close());
    client.subscribe('summary', 'shards');
    await client.until(() => client.counts.snapshot === 2, 'the snapshots');
    const startedMs = Date.now();
    expect(await server.end(signal)).toEqual({ code: 0, signal: null });
    expect(Date.now() - startedMs).toBeLessThan(10_000);
    await client.until(() => !client.socket.connected, 'the end of the connection');
    expect(server.output.stderr).toBe('');
  });

  it('starts every live client over with a higher epoch after a restart', async () => {
    const dataDir = makeFolder();
    const before = await start(dataDir);
    const [demo] = await clustersOf(before);
    const first = new LiveConnection(before.url, demo!.id);
    onTestFinished(() => first.close());
    first.subscribe('summary');
    await first.until(() => first.counts.snapshot === 1, 'the first picture');
    await before.kill();
    await first.until(() => !first.socket.connected, 'the loss');

    const after = await start(dataDir);
    const second = new LiveConnection(after.url, demo!.id);
    onTestFinished(() => second.close());
    // The console keeps its picture over the reconnect and takes whatever is newer.
    second.state = first.state;
    second.subscribe('summary');
    await second.until(() => second.counts.delta >= 2, 'the picture of the new manager');
    expect(second.state.heads.summary).toMatchObject({ status: 'current', epoch: second.state.summary!.epoch });
    expect(second.state.summary!.epoch).toBeGreaterThan(demo!.epoch);
  });
});

describe('the program', () => {
  async function run(env: Record<string, string>): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [await bundleProgram('lib/server/main.ts')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production', DATA_DIR: makeFolder(), PORT: '0', ...env },
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => { output.stdout += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { output.stderr += chunk.toString(); });
    onTestFinished(() => { child.kill('SIGKILL'); });
    const [code] = await once(child, 'exit') as [number | null];
    return { code, ...output };
  }

  it('ends with one line and a non-zero exit code when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => { other.close(); });
    const { port } = other.address() as AddressInfo;
    const { code, stdout, stderr } = await run({ PORT: String(port) });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(`Port ${port} on 127.0.0.1 is already in use. Stop the other program, or choose another port with PORT=${port + 1}.\n`);
  });

  it('ends with one line when it is asked to listen to other machines, or its database is none', async () => {
    expect(await run({ HOST: '0.0.0.0' })).toMatchObject({ code: 1, stderr: expect.stringMatching(/^HOST must be .*\n$/) as string });
    expect(await run({ DATABASE_URL: 'mysql://user:hunter2@host/db' })).toMatchObject({ code: 1, stderr: expect.stringMatching(/^DATABASE_URL cannot be used: (?!.*hunter2).*\n$/) as string });
  });
});
