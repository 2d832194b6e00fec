import { describe, expect, it } from 'vitest';
import type { Node } from '@/lib/contract/node';
import type { MetricBucket } from '@/lib/contract/storage';
import { MetricsRecorder } from '@/lib/manager/metrics-recorder';
import { MemoryStore } from '@/lib/persistence/memory-store';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { modelOf } from '@/tests/support/cluster-model';
import { nodeNamed, stateOf, tableOf } from '@/tests/support/cluster-states';

/** A store that shows what it was given. */
class WatchedStore extends MemoryStore {
  readonly written: MetricBucket[][] = [];

  override addMetrics(buckets: readonly MetricBucket[]): Promise<void> {
    this.written.push([...buckets]);
    return Promise.resolve();
  }
}

function recorder() {
  const clock = new VirtualClock();
  const store = new WatchedStore(clock);
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const model = modelOf('c1', clock);
  const metrics = new MetricsRecorder('c1', store, quiet);
  const read = async (atMs: number, cpuByNode: Readonly<Record<string, number | null>>) => {
    const nodes = Object.entries(cpuByNode).map(([id, cpu]): Node => nodeNamed(id, { observedAtMs: atMs, usage: { cpu, memory: null, disk: null, network: null } }));
    model.replaceState(stateOf(nodes, tableOf(nodes.map(({ id }) => id), [['a']])));
    await metrics.record(model, atMs);
  };
  const cpuOf = (nodeId: string, stepMs: number) => store.written.flat().filter((bucket) => bucket.nodeId === nodeId && bucket.metric === 'cpu' && bucket.stepMs === stepMs);
  return { store, metrics, read, cpuOf };
}

describe('roll-ups', () => {
  it('sum, count and keep the largest of what fell into their time, and are written once when it is over', async () => {
    const { store, read, cpuOf } = recorder();
    await read(60_000, { a: 2, b: 4 });
    await read(65_000, { a: 6, b: null });
    expect(store.written).toEqual([]);
    await read(70_000, { a: 8, b: 8 });
    expect(cpuOf('a', 10_000)).toEqual([{ clusterId: 'c1', nodeId: 'a', metric: 'cpu', stepMs: 10_000, atMs: 60_000, sum: 1, max: 0.75, sampleCount: 2 }]);
    expect(cpuOf('b', 10_000)).toEqual([{ clusterId: 'c1', nodeId: 'b', metric: 'cpu', stepMs: 10_000, atMs: 60_000, sum: 0.5, max: 0.5, sampleCount: 1 }]);
    expect(cpuOf('a', 60_000)).toEqual([]);
    await read(120_000, { a: 0, b: 0 });
    expect(cpuOf('a', 10_000).map(({ atMs }) => atMs)).toEqual([60_000, 70_000]);
    expect(cpuOf('a', 60_000)).toMatchObject([{ atMs: 60_000, sum: 2, max: 1, sampleCount: 3 }]);
  });

  it('of a node that left are written all the same, and those still filling when the manager ends', async () => {
    const { metrics, read, cpuOf } = recorder();
    await read(60_000, { a: 2, gone: 4 });
    await read(70_000, { a: 2 });
    expect(cpuOf('gone', 10_000)).toMatchObject([{ atMs: 60_000, sampleCount: 1 }]);
    await metrics.flush();
    expect(cpuOf('a', 10_000).map(({ atMs }) => atMs)).toEqual([60_000, 70_000]);
    expect(cpuOf('gone', 600_000)).toMatchObject([{ atMs: 0, sampleCount: 1 }]);
    await metrics.flush();
    expect(cpuOf('a', 10_000)).toHaveLength(2);
  });
});
