import { describe, expect, it } from 'vitest';
import { PhantomCluster } from '@/lib/drivers/simulator/phantom-cluster';
import { connectionOf, contextOf, moveOf, observe, startSimulator } from '../unit/drivers/simulator/simulator-fixture';
import { digestOfCourse } from './simulator-course';

describe('determinism of the simulator', () => {
  it('the same seed and the same doings give the same readings, byte for byte', async () => {
    const first = await digestOfCourse({ shardCount: 256 }, 1, 60);
    expect(await digestOfCourse({ shardCount: 256 }, 1, 60)).toBe(first);
    expect(await digestOfCourse({ shardCount: 256, seed: 8 }, 1, 60)).not.toBe(first);
    expect(await digestOfCourse({ shardCount: 256 }, 2, 60)).not.toBe(first);
  });

  it('the course does not depend on how often anybody looks', async () => {
    const endOf = async (readingMs: number) => {
      const bench = startSimulator({ shardCount: 256 });
      const { shards } = await observe(bench);
      const works = [0, 1, 2, 3].map((shardId) => bench.driver.execute(moveOf(shards, shardId, 'node-12'), contextOf({ bytesPerSecondMax: () => 3_000_000 })));
      bench.cluster.faults.flap('node-12', { upMs: 60_000, downMs: 1_000, times: 2 });
      void Promise.all(works);
      for (let elapsedMs = 0; elapsedMs < 120_000; elapsedMs += readingMs) {
        await bench.clock.advance(readingMs);
        await observe(bench);
      }
      const { nodes, ...rest } = bench.cluster.snapshot();
      return { ...rest, nodes: nodes.map(({ sequence: _readings, ...node }) => node) };
    };
    expect(await endOf(10_000)).toEqual(await endOf(100));
  });

  it('going through time in one step or in a thousand ends in the same state', () => {
    const end = (steps: number) => {
      const cluster = PhantomCluster.create(connectionOf({ shardCount: 128 }));
      cluster.faults.kill('node-04');
      for (let step = 1; step <= steps; step += 1) cluster.advanceTo((step * 3_600_000) / steps);
      return { snapshot: cluster.snapshot(), loads: cluster.core.loads() };
    };
    expect(end(1_000)).toEqual(end(1));
  });
});
