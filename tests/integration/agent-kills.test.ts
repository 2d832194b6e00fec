/**
 * Nodes are killed in every stage of a move, at either end, under a load that remembers what
 * was acknowledged; then they start again on the same disk and the move is executed again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import type { HttpAgentDriver } from '@/lib/drivers/http-agent/http-agent-driver';
import type { DriverStep, StepProgress } from '@/lib/drivers/driver';
import { createRandom } from '@/lib/platform/random';
import { AgentChecker, fillAgentKeys } from '../support/agent-checker';
import { AgentClusterProcesses } from '../support/agent-cluster';

const SEED = Number(process.env['PS_SEED'] ?? 20_261);
const never = () => new AbortController().signal;
type Move = Extract<DriverStep, { kind: 'move' }>;

describe(`kills in the middle of a move (PS_SEED=${SEED})`, () => {
  let cluster: AgentClusterProcesses;
  let driver: HttpAgentDriver;
  let checker: AgentChecker;
  const random = createRandom(SEED);
  let step = 0;
  const epoch = 5;

  beforeAll(async () => {
    cluster = await AgentClusterProcesses.start({ nodes: 3, emptyNodes: 1, shardCount: 6 });
    await fillAgentKeys(cluster, { keys: 400, valueBytes: 500 });
    driver = cluster.openDriver();
    // Killed nodes refuse connections for as long as they are down: that is waited out.
    checker = new AgentChecker(cluster, { workers: 3, keysPerWorker: 20, patienceMs: 15_000 });
  });

  afterAll(async () => {
    await driver.close();
    await cluster.stop();
  });

  const table = async () => {
    const read = await driver.observe({ detail: 'full', signal: never() });
    if (!read.ok || read.value.shards === null) throw new Error(read.ok ? 'No shards' : read.error.message);
    return read.value.shards;
  };

  /** A primary to a node that has no copy of it. */
  const chooseMove = async (): Promise<Move> => {
    const shards = await table();
    const shardId = random.integer(shards.shardCount);
    const holders = replicaNodeIdsOf(shards, shardId);
    const others = cluster.nodes.filter((node) => !holders.includes(node.nodeId));
    return { kind: 'move', shardId, role: 'primary', sourceNodeId: primaryNodeIdOf(shards, shardId)!, targetNodeId: others[random.integer(others.length)]!.nodeId };
  };

  const execute = (move: DriverStep, onProgress: (progress: StepProgress) => void = () => undefined) => {
    step += 1;
    return driver.execute(move, { idempotencyKey: `kill-${step}`, epoch, signal: never(), bytesPerSecondMax: () => 200_000, onProgress });
  };

  const settle = async (move: Move) => {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const result = await execute(move);
      if (result.ok) return;
      if (!result.error.retryable || performance.now() > deadline) throw new Error(`${result.error.code}: ${result.error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  it.each([
    ['source', 'copying'], ['target', 'copying'],
    ['source', 'verifying'], ['target', 'verifying'],
    ['source', 'committing'], ['target', 'committing'],
    ['source', 'committing'], ['target', 'committing'],
  ] as const)('[M9] the %s is killed while %s: it comes back, the move completes, and there is one primary', async (end, stage) => {
    const move = await chooseMove();
    const victim = cluster.nodeById(end === 'source' ? move.sourceNodeId : move.targetNodeId);
    const delayMs = stage === 'committing' ? random.next() * 12 : 0;
    const kills: Promise<void>[] = [];
    await execute(move, (progress) => {
      if (progress.stage !== stage || kills.length > 0 || (stage === 'copying' && progress.bytesDone === 0)) return;
      kills.push(new Promise((resolve) => setTimeout(resolve, delayMs)).then(() => victim.kill()));
    });
    // A move that was over before the delay was is killed after its end, which must do no harm either.
    await (kills[0] ?? victim.kill());
    await victim.start();
    await settle(move);
    const shards = await table();
    expect(primaryNodeIdOf(shards, move.shardId)).toBe(move.targetNodeId);
    const truth = await driver.inspectMove(move, never());
    expect(truth).toMatchObject({ ok: true, value: { state: 'done', keysOnSource: 0 } });
  }, 60_000);

  it('[M8] the target is killed after a revert was asked for: the source is complete and serves', async () => {
    const move = await chooseMove();
    const victim = cluster.nodeById(move.targetNodeId);
    const abort = new AbortController();
    step += 1;
    await driver.execute(move, {
      idempotencyKey: `kill-${step}`, epoch, signal: abort.signal, bytesPerSecondMax: () => 20_000,
      onProgress: (progress) => { if (progress.bytesDone > 0) abort.abort(new Error('stop')); },
    });
    const reverting = execute({ ...move, kind: 'revert-move' });
    await victim.kill();
    await reverting;
    await victim.start();
    let reverted = await execute({ ...move, kind: 'revert-move' });
    for (let tries = 0; !reverted.ok && tries < 50; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      reverted = await execute({ ...move, kind: 'revert-move' });
    }
    expect(reverted).toMatchObject({ ok: true });
    expect(await driver.inspectMove(move, never())).toMatchObject({ ok: true, value: { state: 'untouched', keysOnTarget: 0 } });
    expect(primaryNodeIdOf(await table(), move.shardId)).toBe(move.sourceNodeId);
  }, 60_000);

  it('a node that was to leave, as far as a manager got that was killed then, takes a move again', async () => {
    const move = await chooseMove();
    const target = cluster.agents.session(move.targetNodeId)!;
    const closed = await target.call({ kind: 'drain', key: 'about to leave', epoch, draining: true }, { signal: never() });
    expect(closed).toMatchObject({ ok: true });
    await table();
    expect(target.newest?.beat.draining).toBe(true);
    await settle(move);
    expect(primaryNodeIdOf(await table(), move.shardId)).toBe(move.targetNodeId);
    expect(target.newest?.beat.draining).toBe(false);
  }, 60_000);

  it('a secondary moves right after its primary has, whether or not it has heard of that', async () => {
    const move = await chooseMove();
    await settle(move);
    const shards = await table();
    const holders = replicaNodeIdsOf(shards, move.shardId);
    const target = cluster.nodes.find((node) => !holders.includes(node.nodeId))!;
    const second: Move = { kind: 'move', shardId: move.shardId, role: 'secondary', sourceNodeId: holders[1]!, targetNodeId: target.nodeId };
    const moved = await execute(second);
    expect(moved).toMatchObject({ ok: true });
    expect(replicaNodeIdsOf(await table(), move.shardId)).toEqual([move.targetNodeId, target.nodeId]);
    expect(await driver.inspectMove(second, never())).toMatchObject({ ok: true, value: { state: 'done' } });
  }, 60_000);

  it('no acknowledged write was lost or doubled', async () => {
    const report = await checker.stop();
    expect(report.acknowledged).toBeGreaterThan(100);
    expect(report).toMatchObject({ lost: 0, duplicated: 0 });
  }, 60_000);
});
