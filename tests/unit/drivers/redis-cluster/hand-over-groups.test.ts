import { describe, expect, it } from 'vitest';
import { HandOverGroups } from '@/lib/drivers/redis-cluster/hand-over-groups';
import { VirtualClock } from '@/lib/platform/virtual-clock';

interface Batch {
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly ends: { readonly source: { readonly address: string }; readonly target: { readonly address: string } };
}

function batchOf(sourceNodeId: string, { targetNodeId = 'X', address = sourceNodeId } = {}): Batch {
  return { sourceNodeId, targetNodeId, ends: { source: { address }, target: { address: targetNodeId } } };
}

/** Groups, and what they handed over and when. */
function scene() {
  const clock = new VirtualClock();
  const groups = new HandOverGroups<Batch, number>(clock);
  const told: { atMs: number; from: string; slots: readonly number[] }[] = [];
  const join = async (batch: Batch, slots: readonly number[], handOver = (): Promise<void> => Promise.resolve()) => {
    await groups.join(batch, slots, async ({ ends }, all) => {
      told.push({ atMs: clock.monotonicMs(), from: ends.source.address, slots: [...all] });
      await handOver();
    });
  };
  return { clock, groups, told, join };
}

const slots = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);

describe('hand-overs of several waves', () => {
  it('are one as soon as the last wave of the pair has come, and end for all of them together', async () => {
    const { clock, groups, told, join } = scene();
    const A = batchOf('A');
    const came = [groups.coming(A), groups.coming(A), groups.coming(batchOf('B'))];
    came[0]!();
    const ended: string[] = [];
    const first = join(A, [1, 2]).then(() => { ended.push('first'); });
    await clock.advance(50);
    expect([told, ended]).toEqual([[], []]);
    came[1]!();
    const second = join(A, [3]).then(() => { ended.push('second'); });
    await Promise.all([first, second]);
    expect(told).toEqual([{ atMs: 50, from: 'A', slots: [1, 2, 3] }]);
    expect([...ended].sort()).toEqual(['first', 'second']);
    expect(clock.timersPending).toBe(0);
  });

  it('begin when the last wave will not come', async () => {
    const { groups, told, join } = scene();
    const came = groups.coming(batchOf('A'));
    const joined = join(batchOf('A'), [1]);
    came();
    came();
    await joined;
    expect(told).toEqual([{ atMs: 0, from: 'A', slots: [1] }]);
  });

  it('wait for nobody where nobody is coming', async () => {
    const { clock, told, join } = scene();
    await join(batchOf('A'), [7]);
    expect([told.length, clock.timersPending]).toEqual([1, 0]);
  });

  it('wait for 200 ms at most', async () => {
    const { clock, groups, told, join } = scene();
    groups.coming(batchOf('A'));
    const joined = join(batchOf('A'), [1]);
    await clock.advance(150);
    const later = join(batchOf('A'), [2]);
    await clock.advance(49);
    expect(told).toEqual([]);
    await clock.advance(1);
    await Promise.all([joined, later]);
    expect(told).toEqual([{ atMs: 200, from: 'A', slots: [1, 2] }]);
  });

  it('have some 256 slots at most: whoever fills one begins it, and the next is another', async () => {
    const { clock, groups, told, join } = scene();
    groups.coming(batchOf('A'));
    const joined = [join(batchOf('A'), slots(0, 200)), join(batchOf('A'), slots(200, 56))];
    await Promise.all(joined);
    const next = join(batchOf('A'), slots(256, 10));
    await clock.advance(200);
    await next;
    expect(told.map(({ atMs, slots: all }) => [atMs, all.length])).toEqual([[0, 256], [200, 10]]);
  });

  it('are apart for other nodes, and for the node that answers for a source after its failover', async () => {
    const { clock, groups, told, join } = scene();
    for (const pair of [batchOf('A'), batchOf('B'), batchOf('A', { targetNodeId: 'Y' })]) groups.coming(pair);
    const joined = [join(batchOf('A'), [1]), join(batchOf('B'), [2]), join(batchOf('A', { targetNodeId: 'Y' }), [3]), join(batchOf('A', { address: 'follower of A' }), [4])];
    await clock.advance(200);
    await Promise.all(joined);
    expect(told.map(({ from, slots: all }) => [from, ...all])).toEqual([['A', 1], ['B', 2], ['A', 3], ['follower of A', 4]]);
  });

  it('that fail do so for all who joined, and for nobody after them', async () => {
    const { groups, join } = scene();
    const came = groups.coming(batchOf('A'));
    const fails = () => Promise.reject(new Error('lost'));
    const joined = [join(batchOf('A'), [1], fails), join(batchOf('A'), [2], fails)];
    came();
    expect((await Promise.allSettled(joined)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(join(batchOf('A'), [3])).resolves.toBeUndefined();
  });
});
