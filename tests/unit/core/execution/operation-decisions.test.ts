/** What operations are decided by besides the moves themselves: the way back, changes by others, emergencies, speed. */
import { describe, expect, it } from 'vitest';
import type { MoveRecord } from '@/lib/contract/operation';
import type { PlanStep } from '@/lib/contract/plan';
import { emergencyOf } from '@/lib/core/execution/emergency';
import { learnSpeed } from '@/lib/core/execution/estimate';
import { findForeignChange } from '@/lib/core/execution/foreign-change';
import { retryDelayMs } from '@/lib/core/execution/retry';
import { atOnce } from '@/lib/platform/in-turns';
import { undoOf } from '@/lib/core/execution/undo';
import { unservedOf } from '@/lib/core/execution/unserved';
import { planGivenMoves, type MoveWish } from '@/lib/core/rebalance/plan-given-moves';
import { nodeNamed, stateOf, tableOf } from '@/tests/support/cluster-states';

const REASON = { code: 'evens-load', dimension: 'data', sourceBefore: 2, sourceAfter: 1, targetBefore: 0, targetAfter: 1 } as const;
const move = (shardId: number, sourceNodeId: string, targetNodeId: string, role: 'primary' | 'secondary' = 'primary'): PlanStep => ({ kind: 'move', shardId, role, sourceNodeId, targetNodeId, bytes: 1_000, keyCount: 10, reason: REASON });
const transfer = (shardId: number, sourceNodeId: string, targetNodeId: string): PlanStep => ({ kind: 'transfer', shardId, sourceNodeId, targetNodeId, reason: REASON });
const journalOf = (steps: readonly PlanStep[], status: MoveRecord['status'] = 'done'): MoveRecord[] =>
  steps.map((step, index) => ({ index, step, status, attempt: 1, bytesDone: 1_000, keysDone: 10, startedAtMs: index, finishedAtMs: index, failure: null }));
const back = (shardId: number, sourceNodeId: string, targetNodeId: string): MoveWish => ({ kind: 'move', shardId, sourceNodeId, targetNodeId });

describe('tries of a move', () => {
  it('[M9] an engine that says "not now" is asked for half a minute, others five times more, what is refused for good never', () => {
    const waits = (code: 'refused-by-engine' | 'timeout', random: number): number[] => {
      const delays: number[] = [];
      for (let attempt = 1; ; attempt += 1) {
        const delayMs = retryDelayMs({ code, message: '', retryable: true }, attempt, random);
        if (delayMs === null) return delays;
        delays.push(delayMs);
      }
    };
    const sum = (delays: readonly number[]) => delays.reduce((total, delay) => total + delay, 0);
    expect(sum(waits('refused-by-engine', 0.5))).toBeGreaterThan(25_000);
    expect(Math.max(...waits('refused-by-engine', 0.999))).toBeLessThanOrEqual(4_000);
    expect(waits('timeout', 0.5)).toHaveLength(5);
    expect(retryDelayMs({ code: 'refused-by-engine', message: '', retryable: false }, 1, 0.5)).toBeNull();
  });
});

describe('the end of an operation', () => {
  it('[M23] names the shards that were moved and that nobody serves, each once', () => {
    const shards = tableOf(['a', 'b'], [['a'], [], ['b'], []]);
    expect(unservedOf(shards, [move(3, 'a', 'b'), move(0, 'b', 'a'), move(1, 'a', 'b'), move(1, 'b', 'a')])).toEqual([1, 3]);
    expect(unservedOf(shards, [move(0, 'b', 'a'), move(2, 'a', 'b')])).toEqual([]);
  });
});

describe('the way back', () => {
  it('undoes what landed, the last first, and leaves what did not', () => {
    const journal = [...journalOf([move(0, 'a', 'b'), move(1, 'a', 'c')]), ...journalOf([move(2, 'a', 'b')], 'failed')];
    expect(undoOf(journal, tableOf(['a', 'b', 'c'], [['b'], ['c'], ['a']]))).toEqual({ wishes: [back(1, 'c', 'a'), back(0, 'b', 'a')], movedOn: 0, backAlready: 0 });
  });

  it('goes back in one step what went in several', () => {
    expect(undoOf(journalOf([move(0, 'a', 'b'), move(0, 'b', 'c')]), tableOf(['a', 'b', 'c'], [['c']])).wishes).toEqual([back(0, 'c', 'a')]);
    expect(undoOf(journalOf([move(0, 'a', 'b'), move(0, 'b', 'a')]), tableOf(['a', 'b'], [['a']]))).toEqual({ wishes: [], movedOn: 0, backAlready: 1 });
  });

  it('leaves what somebody moved on, and counts it', () => {
    expect(undoOf(journalOf([move(0, 'a', 'b'), move(1, 'a', 'b')]), tableOf(['a', 'b', 'c'], [['c'], ['b']]))).toEqual({ wishes: [back(1, 'b', 'a')], movedOn: 1, backAlready: 0 });
  });

  it('gives roles back when the data is there again', () => {
    const journal = journalOf([transfer(0, 'a', 'b'), move(0, 'a', 'c', 'secondary')]);
    expect(undoOf(journal, tableOf(['a', 'b', 'c'], [['b', 'c']])).wishes).toEqual([back(0, 'c', 'a'), { kind: 'transfer', shardId: 0, sourceNodeId: 'b', targetNodeId: 'a' }]);
    expect(undoOf(journalOf([transfer(0, 'a', 'b')]), tableOf(['a', 'b', 'c'], [['b', 'c']])).wishes).toEqual([]);
  });

  it('is a plan whose steps hold the constraints; what does not is refused with its reason', () => {
    const nodes = ['a', 'b', 'c'].map((id) => nodeNamed(id, id === 'c' ? { cordoned: true } : {}));
    const plan = planGivenMoves(stateOf(nodes, tableOf(['a', 'b', 'c'], [['b'], ['b']])), {
      scope: { kind: 'reverse', operationId: 'operation_1' }, wishes: [back(0, 'b', 'a'), back(1, 'b', 'c'), back(1, 'x', 'a')], refusals: [], strategy: 'load-based', threshold: 0.1,
    }, {
      planId: 'plan_1', nowMs: 1_000, expiresAfterMs: 60_000, createdBy: { kind: 'operator', name: 'ada' }, safetyLines: { cpu: 0.8, memory: 0.8, disk: 0.8, network: 0.8 },
      estimateSeconds: () => ({ low: 1, high: 2 }), capabilities: { transferPrimary: true },
    });
    expect(plan.steps).toMatchObject([{ kind: 'move', shardId: 0, sourceNodeId: 'b', targetNodeId: 'a', reason: { code: 'reverses' } }]);
    expect(plan.refusals.map(({ constraint }) => constraint)).toEqual(['cordoned', 'unknown-node']);
    expect(plan.verdict).toMatchObject({ code: 'reverses', numbers: { wished: 3, steps: 1, left: 2 } });
    expect([plan.before.score, plan.after.score]).toEqual([1, 2 / 3]);
  });
});

describe('a change by somebody else', () => {
  const nodes = ['a', 'b', 'c'].map((id) => nodeNamed(id));
  const known = new Set(['a', 'b', 'c']);
  const table = tableOf(['a', 'b', 'c'], [['a', 'b'], ['b', 'c']]);
  const pending = (...steps: PlanStep[]) => journalOf(steps, 'pending');

  it('is none while all is as planned, done, or waits for a move before it', () => {
    expect(atOnce(findForeignChange(stateOf(nodes, table), pending(move(0, 'a', 'c')), known))).toBeNull();
    expect(atOnce(findForeignChange(stateOf(nodes, table), pending(move(0, 'c', 'b', 'secondary')), known))).toBeNull();
    expect(atOnce(findForeignChange(stateOf(nodes, table), pending(transfer(1, 'b', 'c'), move(1, 'c', 'a')), known))).toBeNull();
    expect(atOnce(findForeignChange(stateOf(nodes, table), journalOf([move(0, 'c', 'a')]), known))).toBeNull();
  });

  it.each([
    ['a shard that is elsewhere', pending(move(0, 'c', 'a')), 'resharded', stateOf(nodes, tableOf(['a', 'b', 'c'], [['b'], ['b']]))],
    ['a role that is elsewhere', pending(move(1, 'c', 'a')), 'failed-over', stateOf(nodes, table)],
    ['a node that is gone', pending(move(0, 'a', 'd')), 'failed-over', stateOf(nodes, table)],
    ['a node that follows now', pending(move(0, 'a', 'c')), 'failed-over', stateOf([nodes[0]!, nodes[1]!, nodeNamed('c', { followerOf: 'b' })], table)],
    ['a shard that is not there', pending(move(7, 'a', 'c')), 'resharded', stateOf(nodes, table)],
    ['a node that nobody planned with', pending(move(0, 'a', 'c')), 'met', stateOf([...nodes, nodeNamed('d')], table)],
  ] as const)('%s is one', (_what, moves, kind, state) => {
    expect(atOnce(findForeignChange(state, moves, known))).toMatchObject({ kind });
  });

  it('is none where a node joins that we let join, or a joining one has not joined', () => {
    expect(atOnce(findForeignChange(stateOf([...nodes, nodeNamed('d')], table), pending(move(0, 'a', 'c')), new Set([...known, 'd'])))).toBeNull();
    expect(atOnce(findForeignChange(stateOf([...nodes, nodeNamed('d', { lifecycle: 'joining' })], table), pending(move(0, 'a', 'c')), known))).toBeNull();
  });
});

describe('an emergency', () => {
  const lines = { cpu: 0.8, memory: 0.8, disk: 0.8, network: 0.8 };
  const table = tableOf(['a', 'b'], [['a']]);

  it('is a node that is emptied and fails, or one that data leaves and that is over its line', () => {
    const failing = stateOf([nodeNamed('a', { liveness: 'suspect' }), nodeNamed('b')], table);
    expect(emergencyOf(failing, { emptied: ['a'], steps: [] }, lines, 0)).toBe('a is suspect: it is emptied while it still can be read');
    expect(emergencyOf(failing, { emptied: ['b'], steps: [] }, lines, 0)).toBeNull();
    const full = stateOf([nodeNamed('a', { usage: { cpu: 1, memory: 1, disk: 900_000, network: 1 } }), nodeNamed('b')], table);
    expect(emergencyOf(full, { emptied: [], steps: [move(0, 'a', 'b')] }, lines, 0)).toBe('a uses 90 % of its disk, over its line of 80 %');
    expect(emergencyOf(full, { emptied: [], steps: [move(0, 'b', 'a')] }, lines, 0)).toBeNull();
    const flapping = stateOf([nodeNamed('a', { quarantinedUntilMs: 10 }), nodeNamed('b')], table);
    expect(emergencyOf(flapping, { emptied: ['a'], steps: [] }, lines, 5)).toContain('quarantine');
    expect(emergencyOf(flapping, { emptied: ['a'], steps: [] }, lines, 15)).toBeNull();
  });

  it('is memory where no disk is reported, and nothing where neither is', () => {
    const capacity = { cpu: 8, memory: 1_000, disk: null, network: null };
    const inMemory = stateOf([nodeNamed('a', { capacity, usage: { cpu: 1, memory: 900, disk: null, network: null } }), nodeNamed('b')], table);
    expect(emergencyOf(inMemory, { emptied: [], steps: [move(0, 'a', 'b')] }, lines, 0)).toContain('90 % of its memory');
    const unknown = stateOf([nodeNamed('a', { capacity: { ...capacity, memory: null } }), nodeNamed('b')], table);
    expect(emergencyOf(unknown, { emptied: [], steps: [move(0, 'a', 'b')] }, lines, 0)).toBeNull();
  });
});

describe('the speed that is learned', () => {
  it('begins with the first that tells, follows the newest half-way, and keeps what it knows when one does not tell', () => {
    const first = learnSpeed(null, { bytesPerSecond: 100, movesPerSecond: 10 });
    expect(first).toEqual({ bytesPerSecond: 100, movesPerSecond: 10 });
    expect(learnSpeed(first, { bytesPerSecond: 300, movesPerSecond: 20 })).toEqual({ bytesPerSecond: 200, movesPerSecond: 15 });
    expect(learnSpeed(first, { bytesPerSecond: null, movesPerSecond: null })).toBe(first);
  });
});
