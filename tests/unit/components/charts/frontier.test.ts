import { describe, expect, it } from 'vitest';
import { frontierOf, suggestedStops } from '@/components/charts/frontier';
import { stopWords } from '@/components/charts/frontier-chart';
import { moveOf, planOf } from '../operations/plan-fixtures';

const MIB = 1024 ** 2;
/** Ten moves; the first two bring 80 % for 20 MiB of 100 MiB. */
const plan = planOf({
  steps: Array.from({ length: 10 }, (_, shardId) => moveOf(shardId, 10 * MIB)),
  bytes: 100 * MIB,
  frontier: [
    { stepCount: 0, gainShare: 0, bytes: 0, score: 2 },
    { stepCount: 2, gainShare: 0.8, bytes: 20 * MIB, score: 0.5 },
    { stepCount: 6, gainShare: 0.9, bytes: 60 * MIB, score: 0.25 },
    { stepCount: 10, gainShare: 1, bytes: 100 * MIB, score: 0.1 },
  ],
});

describe('where to stop', () => {
  it('knows bytes exactly and takes the gain between two points as a straight line', () => {
    const frontier = frontierOf(plan);
    expect(frontier.at(2)).toEqual({ stepCount: 2, bytes: 20 * MIB, costShare: 0.2, gainShare: 0.8, score: 0.5 });
    expect(frontier.at(4)).toMatchObject({ stepCount: 4, bytes: 40 * MIB, costShare: 0.4, score: 0.375 });
    expect(frontier.at(4).gainShare).toBeCloseTo(0.85);
    expect(frontier.at(99).stepCount).toBe(10);
  });

  it('finds the most moves that a share of the data allows', () => {
    const frontier = frontierOf(plan);
    expect([0, 0.05, 0.2, 0.55, 1].map(frontier.stepsWithin)).toEqual([0, 0, 2, 5, 10]);
  });

  it('suggests the first places that bring much for little, and none where gain and cost go together', () => {
    expect(suggestedStops(frontierOf(plan)).map(({ stepCount }) => stepCount)).toEqual([2]);
    const even = planOf({ ...plan, frontier: plan.frontier.map((point) => ({ ...point, gainShare: point.stepCount / 10 })) });
    expect(suggestedStops(frontierOf(even))).toEqual([]);
  });

  it('counts moves where it moves no bytes, and says so', () => {
    const roles = planOf({ steps: plan.steps.map(({ shardId, sourceNodeId, targetNodeId, reason }) => ({ kind: 'transfer', shardId, sourceNodeId, targetNodeId, reason })), bytes: 0, frontier: plan.frontier.map((point) => ({ ...point, bytes: 0 })) });
    const frontier = frontierOf(roles);
    expect(frontier.cost).toBe('moves');
    expect(frontier.at(5).costShare).toBe(0.5);
    expect(stopWords(frontier.at(2), frontier)).toBe('Stop after 2 of 10 moves: 80 % of the gain, 20 % of the moves, 0 B');
  });

  it('shares what is unknown evenly over the moves whose size nobody knows', () => {
    const unsized = planOf({ steps: [moveOf(0, 30), moveOf(1, null), moveOf(2, null)], bytes: 90 });
    expect([0, 1, 2, 3].map((count) => frontierOf(unsized).at(count).bytes)).toEqual([0, 30, 60, 90]);
  });

  it('of a plan that records no gain knows the bytes and nothing else', () => {
    const frontier = frontierOf(planOf({ steps: plan.steps, bytes: plan.bytes }));
    expect(frontier.line).toEqual([]);
    expect(frontier.at(3)).toEqual({ stepCount: 3, bytes: 30 * MIB, costShare: 0.3, gainShare: null, score: null });
    expect(suggestedStops(frontier)).toEqual([]);
  });
});
