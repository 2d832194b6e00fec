import { describe, expect, it } from 'vitest';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { MEMBERSHIP } from '@/lib/drivers/simulator/cluster-parameters';
import { anySignal, codeOf, contextOf, moveOf, observe, startSimulator, timed, valueOf, type Bench } from './simulator-fixture';

const nodeOf = async (bench: Bench, nodeId: string) => (await observe(bench)).nodes.find((node) => node.id === nodeId)!;
const primariesOf = async (bench: Bench, nodeId: string) => {
  const { shards } = await observe(bench);
  return [...shards.epoch.keys()].filter((shardId) => primaryNodeIdOf(shards, shardId) === nodeId);
};

describe('faults of PhantomDB', () => {
  it('[P1] a killed node is called failed after some seconds, and its primaries go to living secondaries with a higher epoch', async () => {
    const bench = startSimulator();
    const before = await observe(bench);
    const lost = await primariesOf(bench, 'node-03');
    bench.cluster.faults.kill('node-03');
    await bench.clock.advance(MEMBERSHIP.failoverMs - 10);
    expect(await nodeOf(bench, 'node-03')).toMatchObject({ answered: false, reportedFailed: false, member: true });
    expect(await primariesOf(bench, 'node-03')).toEqual(lost);
    await bench.clock.advance(20);
    const after = await observe(bench);
    expect(after.nodes.find((node) => node.id === 'node-03')).toMatchObject({ reportedFailed: true });
    expect(await primariesOf(bench, 'node-03')).toEqual([]);
    for (const shardId of lost) {
      expect(replicaNodeIdsOf(before.shards, shardId)).toContain(primaryNodeIdOf(after.shards, shardId));
      expect(replicaNodeIdsOf(after.shards, shardId)).toContain('node-03');
      expect(after.shards.epoch[shardId]).toBe(before.shards.epoch[shardId]! + 1);
    }
    const successors = new Set(lost.map((shardId) => primaryNodeIdOf(after.shards, shardId)));
    expect(successors.size).toBeGreaterThan(3);
  });

  it('[S6] until the failover the load of its shards is unknown, never 0, and the warning counts them', async () => {
    const bench = startSimulator();
    const lost = await primariesOf(bench, 'node-03');
    bench.cluster.faults.kill('node-03');
    const { shards, warnings } = await observe(bench);
    for (const shardId of lost) expect(shards.load.cpu[shardId]).toBeNaN();
    expect([...shards.load.cpu].filter(Number.isNaN)).toHaveLength(lost.length);
    expect(warnings.map((warning) => warning.code)).toEqual(['node-did-not-answer', 'slots-uncovered']);
    expect(warnings[1]!.message).toContain(`${lost.length} of 1024`);
  });

  it('a restart before the failover calls it off; the node has a new incarnation and starts counting again', async () => {
    const bench = startSimulator();
    const before = await nodeOf(bench, 'node-03');
    const owned = await primariesOf(bench, 'node-03');
    bench.cluster.faults.kill('node-03');
    await bench.clock.advance(1_000);
    await observe(bench);
    bench.cluster.faults.restart('node-03');
    await bench.clock.advance(60_000);
    expect(await primariesOf(bench, 'node-03')).toEqual(owned);
    const after = await nodeOf(bench, 'node-03');
    expect(after).toMatchObject({ answered: true, reportedFailed: false, incarnation: before.incarnation + 1 });
  });

  it('a node lost again is given the whole time again: the failover that was called off stays off', async () => {
    const bench = startSimulator();
    const owned = await primariesOf(bench, 'node-03');
    bench.cluster.faults.kill('node-03');
    await bench.clock.advance(2_000);
    bench.cluster.faults.restart('node-03');
    await bench.clock.advance(500);
    bench.cluster.faults.kill('node-03');
    await bench.clock.advance(MEMBERSHIP.failoverMs - 10);
    expect(await primariesOf(bench, 'node-03')).toEqual(owned);
    await bench.clock.advance(20);
    expect(await primariesOf(bench, 'node-03')).toEqual([]);
  });

  it('a failed node comes back as a secondary of what it had', async () => {
    const bench = startSimulator();
    bench.cluster.faults.kill('node-03');
    await bench.clock.advance(10_000);
    bench.cluster.faults.restart('node-03');
    await bench.clock.advance(10_000);
    expect(await primariesOf(bench, 'node-03')).toEqual([]);
    expect(await nodeOf(bench, 'node-03')).toMatchObject({ answered: true, reportedFailed: false });
  });

  it('shards whose every replica was lost get a primary again when one of them returns', async () => {
    const bench = startSimulator({ nodeCount: 6, shardCount: 60, replicationFactor: 2 });
    const { shards } = await observe(bench);
    const [first, second] = replicaNodeIdsOf(shards, 0) as [string, string];
    bench.cluster.faults.kill(first);
    bench.cluster.faults.kill(second);
    await bench.clock.advance(30_000);
    expect(primaryNodeIdOf((await observe(bench)).shards, 0)).toBe(first);
    bench.cluster.faults.restart(second);
    await bench.clock.advance(10_000);
    expect(primaryNodeIdOf((await observe(bench)).shards, 0)).toBe(second);
  });

  it('a silent node serves on: no failover, its load is the same for clients', async () => {
    const bench = startSimulator();
    const owned = await primariesOf(bench, 'node-03');
    bench.cluster.faults.silence('node-03');
    await bench.clock.advance(60_000);
    expect(await nodeOf(bench, 'node-03')).toMatchObject({ answered: false, reportedFailed: false });
    expect(await primariesOf(bench, 'node-03')).toEqual(owned);
    bench.cluster.faults.silence('node-03', false);
    expect((await nodeOf(bench, 'node-03')).usage.cpu).toBeGreaterThan(1);
  });

  it('an isolated node is failed over and comes back with the same incarnation', async () => {
    const bench = startSimulator();
    bench.cluster.faults.isolate('node-03');
    await bench.clock.advance(5_000);
    expect(await nodeOf(bench, 'node-03')).toMatchObject({ answered: false, reportedFailed: true });
    expect(await primariesOf(bench, 'node-03')).toEqual([]);
    bench.cluster.faults.isolate('node-03', false);
    expect(await nodeOf(bench, 'node-03')).toMatchObject({ answered: true, incarnation: 1 });
  });

  it('a slow node answers late, uses more cpu for the same work, and misses its deadline when it is slow enough', async () => {
    const bench = startSimulator();
    const before = await nodeOf(bench, 'node-05');
    bench.cluster.faults.slow('node-05', 2);
    const slow = await nodeOf(bench, 'node-05');
    expect(slow.answerMs).toBeGreaterThan(before.answerMs!);
    expect(slow.usage.cpu).toBeGreaterThan(before.usage.cpu! * 1.8);
    expect(slow.stats.latencyP99Ms).toBeGreaterThan(before.stats.latencyP99Ms! * 2);
    bench.cluster.faults.slow('node-05', 100_000);
    expect((await nodeOf(bench, 'node-05')).answered).toBe(false);
    expect(codeOf(await bench.driver.probe('node-05', anySignal()))).toBe('timeout');
  });

  it('a flapping node dies and comes back as often as it was told', async () => {
    const bench = startSimulator();
    bench.cluster.faults.flap('node-07', { upMs: 5_000, downMs: 1_000, times: 3 });
    const seen: boolean[] = [];
    for (let second = 0; second < 30; second += 1) {
      await bench.clock.advance(500);
      seen.push((await nodeOf(bench, 'node-07')).answered);
      await bench.clock.advance(500);
    }
    expect(seen.filter((answered, index) => !answered && seen[index - 1] !== false)).toHaveLength(3);
    expect((await nodeOf(bench, 'node-07')).incarnation).toBe(4);
  });

  it.each(['source', 'target'] as const)('[M8] the %s killed in the middle of a move fails it at once, with the source complete', async (end) => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const step = moveOf(shards, 0, 'node-12');
    const work = bench.driver.execute(step, contextOf({ bytesPerSecondMax: () => shards.sizeBytes[0]! / 30 }));
    await bench.clock.advance(10_000);
    bench.cluster.faults.kill(end === 'source' ? step.sourceNodeId : step.targetNodeId);
    const { value, ms } = await timed(bench, work);
    expect(value).toMatchObject({ ok: false, error: { code: 'node-down', retryable: true } });
    expect(ms).toBeLessThanOrEqual(100);
    const truth = valueOf(await bench.driver.inspectMove(step, anySignal()));
    expect(truth).toMatchObject({ state: 'untouched', keysOnSource: shards.keyCount[0], keysOnTarget: 0 });
    expect(codeOf(await bench.driver.execute(step, contextOf()))).toBe('node-down');
  });

  it('a secondary whose node is lost is copied from the primary: its loss can be repaired', async () => {
    const bench = startSimulator();
    const { shards } = await observe(bench);
    const [primary, secondary] = replicaNodeIdsOf(shards, 0) as [string, string];
    bench.cluster.faults.kill(secondary);
    await bench.clock.advance(10_000);
    const step = { kind: 'move', shardId: 0, role: 'secondary', sourceNodeId: secondary, targetNodeId: 'node-12' } as const;
    valueOf((await timed(bench, bench.driver.execute(step, contextOf()))).value);
    const holders = replicaNodeIdsOf((await observe(bench)).shards, 0);
    expect(holders).toContain('node-12');
    expect(holders).not.toContain(secondary);
    expect(holders[0]).toBe(primary);
  });

  it('overload is shed, latency rises, and what is served is what the shards report', async () => {
    const bench = startSimulator();
    const before = await observe(bench);
    bench.cluster.setLoadScale(4);
    const after = await observe(bench);
    const hot = after.nodes.find((node) => node.id === 'node-09')!;
    expect(hot.usage.cpu).toBeCloseTo(hot.capacity.cpu!, 6);
    expect(hot.stats.latencyP99Ms).toBeGreaterThan(100);
    const served = (observation: typeof after) => [...observation.shards.load.readsPerSecond].reduce((sum, reads) => sum + reads, 0);
    expect(served(after)).toBeLessThan(4 * served(before));
    const reported = after.nodes.reduce((sum, node) => sum + node.stats.readsPerSecond!, 0);
    expect(served(after) / reported).toBeCloseTo(1, 4);
  });

  it('no node answering is a failed reading', async () => {
    const bench = startSimulator({ nodeCount: 2, shardCount: 4 });
    for (const nodeId of ['node-01', 'node-02']) bench.cluster.faults.kill(nodeId);
    expect(codeOf(await bench.driver.observe({ detail: 'nodes', signal: anySignal() }))).toBe('connection-lost');
  });

  it('[S4] a failed node that holds nothing may leave; a silent one, of which nobody knows, may not', async () => {
    const bench = startSimulator();
    bench.cluster.faults.silence('node-12');
    expect(codeOf(await bench.driver.execute({ kind: 'verify-empty', nodeId: 'node-12' }, contextOf()))).toBe('node-down');
    expect(codeOf(await bench.driver.execute({ kind: 'remove-node', nodeId: 'node-12' }, contextOf()))).toBe('node-down');
    bench.cluster.faults.kill('node-12');
    await bench.clock.advance(10_000);
    expect(codeOf(await bench.driver.execute({ kind: 'remove-node', nodeId: 'node-12' }, contextOf()))).toBe('ok');
    expect((await observe(bench)).nodes).toHaveLength(11);
  });

  it('a new node goes to the zone with the fewest nodes, or where it is told', async () => {
    const bench = startSimulator();
    await timed(bench, bench.driver.execute({ kind: 'remove-node', nodeId: 'node-12' }, contextOf()));
    const add = async (zone: string | null) => valueOf((await timed(bench, bench.driver.execute({ kind: 'add-node', address: null, zone, followerOf: null }, contextOf()))).value).nodeId!;
    const first = await add(null);
    const second = await add('zone-a');
    expect([first, (await nodeOf(bench, first)).domain.zone]).toEqual(['node-13', 'zone-c']);
    expect([second, (await nodeOf(bench, second)).domain.zone]).toEqual(['node-14', 'zone-a']);
    expect(codeOf(await bench.driver.execute({ kind: 'add-node', address: null, zone: null, followerOf: 'node-01' }, contextOf()))).toBe('not-supported');
  });
});
