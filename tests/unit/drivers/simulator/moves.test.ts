import { describe, expect, it, vi } from 'vitest';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import type { StepProgress } from '@/lib/drivers/driver';
import { MOVING, NODE } from '@/lib/drivers/simulator/cluster-parameters';
import { anySignal, codeOf, contextOf, moveOf, observe, startSimulator, timed, valueOf } from './simulator-fixture';

const MIB = 1024 * 1024;
const EMPTY = 'node-12';

/** What a move takes besides copying. */
const closingMs = (bytes: number) => MOVING.verifyMs + (bytes / MOVING.verifyBytesPerSecond) * 1_000 + MOVING.commitMs;

describe('moves of PhantomDB', () => {
  it('[M12] the time of a copy is its bytes by the throttle, to the millisecond', async () => {
    const bench = startSimulator();
    for (const [shardId, bytesPerSecond] of [[0, 4 * MIB], [1, 16 * MIB], [2, 1 * MIB]] as const) {
      const { shards } = await observe(bench);
      const bytes = shards.sizeBytes[shardId]!;
      const { value, ms } = await timed(bench, bench.driver.execute(moveOf(shards, shardId, EMPTY), contextOf({ bytesPerSecondMax: () => bytesPerSecond })));
      expect(valueOf(value)).toEqual({ bytes, keyCount: shards.keyCount[shardId], nodeId: null });
      expect(Math.abs(ms - (bytes / bytesPerSecond) * 1_000 - closingMs(bytes))).toBeLessThan(2);
    }
  });

  it('[M12] a throttle that is turned down in the middle holds from then on', async () => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const bytes = shards.sizeBytes[0]!;
    let bytesPerSecond = bytes / 4;
    bench.clock.after(2_000, () => { bytesPerSecond = bytes / 40; });
    const { ms } = await timed(bench, bench.driver.execute(moveOf(shards, 0, EMPTY), contextOf({ bytesPerSecondMax: () => bytesPerSecond })));
    // Half in 2 s, the other half at a tenth of the speed; the throttle is read every 50 ms.
    expect(ms).toBeGreaterThan(2_000 + 20_000 - 600);
    expect(ms).toBeLessThan(2_000 + 20_000 + 600 + closingMs(bytes));
  });

  it('without a throttle a copy takes what its ends have to spare, and copies of one node share it', async () => {
    const alone = startSimulator();
    const { shards } = await observe(alone);
    const ids = [...shards.sizeBytes.keys()].filter((shardId) => primaryNodeIdOf(shards, shardId) === 'node-01').slice(0, 4);
    const { ms: aloneMs } = await timed(alone, alone.driver.execute(moveOf(shards, ids[0]!, EMPTY), contextOf()));
    const bytes = shards.sizeBytes[ids[0]!]!;
    expect(bytes / ((aloneMs - closingMs(bytes)) / 1_000)).toBeLessThanOrEqual(NODE.diskBytesPerSecond * 1.01);
    const shared = startSimulator();
    const results = await timed(shared, Promise.all(ids.map((shardId) => shared.driver.execute(moveOf(shards, shardId, EMPTY), contextOf()))));
    for (const result of results.value) valueOf(result);
    const total = ids.reduce((sum, shardId) => sum + shards.sizeBytes[shardId]!, 0);
    expect(total / (results.ms / 1_000)).toBeLessThanOrEqual(NODE.diskBytesPerSecond);
    expect(results.ms).toBeGreaterThan(aloneMs);
  });

  it('a busy network leaves less for copies, a slow node even less', async () => {
    const msAt = async (prepare: (bench: ReturnType<typeof startSimulator>) => void) => {
      const bench = startSimulator();
      prepare(bench);
      const { shards } = await observe(bench);
      return (await timed(bench, bench.driver.execute(moveOf(shards, 0, EMPTY), contextOf()))).ms;
    };
    const calmMs = await msAt(() => undefined);
    const busyMs = await msAt((bench) => { bench.cluster.setLoadScale(4); });
    const slowMs = await msAt((bench) => { bench.cluster.faults.slow(EMPTY, 20); });
    expect(busyMs).toBeGreaterThan(calmMs * 1.5);
    expect(slowMs).toBeGreaterThan(calmMs * 5);
  });

  it('a copy loads cpu and network of both ends and fills the disk of the target', async () => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const step = moveOf(shards, 0, EMPTY);
    const usageOf = async (nodeId: string) => (await observe(bench)).nodes.find((node) => node.id === nodeId)!.usage;
    const [source, target] = [await usageOf(step.sourceNodeId), await usageOf(EMPTY)];
    const abort = new AbortController();
    const work = bench.driver.execute(step, contextOf({ signal: abort.signal, bytesPerSecondMax: () => 8 * MIB }));
    await bench.clock.advance(1_000);
    const [sourceDuring, targetDuring] = [await usageOf(step.sourceNodeId), await usageOf(EMPTY)];
    expect(targetDuring.network! - target.network!).toBeCloseTo(8 * MIB, -3);
    expect(targetDuring.cpu! - target.cpu!).toBeCloseTo(8 * MIB * MOVING.cpuSecondsPerByte, 3);
    expect(targetDuring.disk! - target.disk!).toBeCloseTo(8 * MIB, -6);
    expect(sourceDuring.network! - source.network!).toBeGreaterThan(7 * MIB);
    abort.abort();
    expect(codeOf(await work)).toBe('interrupted');
    expect(valueOf(await bench.driver.execute({ ...step, kind: 'revert-move' }, contextOf())).bytes).toBe(0);
    expect((await usageOf(EMPTY)).disk).toBeCloseTo(target.disk!, -2);
  });

  it('goes copying -> verifying -> committing, and progress never goes back', async () => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const [largest] = [...shards.sizeBytes.entries()].sort((a, b) => b[1] - a[1])[0]!;
    const told: StepProgress[] = [];
    valueOf((await timed(bench, bench.driver.execute(moveOf(shards, largest, EMPTY), contextOf({ bytesPerSecondMax: () => 64 * MIB, onProgress: (progress) => told.push(progress) })))).value);
    expect([...new Set(told.map((progress) => progress.stage))].slice(0, 2)).toEqual(['copying', 'verifying']);
    for (const [index, progress] of told.entries()) expect(progress.bytesDone).toBeGreaterThanOrEqual(told[index - 1]?.bytesDone ?? 0);
  });

  it('an interrupted move keeps what it has copied and goes on from there', async () => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const bytes = shards.sizeBytes[0]!;
    const step = moveOf(shards, 0, EMPTY);
    const abort = new AbortController();
    const pace = { bytesPerSecondMax: () => bytes / 10 };
    const first = bench.driver.execute(step, contextOf({ ...pace, signal: abort.signal }));
    await bench.clock.advance(7_000);
    abort.abort();
    expect(codeOf(await first)).toBe('interrupted');
    await bench.clock.advance(60_000);
    const { ms } = await timed(bench, bench.driver.execute(step, contextOf(pace)));
    expect(ms).toBeGreaterThan(2_900);
    expect(ms).toBeLessThan(3_100 + closingMs(bytes));
  });

  it('a partial copy that nobody continues is dropped in the end', async () => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const step = moveOf(shards, 0, EMPTY);
    const abort = new AbortController();
    const work = bench.driver.execute(step, contextOf({ signal: abort.signal, bytesPerSecondMax: () => MIB }));
    await bench.clock.advance(1_000);
    abort.abort();
    await work;
    await bench.clock.advance(MOVING.abandonedMs - 1_000);
    expect(valueOf(await bench.driver.inspectMove(step, anySignal())).state).toBe('moving');
    await bench.clock.advance(1_001);
    expect(valueOf(await bench.driver.inspectMove(step, anySignal()))).toMatchObject({ state: 'untouched', keysOnTarget: 0 });
  });

  it('[M1] another move of the same shard is refused while one is open', async () => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const step = moveOf(shards, 0, EMPTY);
    const holders = replicaNodeIdsOf(shards, 0);
    const elsewhere = shards.nodeIds.find((id) => id !== EMPTY && !holders.includes(id))!;
    const work = bench.driver.execute(step, contextOf({ bytesPerSecondMax: () => MIB }));
    await bench.clock.advance(100);
    expect(await bench.driver.execute({ ...step, targetNodeId: elsewhere }, contextOf())).toMatchObject({ ok: false, error: { code: 'refused-by-engine', retryable: true } });
    expect(codeOf(await bench.driver.execute({ ...step, kind: 'revert-move' }, contextOf()))).toBe('refused-by-engine');
    valueOf((await timed(bench, work)).value);
  });

  it('[M3] two calls for the same step are one move; the abort of one does not stop the other, the lower throttle holds', async () => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const bytes = shards.sizeBytes[0]!;
    const step = moveOf(shards, 0, EMPTY);
    const abort = new AbortController();
    const fast = bench.driver.execute(step, contextOf({ signal: abort.signal }));
    const slow = bench.driver.execute(step, contextOf({ bytesPerSecondMax: () => bytes / 5 }));
    await bench.clock.advance(2_000);
    abort.abort();
    expect(codeOf(await fast)).toBe('interrupted');
    const { value, ms } = await timed(bench, slow);
    valueOf(value);
    expect(ms).toBeGreaterThan(2_900);
    const after = await observe(bench);
    expect(after.shards.epoch[0]).toBe(shards.epoch[0]! + 1);
  });

  it('[P4] a target without room refuses, counting what is on its way to it in full', async () => {
    const bench = startSimulator({ nodeCount: 2, shardCount: 40, replicationFactor: 1 });
    const { shards } = await observe(bench);
    const codes: Promise<string>[] = [];
    for (let shardId = 0; shardId < 40; shardId += 1) {
      if (primaryNodeIdOf(shards, shardId) === 'node-02') continue;
      codes.push(bench.driver.execute(moveOf(shards, shardId, 'node-02'), contextOf({ bytesPerSecondMax: () => 100 * MIB })).then(codeOf));
    }
    const { value } = await timed(bench, Promise.all(codes));
    const { nodes } = await observe(bench);
    expect(value).toEqual(value.map(() => 'ok'));
    // All of the data of two nodes fits one; that of thirty does not.
    const crowded = startSimulator({ nodeCount: 30, shardCount: 300, replicationFactor: 1 });
    const table = (await observe(crowded)).shards;
    const answers: Promise<string>[] = [];
    for (let shardId = 0; shardId < 300; shardId += 1) {
      if (primaryNodeIdOf(table, shardId) !== 'node-30') answers.push(crowded.driver.execute(moveOf(table, shardId, 'node-30'), contextOf()).then(codeOf));
    }
    const counted = (await timed(crowded, Promise.all(answers))).value;
    expect(counted).toContain('target-out-of-memory');
    expect(counted).toContain('ok');
    const full = (await observe(crowded)).nodes.find((node) => node.id === 'node-30')!;
    expect(full.usage.disk).toBeLessThanOrEqual(full.capacity.disk!);
    expect(nodes.every((node) => node.usage.disk! <= node.capacity.disk!)).toBe(true);
  });

  it('the speeds of moves that begin together are worked out for all of them at once', async () => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const setSpeeds = vi.spyOn(bench.cluster.core.moves, 'setSpeeds');
    const ids = [...shards.sizeBytes.keys()].filter((shardId) => primaryNodeIdOf(shards, shardId) !== EMPTY).slice(0, 200);
    const progress = new Map<number, StepProgress>();
    const ends = Promise.all(ids.map((shardId) => bench.driver.execute(moveOf(shards, shardId, EMPTY), contextOf({ onProgress: (told) => { progress.set(shardId, told); } }))));
    await bench.clock.advance(1);
    expect(setSpeeds.mock.calls.length).toBeLessThanOrEqual(2);
    expect([...bench.cluster.core.moves.all()].map(({ bytesPerMs }) => bytesPerMs > 0)).toEqual(ids.map(() => true));
    for (const result of (await timed(bench, ends)).value) valueOf(result);
    expect(progress.size).toBe(ids.length);
  });

  it('at speed 10 everything takes a tenth of the clock', async () => {
    const at = async (speed: number) => {
      const bench = startSimulator({ speed });
      const { shards } = await observe(bench);
      return (await timed(bench, bench.driver.execute(moveOf(shards, 0, EMPTY), contextOf({ bytesPerSecondMax: () => 2 * MIB })))).ms;
    };
    expect(await at(1) / await at(10)).toBeCloseTo(10, 1);
  });

  it('a change of speed while it runs acts from then on', async () => {
    const bench = startSimulator();
    await bench.clock.advance(1_000);
    bench.time.speed = 100;
    await bench.clock.advance(1_000);
    await observe(bench);
    expect(bench.cluster.nowMs).toBeCloseTo(101_000, 6);
  });
});
