import { describe, expect, it } from 'vitest';
import { ObservationSchema } from '@/lib/contract/observation';
import { utilizationOf } from '@/lib/contract/resources';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import type { DriverStep } from '@/lib/drivers/driver';
import { contextOf, observe, startSimulator, timed, valueOf, type Bench } from '../unit/drivers/simulator/simulator-fixture';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Gives the empty node its share of the replicas of its zone, as many at once as the default throttle allows. */
async function fillEmptyNode(bench: Bench): Promise<{ ms: number; bytes: number }> {
  const { shards, nodes } = await observe(bench);
  const donors = nodes.filter((node) => node.domain.zone === 'zone-c' && node.id !== 'node-12').map((node) => node.id);
  const steps: DriverStep[] = [];
  for (const donor of donors) {
    const held = [...shards.epoch.keys()].filter((shardId) => replicaNodeIdsOf(shards, shardId).includes(donor));
    for (const shardId of held.slice(0, Math.round(held.length / 4))) {
      steps.push({ kind: 'move', shardId, role: primaryNodeIdOf(shards, shardId) === donor ? 'primary' : 'secondary', sourceNodeId: donor, targetNodeId: 'node-12' });
    }
  }
  let bytes = 0;
  let running = 0;
  const limit = THROTTLE_PRESETS.default;
  const worker = async () => {
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
      running += 1;
      bytes += valueOf(await bench.driver.execute(step, contextOf({ bytesPerSecondMax: () => limit.bytesPerSecondMax / Math.max(1, running) }))).bytes;
      running -= 1;
    }
  };
  const { ms } = await timed(bench, Promise.all(Array.from({ length: limit.movesPerNodeMax }, worker)));
  return { ms, bytes };
}

describe('a simulated day', () => {
  it('the demo: evening it out takes about a minute with the default throttle, and works', async () => {
    const bench = startSimulator();
    const before = await observe(bench);
    const { ms, bytes } = await fillEmptyNode(bench);
    expect(ms).toBeGreaterThan(25_000);
    expect(ms).toBeLessThan(90_000);
    expect(bytes / (ms / 1_000)).toBeLessThanOrEqual(THROTTLE_PRESETS.default.bytesPerSecondMax * 1.02);
    const after = await observe(bench);
    const disk = after.nodes.map((node) => utilizationOf(node).disk!);
    const diskBefore = before.nodes.map((node) => utilizationOf(node).disk!);
    expect(Math.max(...disk) / mean(disk)).toBeLessThan(1.15);
    expect(Math.max(...diskBefore) / mean(diskBefore)).toBeGreaterThan(1.25);
  });

  it('24 hours at full speed: load follows the day, latency follows load, moves and a failed node in between, nothing lost', async () => {
    const bench = startSimulator();
    const hours: { cpu: number; latencyMs: number }[] = [];
    for (let hour = 0; hour < 24; hour += 1) {
      const cpu: number[] = [];
      const latencies: number[] = [];
      if (hour === 2) await fillEmptyNode(bench);
      if (hour === 5) bench.cluster.faults.kill('node-02');
      if (hour === 6) bench.cluster.faults.restart('node-02');
      for (let reading = 0; reading < 120; reading += 1) {
        await bench.clock.advance(30_000);
        const { nodes } = reading === 0 ? ObservationSchema.parse(await observe(bench)) : await observe(bench);
        const alive = nodes.filter((node) => node.answered);
        cpu.push(mean(alive.map((node) => node.usage.cpu!)));
        latencies.push(Math.max(...alive.map((node) => node.stats.latencyP99Ms!)));
      }
      hours.push({ cpu: mean(cpu), latencyMs: mean(latencies) });
    }
    // It begins at 10:00; the peak is near 16:00, the trough near 4:00.
    const peak = hours[6]!;
    const trough = hours[18]!;
    expect(peak.cpu / trough.cpu).toBeGreaterThan(1.5);
    expect(peak.latencyMs).toBeGreaterThan(trough.latencyMs * 1.1);
    expect(hours.every(({ cpu }) => cpu > 0.8 && cpu < 6)).toBe(true);
    const { shards, nodes } = await observe(bench);
    expect(nodes.every((node) => node.answered && !node.reportedFailed)).toBe(true);
    expect([...shards.replicas].every((holder) => holder >= 0)).toBe(true);
    expect([...shards.load.cpu].some(Number.isNaN)).toBe(false);
    expect(Math.max(...shards.epoch)).toBeGreaterThan(0);
  });

  it('full readings are cheap: 100 nodes x 16,384 shards and 1,000 x 100,000, three replicas each', async () => {
    const cpuMsPerReading = async (nodeCount: number, shardCount: number) => {
      const bench = startSimulator({ nodeCount, shardCount });
      const readings = async (count: number) => {
        // Time of this process alone: the tests beside this one take turns on the same cores.
        const before = process.cpuUsage();
        for (let reading = 0; reading < count; reading += 1) {
          await bench.clock.advance(500);
          await observe(bench);
        }
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1_000 / count;
      };
      await readings(20);
      return readings(20);
    };
    // 3 ms and 22 ms on two shared cores; the limits are the ones the console was designed for.
    expect(await cpuMsPerReading(100, 16_384)).toBeLessThan(10);
    expect(await cpuMsPerReading(1_000, 100_000)).toBeLessThan(150);
  });
});
