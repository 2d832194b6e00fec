import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXECUTION_STATUSES, isTerminal, type MoveRecord } from '@/lib/contract/operation';
import type { Throttle } from '@/lib/contract/settings';
import { createExecution, settle, transition, type ExecutionEvent, type ExecutionOptions, type ExecutionState } from '@/lib/core/execution/execution-state';
import { nextEffects } from '@/lib/core/execution/next-effects';
import { progressOf } from '@/lib/core/execution/progress';
import { EXECUTION_TRANSITIONS, isMoveTerminal, mayBecome } from '@/lib/core/execution/transitions';

const NODES = ['a', 'b', 'c', 'd'];
const RETRYABLE = { code: 'timeout', message: 'late', retryable: true } as const;
const FOR_GOOD = { code: 'not-owner', message: 'gone', retryable: false } as const;
const INTERRUPTED = { code: 'interrupted', message: 'asked to stop', retryable: true } as const;

function moveRecord(index: number, shardId: number, source: string, target: string): MoveRecord {
  return {
    index, status: 'pending', attempt: 0, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null, failure: null,
    step: {
      kind: 'move', shardId, role: 'primary', sourceNodeId: source, targetNodeId: target, bytes: 100, keyCount: 1,
      reason: { code: 'evens-count', dimension: 'shards', sourceBefore: 2, sourceAfter: 1, targetBefore: 0, targetAfter: 1 },
    },
  };
}

const moveArbitrary = fc.record({ shard: fc.nat(8), source: fc.nat(3), hop: fc.integer({ min: 1, max: 3 }) });
const planArbitrary = fc.array(moveArbitrary, { minLength: 1, maxLength: 30 })
  .map((moves) => moves.map((move, index) => moveRecord(index, move.shard, NODES[move.source]!, NODES[(move.source + move.hop) % 4]!)));
const throttleArbitrary: fc.Arbitrary<Throttle> = fc.record({ movesPerNodeMax: fc.integer({ min: 1, max: 3 }), extra: fc.nat(4) })
  .map(({ movesPerNodeMax, extra }) => ({ movesPerNodeMax, movesInFlightMax: movesPerNodeMax + extra, bytesPerSecondMax: null }));

/** What the outside does next to an execution: one driver outcome, or one command. */
type Happening = { readonly pick: number; readonly what: 'succeed' | 'retry' | 'fail' | 'interrupt' | 'pause' | 'resume' | 'cancel' };
const happeningArbitrary: fc.Arbitrary<Happening> = fc.record({
  pick: fc.nat(1_000),
  what: fc.constantFrom('succeed', 'succeed', 'succeed', 'retry', 'fail', 'interrupt', 'pause', 'resume', 'cancel'),
});

class Rig {
  nowMs = 0;
  constructor(public state: ExecutionState, private readonly check: (rig: Rig) => void) {}

  apply(event: ExecutionEvent): boolean {
    const next = transition(this.state, event);
    if (next.ok) this.state = next.value;
    this.check(this);
    this.state = settle(this.state);
    this.check(this);
    return next.ok;
  }

  /** Carries out what the execution wants, as the executor would. */
  pump(): void {
    for (const effect of nextEffects(this.state, this.nowMs)) {
      if (effect.kind === 'start-moves') for (const indexes of effect.batches) this.apply({ kind: 'moves-started', indexes, nowMs: this.nowMs });
      if (effect.kind === 'settle-moves') {
        this.apply({ kind: 'moves-started', indexes: effect.indexes, nowMs: this.nowMs });
        for (const index of effect.indexes) this.apply({ kind: 'move-reverted', index, nowMs: this.nowMs });
      }
      if (effect.kind === 'abandon-moves') this.apply({ kind: 'moves-abandoned', indexes: effect.indexes, nowMs: this.nowMs });
      if (effect.kind === 'wait') this.nowMs = Math.max(this.nowMs, effect.untilMonotonicMs);
    }
    this.state = settle(this.state);
    this.check(this);
  }

  inFlight(): number[] {
    return this.state.open.filter((index) => this.state.moves.at(index)!.inFlight);
  }

  happen({ pick, what }: Happening): void {
    if (what === 'pause' || what === 'resume' || what === 'cancel') {
      this.apply({ kind: what });
      return;
    }
    const running = this.inFlight();
    const index = running[pick % Math.max(1, running.length)];
    if (index === undefined) return;
    if (what === 'succeed') this.apply({ kind: 'moves-succeeded', moves: [{ index, bytes: 100, keyCount: 1 }], nowMs: this.nowMs });
    else {
      const failure = what === 'retry' ? RETRYABLE : what === 'fail' ? FOR_GOOD : INTERRUPTED;
      this.apply({ kind: 'move-failed', index, failure, nowMs: this.nowMs, monotonicMs: this.nowMs, random: 0.5 });
    }
  }
}

function started(moves: readonly MoveRecord[], throttle: Throttle, { waves = [], check = () => undefined }: { waves?: ExecutionOptions['waves']; check?: (rig: Rig) => void } = {}): Rig {
  const rig = new Rig(createExecution(moves, { status: 'pending', throttle, waves }), check);
  rig.apply({ kind: 'start' });
  return rig;
}

const WIDE: Throttle = { movesInFlightMax: 10, movesPerNodeMax: 10, bytesPerSecondMax: null };

describe('execution', () => {
  it('[M14] becomes only what the table lists, and a terminal status stays', () => {
    fc.assert(fc.property(planArbitrary, throttleArbitrary, fc.array(happeningArbitrary, { maxLength: 80 }), (moves, throttle, happenings) => {
      let before: ExecutionState['status'] = 'pending';
      const rig = started(moves, throttle, {
        check: ({ state }) => {
          if (state.status !== before && !mayBecome(before, state.status)) throw new Error(`${before} -> ${state.status}`);
          before = state.status;
        },
      });
      for (const happening of happenings) {
        rig.pump();
        rig.happen(happening);
      }
    }));
  });

  it('[M12] never has more moves in flight than the throttle allows, in all or at one node', () => {
    fc.assert(fc.property(planArbitrary, throttleArbitrary, fc.array(happeningArbitrary, { maxLength: 60 }), (moves, throttle, happenings) => {
      const rig = started(moves, throttle);
      for (const happening of happenings) {
        rig.pump();
        const running = rig.inFlight().map((index) => rig.state.moves.at(index)!.step);
        expect(running.length).toBeLessThanOrEqual(throttle.movesInFlightMax);
        for (const node of NODES) {
          expect(running.filter((step) => step.sourceNodeId === node || step.targetNodeId === node).length).toBeLessThanOrEqual(throttle.movesPerNodeMax);
        }
        rig.happen(happening);
      }
    }));
  });

  it('[M1] never has two moves of one shard open', () => {
    fc.assert(fc.property(planArbitrary, throttleArbitrary, fc.array(happeningArbitrary, { maxLength: 60 }), (moves, throttle, happenings) => {
      const rig = started(moves, throttle, {
        check: ({ state }) => {
          const shards = state.open.map((index) => state.moves.at(index)!.step.shardId);
          expect(new Set(shards).size).toBe(shards.length);
        },
      });
      for (const happening of happenings) {
        rig.pump();
        rig.happen(happening);
      }
    }));
  });

  it('[M11] starts no move while an unfinished one of an earlier wave leaves its target', () => {
    fc.assert(fc.property(planArbitrary, fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 4 }), throttleArbitrary, fc.array(happeningArbitrary, { maxLength: 60 }), (moves, sizes, throttle, happenings) => {
      // Moves beyond the waves that are named are waves of their own.
      const waves = sizes.map((stepCount, wave) => ({ fromStep: sizes.slice(0, wave).reduce((sum, size) => sum + size, 0), stepCount }));
      const waveOf = (index: number): number => {
        const wave = waves.findIndex(({ fromStep, stepCount }) => index < fromStep + stepCount);
        return wave < 0 ? waves.length + index : wave;
      };
      const rig = started(moves, throttle, { waves });
      for (const happening of happenings) {
        for (const effect of nextEffects(rig.state, rig.nowMs)) {
          if (effect.kind !== 'start-moves') continue;
          for (const index of effect.batches.flat()) {
            const move = rig.state.moves.at(index)!;
            if (move.status !== 'pending') continue;
            for (let earlier = 0; waveOf(earlier) < waveOf(index); earlier += 1) {
              const other = rig.state.moves.at(earlier)!;
              const landed = other.status === 'done' || other.status === 'reverted';
              if (!landed) expect(other.step.sourceNodeId).not.toBe(move.step.targetNodeId);
            }
          }
        }
        rig.pump();
        rig.happen(happening);
      }
    }));
  });

  it('[M11] starts moves to and fro between two nodes together when they are of one wave, and one after the other when not', () => {
    const toAndFro = [moveRecord(0, 1, 'a', 'b'), moveRecord(1, 2, 'b', 'a'), moveRecord(2, 3, 'a', 'b')];
    expect(nextEffects(started(toAndFro, WIDE, { waves: [{ fromStep: 0, stepCount: 3 }] }).state, 0)).toEqual([{ kind: 'start-moves', batches: [[0], [1], [2]] }]);
    expect(nextEffects(started(toAndFro, WIDE).state, 0)).toEqual([{ kind: 'start-moves', batches: [[0]] }]);
  });

  it('ends whatever happens, with every move terminal unless it was canceled', () => {
    fc.assert(fc.property(planArbitrary, throttleArbitrary, fc.array(happeningArbitrary, { maxLength: 40 }), (moves, throttle, happenings) => {
      const rig = started(moves, throttle);
      for (const happening of happenings) {
        rig.pump();
        rig.happen(happening);
      }
      for (let round = 0; round < 2_000 && !isTerminal(rig.state.status); round += 1) {
        rig.apply({ kind: 'resume' });
        rig.pump();
        for (const index of rig.inFlight()) rig.apply({ kind: 'moves-succeeded', moves: [{ index, bytes: 100, keyCount: 1 }], nowMs: rig.nowMs });
      }
      expect(isTerminal(rig.state.status)).toBe(true);
      if (rig.state.status !== 'canceled') for (const move of rig.state.moves) expect(isMoveTerminal(move.status)).toBe(true);
      expect(rig.state.open).toEqual([]);
    }));
  });

  it('pauses only when nothing is in flight, keeps what was interrupted and goes on with it first', () => {
    const rig = started([moveRecord(0, 1, 'a', 'b'), moveRecord(1, 2, 'a', 'b')], { ...WIDE, movesInFlightMax: 1, movesPerNodeMax: 1 });
    rig.pump();
    rig.apply({ kind: 'pause' });
    expect(rig.state.status).toBe('pausing');
    expect(nextEffects(rig.state, 0)).toEqual([{ kind: 'interrupt-moves' }]);
    rig.apply({ kind: 'move-failed', index: 0, failure: INTERRUPTED, nowMs: 5, monotonicMs: 5, random: 0.5 });
    expect(rig.state.status).toBe('paused');
    expect(rig.state.moves.at(0)!.status).toBe('copying');
    rig.apply({ kind: 'resume' });
    expect(nextEffects(rig.state, 5)).toEqual([{ kind: 'start-moves', batches: [[0]] }]);
  });

  it('[M8] brings interrupted moves of a canceled run to an end before it is canceled', () => {
    const rig = started([moveRecord(0, 1, 'a', 'b'), moveRecord(1, 2, 'c', 'd')], WIDE);
    rig.pump();
    rig.apply({ kind: 'cancel' });
    rig.apply({ kind: 'moves-succeeded', moves: [{ index: 0, bytes: 100, keyCount: 1 }], nowMs: 1 });
    rig.apply({ kind: 'move-failed', index: 1, failure: INTERRUPTED, nowMs: 1, monotonicMs: 1, random: 0.5 });
    expect(rig.state.status).toBe('canceling');
    expect(nextEffects(rig.state, 1)).toEqual([{ kind: 'settle-moves', indexes: [1] }]);
    rig.pump();
    expect(rig.state.status).toBe('canceled');
    expect(rig.state.counts).toEqual({ done: 1, failed: 0, reverted: 1 });
  });

  it('backs off after a retryable failure and gives up after the last try', () => {
    const rig = started([moveRecord(0, 1, 'a', 'b')], WIDE);
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      rig.pump();
      rig.apply({ kind: 'move-failed', index: 0, failure: RETRYABLE, nowMs: rig.nowMs, monotonicMs: rig.nowMs, random: 1 });
      const retryAt = rig.state.moves.at(0)!.retryAtMonotonicMs;
      if (retryAt !== null) waits.push(retryAt - rig.nowMs);
      rig.pump();
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
    expect(rig.state.status).toBe('failed');
  });

  it('[P4] abandons moves that rest on room a failed move did not make', () => {
    const rig = started([moveRecord(0, 1, 'b', 'c'), moveRecord(1, 2, 'a', 'b')], WIDE);
    rig.pump();
    expect(rig.inFlight()).toEqual([0]);
    rig.apply({ kind: 'move-failed', index: 0, failure: FOR_GOOD, nowMs: 1, monotonicMs: 1, random: 0.5 });
    rig.pump();
    expect(rig.state.moves.at(1)!.failure?.code).toBe('topology-changed');
    expect(rig.state.status).toBe('failed');
  });

  it('[M9] recreated from its journal, goes on with begun moves before new ones', () => {
    const journal = [{ ...moveRecord(0, 1, 'a', 'b'), status: 'done' as const, bytesDone: 100 }, { ...moveRecord(1, 2, 'a', 'b'), status: 'copying' as const, attempt: 1 }, moveRecord(2, 3, 'a', 'b')];
    const state = createExecution(journal, { status: 'running', throttle: { ...WIDE, movesInFlightMax: 1, movesPerNodeMax: 1 } });
    expect(state.open).toEqual([1]);
    expect(state.bytesDone).toBe(100);
    expect(nextEffects(state, 0)).toEqual([{ kind: 'start-moves', batches: [[1]] }]);
  });

  it('[M14] every status that is not terminal can reach a terminal one', () => {
    for (const status of EXECUTION_STATUSES) {
      const reached = new Set([status]);
      for (const each of reached) for (const next of EXECUTION_TRANSITIONS[each]) reached.add(next);
      expect([...reached].some((each) => isTerminal(each))).toBe(true);
    }
  });
});

describe('the time left', () => {
  function leftAfter(done: number) {
    const journal = Array.from({ length: 10 }, (_, index) => ({ ...moveRecord(index, index, 'a', 'b'), ...(index < done && { status: 'done' as const, bytesDone: 100 }) }));
    const samples = [{ monotonicMs: 0, bytesDone: 0, movesDone: 0 }, { monotonicMs: 1_000, bytesDone: 100 * done, movesDone: done }];
    return progressOf(createExecution(journal, { status: 'running', throttle: WIDE }), samples, { bytesTotal: 2_000 }).secondsLeft;
  }

  it('is a range of what bytes and moves say', () => {
    const { low, high } = leftAfter(5)!;
    expect(low).toBeCloseTo(0.9 * 1);
    expect(high).toBeCloseTo(1.2 * 3);
  });

  it('is none where all moves have ended, though fewer bytes came than were thought to', () => {
    expect(leftAfter(10)).toEqual({ low: 0, high: 0 });
  });
});

describe('batches', () => {
  const batching = { movesMax: 4, bytesMax: 1_000 };

  it('[M12] a batch counts as one move in flight, holds moves of one pair only, and stays under its bounds', () => {
    fc.assert(fc.property(planArbitrary, throttleArbitrary, fc.array(happeningArbitrary, { maxLength: 60 }), (moves, throttle, happenings) => {
      const rig = new Rig(createExecution(moves, { status: 'pending', throttle, batching }), () => undefined);
      rig.apply({ kind: 'start' });
      for (const happening of happenings) {
        rig.pump();
        const batches = new Map<number, string[]>();
        for (const index of rig.inFlight()) {
          const { batch, pair } = rig.state.moves.at(index)!;
          batches.set(batch, [...batches.get(batch) ?? [], pair]);
        }
        expect(batches.size).toBeLessThanOrEqual(throttle.movesInFlightMax);
        for (const pairs of batches.values()) {
          expect(new Set(pairs).size).toBe(1);
          expect(pairs.length).toBeLessThanOrEqual(batching.movesMax);
        }
        rig.happen(happening);
      }
    }));
  });

  it('pacing that holds everything back starts nothing, and what is under way ends', () => {
    const rig = started([], WIDE);
    expect(nextEffects(rig.state, 0, 0)).toEqual([]);
  });
});
