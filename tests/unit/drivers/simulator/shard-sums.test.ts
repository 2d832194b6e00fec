import { describe, expect, it } from 'vitest';
import type { ClusterCore } from '@/lib/drivers/simulator/cluster-core';
import { SIZING } from '@/lib/drivers/simulator/cluster-parameters';
import { isServing, newNode } from '@/lib/drivers/simulator/phantom-node';
import { PhantomCluster } from '@/lib/drivers/simulator/phantom-cluster';
import { ShardSums } from '@/lib/drivers/simulator/shard-sums';
import { createRandom, type Random } from '@/lib/platform/random';
import { anySignal, codeOf, connectionOf, startSimulator, valueOf } from './simulator-fixture';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const SHAPES = [
  { nodeCount: 6, shardCount: 300, zoneCount: 3, replicationFactor: 3 },
  { nodeCount: 3, shardCount: 64, zoneCount: 1, replicationFactor: 1 },
  { nodeCount: 9, shardCount: 1_000, zoneCount: 3, replicationFactor: 2 },
] as const;
const DOINGS = 400;

describe('what the shards of a node ask of it', () => {
  it.each(SEEDS)('is to the bit what all shards sum up to, though only what changed is summed up (seed %i)', (seed) => {
    const random = createRandom(`shard-sums/${seed}`);
    const { core } = PhantomCluster.create(connectionOf({ ...SHAPES[seed % SHAPES.length]!, seed }));
    let looks = 0;
    for (let doing = 0; doing < DOINGS; doing += 1) {
      change(core, random);
      if (random.next() < 0.7) continue;
      looks += 1;
      const { sums, factors } = core.demand();
      expect(sums).toEqual(new ShardSums({ nodes: core.nodes, placement: core.placement, workload: core.workload, factors }));
    }
    expect(looks).toBeGreaterThan(DOINGS / 8);
  });

  it.each(SEEDS)('is what its replicas cost by the model, but for the grain (seed %i)', (seed) => {
    const random = createRandom(`shard-sums/${seed}`);
    const { core } = PhantomCluster.create(connectionOf({ ...SHAPES[seed % SHAPES.length]!, seed }));
    for (let doing = 0; doing < DOINGS; doing += 1) change(core, random);
    const { sums, factors } = core.demand();
    for (const [name, expected] of Object.entries(costsByModel(core, factors))) {
      const summed = sums[name as keyof ReturnType<typeof costsByModel>];
      for (const [node, cost] of expected.entries()) expect(Math.abs(summed[node]! - cost), `${name} of node ${node}`).toBeLessThanOrEqual(1e-6 * Math.max(1, cost));
    }
  });
});

describe('a reading of so many replicas that it takes two turns', () => {
  it('is of the instant at which it is answered, and none once the driver is closed or nobody waits any more', async () => {
    const bench = startSimulator({ nodeCount: 30, zoneCount: 3, shardCount: 10_000, replicationFactor: 3 });
    const reading = bench.driver.observe({ detail: 'full', signal: anySignal() });
    bench.cluster.faults.silence('node-07');
    const { nodes } = valueOf(await reading);
    expect(nodes.filter(({ answered }) => !answered).map(({ id }) => id)).toEqual(['node-07']);
    const abort = new AbortController();
    const unwanted = bench.driver.observe({ detail: 'full', signal: abort.signal });
    abort.abort();
    expect(codeOf(await unwanted)).toBe('interrupted');
    const late = bench.driver.observe({ detail: 'nodes', signal: anySignal() });
    await bench.driver.close();
    expect(codeOf(await late)).toBe('connection-lost');
  });
});

/** One of the things that change what nodes are asked for. */
function change(core: ClusterCore, random: Random): void {
  const shardId = random.integer(core.shape.shardCount);
  const holders = [...core.placement.holders(shardId)];
  const others = core.nodes.filter(({ index }) => !holders.includes(index));
  switch (random.integer(13)) {
    case 0: core.advanceTo(core.nowMs + random.integer(30_000)); break;
    case 1: core.setControls({ loadScale: 0.5 + random.next(), hotShards: [[shardId, 1 + random.integer(4)]] }); break;
    case 2: {
      const node = core.nodes[random.integer(core.nodes.length)]!;
      node.running = !node.running;
      core.nodeChanged(node);
      break;
    }
    case 3: {
      const node = newNode({ index: core.nodes.length, id: `node-${core.nodes.length + 1}`, zone: 'a', joinKey: null });
      node.member = random.next() < 0.7;
      core.addNode(node);
      core.nodeChanged(node);
      break;
    }
    case 4: case 5:
      if (holders.length > 1) core.placement.promote(shardId, holders[1]!);
      core.ownershipChanged(shardId);
      break;
    default:
      core.placement.replace(shardId, holders[random.integer(holders.length)]!, others[random.integer(others.length)]!.index);
      core.ownershipChanged(shardId);
  }
}

/** The model said again, replica by replica. */
function costsByModel({ nodes, placement, workload }: ClusterCore, factors: Float64Array) {
  const column = () => new Float64Array(nodes.length);
  const costs = { cpu: column(), network: column(), reads: column(), writes: column(), bytes: column(), keys: column() };
  for (let shardId = 0; shardId < placement.shardCount; shardId += 1) {
    const [primary, ...secondaries] = placement.holders(shardId);
    const asked = isServing(nodes[primary!]!) ? factors[shardId]! : 0;
    const written = workload.writeShare[shardId]!;
    costs.cpu[primary!]! += asked * workload.base.cpu[shardId]!;
    costs.network[primary!]! += asked * workload.base.network[shardId]!;
    costs.reads[primary!]! += asked * workload.base.reads[shardId]!;
    costs.writes[primary!]! += asked * workload.base.writes[shardId]!;
    for (const secondary of secondaries.filter((index) => isServing(nodes[index]!))) {
      costs.cpu[secondary]! += asked * workload.base.cpu[shardId]! * written * SIZING.applyCostShare;
      costs.network[secondary]! += asked * workload.base.network[shardId]! * written;
    }
    for (const holder of [primary!, ...secondaries]) {
      costs.bytes[holder]! += workload.sizeBytes[shardId]!;
      costs.keys[holder]! += workload.keyCount[shardId]!;
    }
  }
  return costs;
}
