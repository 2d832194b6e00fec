import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findMove, type MoveFinding, type SlotEvidence, type SlotView } from '@/lib/drivers/redis-cluster/inspect-move';

const S = 'source';
const T = 'target';
const X = 'third';

function view(nodeId: string, ownerId: string | null, more: Partial<SlotView> = {}): SlotView {
  return { nodeId, ownerId, configEpoch: 1, migratingTo: null, importingFrom: null, ...more };
}

function find(views: readonly SlotView[], more: Partial<SlotEvidence> = {}): MoveFinding {
  return findMove({ sourceNodeId: S, targetNodeId: T, views: new Map(views.map((v) => [v.nodeId, v])), keysOnTarget: 0, formerIds: new Set(), ...more });
}

describe('the truth table of a classic migration (REDIS.md)', () => {
  it('nothing happened: untouched', () => {
    expect(find([view(S, S), view(T, S), view(X, S)])).toEqual({ state: 'untouched', next: 'begin' });
  });

  it('importing on the target only: killed after the first command, goes on', () => {
    expect(find([view(S, S), view(T, S, { importingFrom: S })])).toEqual({ state: 'moving', next: 'copy' });
  });

  it('both flags: roll forward', () => {
    expect(find([view(S, S, { migratingTo: T }), view(T, S, { importingFrom: S })])).toEqual({ state: 'moving', next: 'copy' });
  });

  it('target owns, others disagree: killed inside the hand-over, announce', () => {
    expect(find([view(S, S, { migratingTo: T }), view(T, T, { configEpoch: 2 }), view(X, S)])).toEqual({ state: 'moving', next: 'announce' });
    expect(find([view(S, T), view(T, T, { configEpoch: 2 }), view(X, S)])).toEqual({ state: 'moving', next: 'announce' });
  });

  it('target owns and everybody says so: done; also when the source is no primary any more', () => {
    expect(find([view(S, T), view(T, T), view(X, T)])).toEqual({ state: 'done' });
    expect(find([view(T, T), view(X, T)])).toEqual({ state: 'done' });
  });

  it('target owns while the source is silent: unknown, since it may come back with its flag', () => {
    expect(find([view(T, T), view(X, T)], { silentIds: new Set([S]) })).toEqual({ state: 'unknown', nodeId: S });
    expect(find([view(T, T)], { silentIds: new Set([X]) })).toEqual({ state: 'done' });
  });

  it('target owns and the slot is on its way back, as a revert with keys on the target goes: moving, return', () => {
    expect(find([view(S, T, { importingFrom: T }), view(T, T, { configEpoch: 2 }), view(X, T)])).toEqual({ state: 'moving', next: 'return' });
    expect(find([view(S, T, { importingFrom: T }), view(T, T, { configEpoch: 2, migratingTo: S }), view(X, T)])).toEqual({ state: 'moving', next: 'return' });
  });

  it('flags lost by failover with keys on the target: moving, they are set again', () => {
    expect(find([view(S, S), view(T, S)], { keysOnTarget: 5 })).toEqual({ state: 'moving', next: 'copy' });
    expect(find([view(S, S), view(T, S, { importingFrom: 'dead source' })], { formerIds: new Set(['dead source']) })).toEqual({ state: 'moving', next: 'copy' });
  });

  it('somebody else owns the slot: elsewhere, whatever flags are left', () => {
    expect(find([view(S, X), view(T, X, { importingFrom: S }), view(X, X)])).toEqual({ state: 'elsewhere', ownerId: X });
    expect(find([view(S, T), view(T, T, { configEpoch: 2 }), view(X, X, { configEpoch: 3 })])).toEqual({ state: 'elsewhere', ownerId: X });
  });

  it('another move has the slot open: a conflict, never overwritten', () => {
    expect(find([view(S, S, { migratingTo: X }), view(T, S)])).toMatchObject({ next: 'conflict', nodeId: S, otherId: X });
    expect(find([view(S, S), view(T, S, { importingFrom: X })])).toMatchObject({ next: 'conflict', nodeId: T, otherId: X });
  });

  it('an end that did not answer: unknown, never guessed', () => {
    expect(find([view(T, S)])).toEqual({ state: 'unknown', nodeId: S });
    expect(find([view(S, S)])).toEqual({ state: 'unknown', nodeId: T });
  });

  it('nobody owns it while the target imports: the hand-over is missing', () => {
    expect(find([view(S, null), view(T, null, { importingFrom: S })])).toEqual({ state: 'moving', next: 'announce' });
  });
});

describe('properties over all combinations of answers', () => {
  const ids = [S, T, X, 'fourth'];
  const anyId = fc.constantFrom(...ids);
  const anyView = (nodeId: string) => fc.record({
    nodeId: fc.constant(nodeId), ownerId: fc.option(anyId), configEpoch: fc.integer({ min: 0, max: 4 }),
    migratingTo: fc.option(anyId), importingFrom: fc.option(anyId),
  }).map((v): SlotView => ({
    ...v,
    // As the engine enforces: only an owner migrates, only a stranger imports.
    migratingTo: v.ownerId === nodeId && v.migratingTo !== nodeId ? v.migratingTo : null,
    importingFrom: v.ownerId !== nodeId && v.importingFrom !== nodeId ? v.importingFrom : null,
  }));
  const evidence = fc.tuple(fc.subarray(ids), ...ids.map(anyView)).map(([answering, ...views]): SlotEvidence => ({
    sourceNodeId: S, targetNodeId: T, keysOnTarget: 0, formerIds: new Set(),
    views: new Map(views.filter((v) => answering.includes(v.nodeId)).map((v) => [v.nodeId, v])),
  }));
  const options = { seed: 4_711, numRuns: 5_000 };

  it('[M4] done means: the target claims the slot, no primary contradicts, and no flag is left', () => {
    fc.assert(fc.property(evidence, (e) => {
      if (findMove(e).state !== 'done') return;
      expect(e.views.get(T)?.ownerId).toBe(T);
      for (const v of e.views.values()) expect(v.ownerId).toBe(T);
      expect(e.views.get(T)?.importingFrom ?? null).toBeNull();
    }), options);
  });

  it('[M8] copying goes on only while the source itself claims the slot and the target does not', () => {
    fc.assert(fc.property(evidence, (e) => {
      const found = findMove(e);
      if (found.state !== 'moving' || found.next !== 'copy') return;
      expect(e.views.get(S)?.ownerId).toBe(S);
      expect(e.views.get(T)?.ownerId).not.toBe(T);
    }), options);
  });

  it('[M9] a flag of another move is never taken for ours', () => {
    fc.assert(fc.property(evidence, (e) => {
      const found = findMove(e);
      if (!('next' in found) || (found.next !== 'begin' && found.next !== 'copy')) return;
      expect([null, T]).toContain(e.views.get(S)?.migratingTo ?? null);
      expect([null, S]).toContain(e.views.get(T)?.importingFrom ?? null);
    }), options);
  });

  it('carrying out what is left leads to done: begin, copy and announce all end there', () => {
    fc.assert(fc.property(evidence, (e) => {
      const found = findMove(e);
      if (!('next' in found) || found.next === 'conflict' || found.next === 'return' || !e.views.has(S)) return;
      const after = new Map([...e.views].map(([nodeId, v]): [string, SlotView] => [nodeId, {
        ...v, ownerId: T, migratingTo: null, importingFrom: null, configEpoch: nodeId === T ? 9 : v.configEpoch,
      }]));
      expect(findMove({ ...e, views: after })).toEqual({ state: 'done' });
    }), options);
  });

  it('what one of the ends does not tell is never decided without it', () => {
    fc.assert(fc.property(evidence, (e) => {
      if (!e.views.has(T)) expect(findMove(e)).toEqual({ state: 'unknown', nodeId: T });
    }), options);
  });
});
