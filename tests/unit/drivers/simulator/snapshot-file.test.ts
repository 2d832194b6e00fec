import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStoredSimulator } from '@/lib/drivers/simulator/create-simulator';
import { SimulatorSnapshotSchema, type SimulatorSnapshot } from '@/lib/drivers/simulator/cluster-snapshot';
import { PhantomCluster } from '@/lib/drivers/simulator/phantom-cluster';
import { SnapshotFile, type SnapshotProblem } from '@/lib/drivers/simulator/snapshot-file';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import type { SimulatorConnection } from '@/lib/contract/connection';
import { anySignal, codeOf, connectionOf, contextOf, moveOf, observe, startSimulator, timed, valueOf, type Bench } from './simulator-fixture';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'phantom-snapshot-'));
  path = join(folder, 'clusters', 'one.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const problems: SnapshotProblem[] = [];
beforeEach(() => { problems.length = 0; });

/** A process that opens the stored cluster; not closing it is kill -9. */
function start(options: Partial<SimulatorConnection> = {}, clock = new VirtualClock()): Bench {
  return { ...openStoredSimulator({ connection: connectionOf(options), clock, path, onProblem: (problem) => problems.push(problem) }), clock };
}

async function moveOne(bench: Bench, shardId: number): Promise<void> {
  const { shards } = await observe(bench);
  valueOf((await timed(bench, bench.driver.execute(moveOf(shards, shardId), contextOf({ epoch: 5 })))).value);
}

function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}

/** A cluster with one change after its first snapshot, in the turn of the event loop in which the second one was begun. */
async function startWriting(): Promise<Bench> {
  const bench = start({}, new VirtualClock({ flush: () => Promise.resolve() }));
  bench.cluster.heatShard(0, 2);
  bench.cluster.heatShard(0, 3);
  expect(await bench.clock.advanceUntil(() => existsSync(`${path}.journal.next`), 5_000)).toBe(true);
  return bench;
}

function hotShardsKept(): SimulatorSnapshot['controls']['hotShards'] {
  const loaded = new SnapshotFile(path).load();
  if (!loaded.ok || loaded.value === null) throw new Error('Nothing was kept');
  return loaded.value.controls.hotShards;
}

/** A snapshot that is being written in turns of the real event loop is written now, or has failed. */
async function written(): Promise<void> {
  await sleep(5);
}

describe('the simulated cluster over restarts', () => {
  it('a snapshot is plain data and gives the same cluster again, byte for byte', async () => {
    const bench = startSimulator();
    await moveOne(bench, 3);
    bench.cluster.faults.kill('node-02');
    bench.cluster.heatShard(7, 3);
    await bench.clock.advance(1_234);
    await observe(bench);
    const snapshot = SimulatorSnapshotSchema.parse(JSON.parse(JSON.stringify(bench.cluster.snapshot())));
    const other = PhantomCluster.restore(snapshot);
    expect(other.snapshot()).toEqual(bench.cluster.snapshot());
    for (const cluster of [other, bench.cluster]) cluster.advanceTo(60_000);
    expect(other.snapshot()).toEqual(bench.cluster.snapshot());
    expect(other.core.loads()).toEqual(bench.cluster.core.loads());
  });

  it('[D1] killed straight after a move was reported done, a restart shows the same placement', async () => {
    const bench = start();
    for (const shardId of [1, 2, 3]) await moveOne(bench, shardId);
    valueOf((await timed(bench, bench.driver.execute({ kind: 'add-node', address: null, zone: null, followerOf: null }, contextOf({ epoch: 6, idempotencyKey: 'the-13th' })))).value);
    const before = await observe(bench);
    const again = start();
    const after = await observe(again);
    expect(after.shards.replicas).toEqual(before.shards.replicas);
    expect(after.shards.epoch).toEqual(before.shards.epoch);
    expect(after.nodes.map((node) => node.id)).toEqual(before.nodes.map((node) => node.id));
    // What was done is remembered, and so is who had the say.
    const repeated = await timed(again, again.driver.execute({ kind: 'add-node', address: null, zone: null, followerOf: null }, contextOf({ epoch: 6, idempotencyKey: 'the-13th' })));
    expect(valueOf(repeated.value).nodeId).toBe('node-13');
    expect(codeOf(await again.driver.execute({ kind: 'verify-empty', nodeId: 'node-13' }, contextOf({ epoch: 5 })))).toBe('stale-epoch');
    expect(problems).toEqual([]);
  });

  it('[M9] an interrupted move goes on from its partial copy after a restart', async () => {
    const bench = start();
    await moveOne(bench, 1);
    const { shards } = await observe(bench);
    const step = moveOf(shards, 0, 'node-12');
    void bench.driver.execute(step, contextOf({ epoch: 5, bytesPerSecondMax: () => shards.sizeBytes[0]! / 10 }));
    await bench.clock.advance(5_000);
    await bench.driver.close();
    const again = start();
    expect(valueOf(await again.driver.inspectMove(step, anySignal())).state).toBe('moving');
    const { value, ms } = await timed(again, again.driver.execute(step, contextOf({ epoch: 5, bytesPerSecondMax: () => shards.sizeBytes[0]! / 10 })));
    valueOf(value);
    expect(ms).toBeLessThan(6_000);
  });

  it('snapshots are written at most once a second, changes at once', async () => {
    const bench = start();
    await moveOne(bench, 0);
    const inode = () => statSync(path).ino;
    const files = new Set([inode()]);
    const journalLines: number[] = [];
    for (let shardId = 1; shardId <= 40; shardId += 1) {
      await moveOne(bench, shardId);
      journalLines.push(linesOf(`${path}.journal`) + linesOf(`${path}.journal.next`));
      await written();
      files.add(inode());
    }
    const seconds = Math.ceil(bench.clock.monotonicMs() / 1_000);
    expect(files.size).toBeLessThanOrEqual(seconds + 1);
    expect(files.size).toBeGreaterThan(1);
    expect(Math.max(...journalLines)).toBeGreaterThan(1);
    await bench.driver.close();
    expect(bench.clock.timersPending).toBe(0);
  });

  it('[D1] what happens while a snapshot is being written is kept, killed then or later', async () => {
    const bench = await startWriting();
    bench.cluster.heatShard(1, 5);
    expect(linesOf(`${path}.journal`)).toBe(1);
    expect(linesOf(`${path}.journal.next`)).toBe(1);
    expect(hotShardsKept()).toEqual([[0, 3], [1, 5]]);
    await written();
    expect(linesOf(`${path}.journal`)).toBe(1);
    expect(hotShardsKept()).toEqual([[0, 3], [1, 5]]);
    bench.cluster.heatShard(2, 7);
    expect(hotShardsKept()).toEqual([[0, 3], [1, 5], [2, 7]]);
    expect(problems).toEqual([]);
  });

  it('a snapshot that could not be written costs nothing: the next one takes all changes in', async () => {
    const bench = start();
    await moveOne(bench, 0);
    mkdirSync(`${path}.tmp`);
    for (let shardId = 1; problems.length < 2; shardId += 1) {
      await moveOne(bench, shardId);
      await written();
    }
    expect(new Set(problems.map((problem) => problem.code))).toEqual(new Set(['not-written']));
    const failing = await observe(bench);
    expect((await observe(start())).shards.replicas).toEqual(failing.shards.replicas);
    rmdirSync(`${path}.tmp`);
    const inode = statSync(path).ino;
    for (let shardId = 40; statSync(path).ino === inode; shardId += 1) {
      await moveOne(bench, shardId);
      await written();
    }
    expect(existsSync(`${path}.journal.next`)).toBe(false);
    const after = await observe(bench);
    expect((await observe(start())).shards.replicas).toEqual(after.shards.replicas);
  });

  it('closed while a snapshot is being written, the last one stands and nothing is left beside it', async () => {
    const bench = await startWriting();
    bench.cluster.heatShard(1, 5);
    await bench.driver.close();
    await written();
    expect(readdirSync(dirname(path)).sort()).toEqual(['one.json', 'one.json.journal']);
    expect(linesOf(`${path}.journal`)).toBe(0);
    expect(hotShardsKept()).toEqual([[0, 3], [1, 5]]);
    expect(problems).toEqual([]);
  });

  it('a half-written last line is left out, the lines before it count', async () => {
    const bench = start();
    await moveOne(bench, 0);
    await moveOne(bench, 1);
    const before = await observe(bench);
    appendFileSync(`${path}.journal`, '{"kind":"shard","shardId":2,"hol');
    const after = await observe(start());
    expect(after.shards.replicas).toEqual(before.shards.replicas);
    expect(problems).toEqual([]);
  });

  it('a journal that the snapshot contains already changes nothing', async () => {
    const bench = start();
    for (const shardId of [0, 1, 2]) await moveOne(bench, shardId);
    const journal = readFileSync(`${path}.journal`, 'utf8');
    await bench.driver.close();
    writeFileSync(`${path}.journal`, journal);
    const loaded = new SnapshotFile(path).load();
    if (!loaded.ok || loaded.value === null) throw new Error('Nothing was kept');
    expect(loaded.value.placement).toBe(bench.cluster.snapshot().placement);
  });

  it.each([
    ['not JSON', 'nonsense'],
    ['not a snapshot', '{"format":1}'],
    ['a snapshot whose replicas are on nobody', null],
  ])('%s: the problem is told and the cluster begins from its seed', async (_name, text) => {
    const bench = start();
    await moveOne(bench, 0);
    await bench.driver.close();
    const kept = SimulatorSnapshotSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    writeFileSync(path, text ?? JSON.stringify({ ...kept, nodes: kept.nodes.slice(0, 3) }));
    const again = start();
    expect(problems.map((problem) => problem.code)).toEqual(['malformed']);
    expect((await observe(again)).shards.replicas).toEqual((await observe(startSimulator())).shards.replicas);
  });

  it('a file of another shape is another cluster; another speed is the same one', async () => {
    const bench = start();
    await moveOne(bench, 0);
    const moved = (await observe(bench)).shards.replicas;
    await bench.driver.close();
    expect((await observe(start({ speed: 10 }))).shards.replicas).toEqual(moved);
    expect((await observe(start({ seed: 8 }))).shards.replicas).not.toEqual(moved);
  });

  it('a cluster that nobody changed writes nothing, and remove forgets one that was', async () => {
    const untouched = start();
    await untouched.clock.advance(10_000);
    await untouched.driver.close();
    expect(existsSync(path)).toBe(false);
    const bench = start();
    await moveOne(bench, 0);
    await bench.driver.close();
    new SnapshotFile(path).remove();
    expect(existsSync(path) || existsSync(`${path}.journal`)).toBe(false);
  });

  it('a file that cannot be written is told and the cluster goes on', async () => {
    writeFileSync(join(folder, 'clusters'), 'a file where the folder should be');
    const bench = start();
    await moveOne(bench, 0);
    expect(problems[0]?.code).toBe('not-written');
  });
});
