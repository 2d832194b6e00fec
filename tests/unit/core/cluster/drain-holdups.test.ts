import { describe, expect, it } from 'vitest';
import type { MoveRecord } from '@/lib/contract/operation';
import { drainStateOf, type DrainFacts } from '@/lib/core/cluster/drain-holdups';
import { tableOf } from '../../../support/cluster-states';

const shards = tableOf(['a', 'b', 'c'], [['a', 'b'], ['b', 'a'], ['c', 'b'], ['a', 'c'], ['a', 'b'], ['b', 'a']]);

function move(shardId: number, status: MoveRecord['status'], failure: string | null = null): MoveRecord {
  const reason = { code: 'evacuates' as const, dimension: 'shards' as const, sourceBefore: null, sourceAfter: null, targetBefore: null, targetAfter: null };
  return {
    index: shardId, status, attempt: 1, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null,
    step: { kind: 'move', shardId, role: 'primary', sourceNodeId: 'a', targetNodeId: 'c', bytes: 1, keyCount: 1, reason },
    failure: failure === null ? null : { code: 'timeout', message: failure, retryable: true },
  };
}

const facts: DrainFacts = {
  shards, nodeId: 'a', operation: { status: 'running', statusReason: null },
  moves: [move(0, 'copying'), move(1, 'failed', 'b did not answer in 5 s'), move(3, 'pending')],
  refusals: [{ constraint: 'zone-spread', message: 'every node of another zone is full', nodeId: 'a', shardId: 4, numbers: {}, count: 1 }],
};

describe('what holds a drain up', () => {
  it('names every shard that is still there, once, with its cause', () => {
    const state = drainStateOf(facts);
    expect(state).toMatchObject({ shards: 5, primaries: 3 });
    expect(state.holdups.map(({ code, shardIds, message }) => ({ code, shardIds, message }))).toEqual(expect.arrayContaining([
      { code: 'moving', shardIds: [0], message: '1 shard on the way' },
      { code: 'move-failed', shardIds: [1], message: '1 shard could not be moved: b did not answer in 5 s' },
      { code: 'waiting', shardIds: [3], message: '1 shard waiting their turn under the limits of the drain' },
      { code: 'refused-by-planner', shardIds: [4], message: '1 shard with no place to go: every node of another zone is full' },
      { code: 'not-planned', shardIds: [5], message: '1 shard not in the plan of the drain: come since, or in need of another plan' },
    ]));
    expect(state.holdups.flatMap((holdup) => holdup.shardIds).sort()).toEqual([0, 1, 3, 4, 5]);
  });

  it('says that a drain is paused or over, and why', () => {
    const paused = drainStateOf({ ...facts, operation: { status: 'paused', statusReason: 'Paused by ada' } });
    expect(paused.holdups.find((holdup) => holdup.code === 'paused')?.message).toBe('1 shard held: the drain is paused (Paused by ada)');
    const ended = drainStateOf({ ...facts, operation: { status: 'failed', statusReason: '1 of 3 moves failed' } });
    expect(ended.holdups.find((holdup) => holdup.code === 'ended')?.shardIds).toEqual([3]);
  });

  it('finds nothing on an empty node, and on one that is not in the placement', () => {
    expect(drainStateOf({ ...facts, shards: tableOf(['a', 'b'], [['b']]) })).toEqual({ shards: 0, primaries: 0, holdups: [] });
    expect(drainStateOf({ ...facts, nodeId: 'z' })).toEqual({ shards: 0, primaries: 0, holdups: [] });
  });
});
