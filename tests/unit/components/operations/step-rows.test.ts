import { describe, expect, it } from 'vitest';
import { stepRows } from '@/components/operations/step-rows';
import { moveOf, planOf } from './plan-fixtures';

const steps = [moveOf(7, 1), moveOf(8, 1), moveOf(9, 1, { sourceNodeId: 'node-3', targetNodeId: 'node-1' }), moveOf(10, 1)];
const wave = { bytes: 2, reclaims: false };
const plan = planOf({ steps, waves: [{ ...wave, fromStep: 0, stepCount: 2 }, { ...wave, fromStep: 2, stepCount: 1 }], alternatives: [{ stepIndex: 2, candidates: [] }] });
const rowsOf = (change: Partial<Parameters<typeof stepRows>[0]> = {}) => stepRows({ plan, stepCount: 4, find: '', explainedOnly: false, nameOf: (id) => id, ...change });
const seen = (rows: ReturnType<typeof rowsOf>) => rows.map((row) => (row.kind === 'step' ? row.index : row.kind === 'wave' ? `wave ${row.number}` : `alone ${row.stepCount}`));

describe('the rows of a plan’s moves', () => {
  it('begin each wave with a heading, and tell that what is in no wave runs by itself', () => {
    expect(seen(rowsOf())).toEqual(['wave 1', 0, 1, 'wave 2', 2, 'alone 1', 3]);
  });

  it('end where the operator stops', () => {
    expect(seen(rowsOf({ stepCount: 3 }))).toEqual(['wave 1', 0, 1, 'wave 2', 2]);
  });

  it('are only those of the shard or the node that is sought, at either end', () => {
    expect(seen(rowsOf({ find: '8' }))).toEqual([1]);
    expect(seen(rowsOf({ find: 'NODE-3' }))).toEqual([2]);
    expect(seen(rowsOf({ find: 'node-9' }))).toEqual([]);
  });

  it('are only those that say why not elsewhere, when that is asked for', () => {
    expect(seen(rowsOf({ explainedOnly: true }))).toEqual([2]);
    expect(seen(rowsOf({ explainedOnly: true, stepCount: 2 }))).toEqual([]);
  });

  it('carry the other places of the steps that have them', () => {
    expect(rowsOf().filter((row) => row.kind === 'step' && row.alternative !== null).map((row) => row.kind === 'step' && row.index)).toEqual([2]);
  });

  it('of a plan without waves are the steps alone', () => {
    expect(seen(rowsOf({ plan: planOf({ steps }), stepCount: 2 }))).toEqual([0, 1]);
  });
});
