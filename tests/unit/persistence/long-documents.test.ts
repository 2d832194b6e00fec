/** Plans and journals of very many steps in a real database file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MoveRecord } from '@/lib/contract/operation';
import type { NodeHolding } from '@/lib/contract/imbalance';
import { MoveReasonSchema, type Plan, type PlanStep } from '@/lib/contract/plan';
import type { Store } from '@/lib/contract/storage';
import { planOfRow } from '@/lib/persistence/documents';
import { moveOfValue, valueOfMove, type ShortMove, type ShortStep } from '@/lib/persistence/move-document';
import { openDatabase } from '@/lib/persistence/open-database';
import { documentOfPlan } from '@/lib/persistence/plan-document';
import { ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { insertCluster, move, operation, plan } from '@/tests/contract/store-fixtures';
import { turnsOfOthers } from '@/tests/support/turns-of-others';

const STEPS = 20_000;
/** Half of the portions that it takes: done in one go, or in a few, there would be next to none. */
const TURNS_MIN = STEPS / ITEMS_PER_TURN / 2;
/** The same of a journal, which goes in statements of 500 rows and comes in portions of 250. */
const JOURNAL_TURNS_MIN = STEPS / 500 / 2;

const steps = Array.from({ length: STEPS }, (_, index): PlanStep => {
  const { step } = move(index);
  return index % 3 === 0 && step.kind === 'move' ? { kind: 'transfer', shardId: index, sourceNodeId: step.sourceNodeId, targetNodeId: step.targetNodeId, reason: { ...step.reason, targetAfter: null } } : step;
});
const long: Plan = { ...plan(), id: 'plan-long', steps };
const journal = steps.map((step, index): MoveRecord => ({ ...move(index), step }));

const HOLDING: NodeHolding = { nodeId: 'n', shards: 3, primaries: 1, dataBytes: 1_000_000, keyCount: null, operationsPerSecond: 1.5, cpuCores: null, networkBytesPerSecond: 10 };

const folder = mkdtempSync(join(tmpdir(), 'phantom-scale-long-'));
let store: Store;
beforeAll(async () => {
  const opened = await openDatabase({ url: `file:${join(folder, 'long.db')}`, clock: new VirtualClock() });
  if (!opened.ok) throw new Error(opened.error.message);
  ({ store } = opened.value);
  await store.commit([insertCluster()]);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('a plan of very many steps', () => {
  it('is stored and read back whole, in portions between which others get their turn', async () => {
    const stored = await turnsOfOthers(() => store.commit([{ kind: 'insert-plan', plan: long }]));
    expect(stored.value.ok).toBe(true);
    expect(stored.turns).toBeGreaterThanOrEqual(TURNS_MIN);
    const read = await turnsOfOthers(() => store.plan(long.id));
    expect(read.value).toEqual(long);
    expect(read.turns).toBeGreaterThanOrEqual(TURNS_MIN);
  });

  it('or of few steps on very many nodes, is stored and read back in portions too', async () => {
    const { before, after } = plan();
    const holdings = Array.from({ length: STEPS }, (_, index) => ({ ...HOLDING, nodeId: `node-${index}` }));
    const wide: Plan = { ...plan(), id: 'plan-wide', before: { ...before, holdings }, after: { ...after, holdings } };
    const stored = await turnsOfOthers(() => store.commit([{ kind: 'insert-plan', plan: wide }]));
    expect(stored.value.ok).toBe(true);
    expect(stored.turns).toBeGreaterThanOrEqual(TURNS_MIN);
    const read = await turnsOfOthers(() => store.plan(wide.id));
    expect(read.value).toEqual(wide);
    expect(read.turns).toBeGreaterThanOrEqual(TURNS_MIN / 4);
  });

  it('becomes the journal of an operation in portions, in one transaction', async () => {
    const made = await turnsOfOthers(() => store.commit([{ kind: 'insert-operation', operation: operation({ planId: long.id }), moves: journal, epoch: 1 }]));
    expect(made.value.ok).toBe(true);
    expect(made.turns).toBeGreaterThanOrEqual(JOURNAL_TURNS_MIN);
    const read = await turnsOfOthers(() => store.moves('operation-1'));
    expect(read.value).toEqual({ moves: journal, total: STEPS });
    expect(read.turns).toBeGreaterThanOrEqual(JOURNAL_TURNS_MIN);
    const refused = await store.commit([
      { kind: 'insert-operation', operation: operation({ id: 'operation-2' }), moves: journal, epoch: 1 },
      { kind: 'set-plan-status', planId: long.id, expected: 'superseded', status: 'approved' },
    ]);
    expect(refused).toMatchObject({ ok: false, error: { code: 'conflict', writeIndex: 1 } });
    expect((await store.moves('operation-2')).total).toBe(0);
  });

  it('takes a fraction of its JSON in the database, and is read from the JSON of earlier versions as well', async () => {
    const json = JSON.stringify(long);
    const document = await documentOfPlan(long);
    expect(document.length).toBeLessThan(json.length / 2);
    const row = { id: long.id, status: long.status };
    const deflated = (text: string) => deflateRawSync(text).toString('base64');
    for (const earlier of [json, `deflated:${deflated(json)}`]) expect(await planOfRow({ ...row, document: earlier })).toEqual(long);
    for (const broken of [document.slice(0, -20), 'deflated:AAAA', 'deflated:', 'deflated-lines:', 'deflated-lines:AAAA', `deflated-lines:${deflated('{}')}`, json.slice(0, -20)]) {
      await expect(planOfRow({ ...row, document: broken })).rejects.toMatchObject({ code: 'unreadable-row' });
    }
  });
});

describe('the row of a move', () => {
  const nullable = (arbitrary: fc.Arbitrary<number>) => fc.option(arbitrary, { nil: null });
  const number = nullable(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0));
  const reason = fc.record({ code: fc.constantFrom(...MoveReasonSchema.shape.code.options), dimension: fc.constantFrom(...MoveReasonSchema.shape.dimension.options), sourceBefore: number, sourceAfter: number, targetBefore: number, targetAfter: number });
  const ends = { shardId: fc.nat(), sourceNodeId: fc.string({ minLength: 1 }), targetNodeId: fc.string({ minLength: 1 }), reason };
  const step = fc.oneof(
    fc.record({ kind: fc.constant('transfer' as const), ...ends }),
    fc.record({ kind: fc.constant('move' as const), ...ends, role: fc.constantFrom('primary' as const, 'secondary' as const), bytes: number, keyCount: number }),
  );
  const record = fc.record({
    index: fc.nat(), step, status: fc.constantFrom('pending' as const, 'copying' as const, 'done' as const), attempt: fc.nat(2), bytesDone: fc.nat(2), keysDone: fc.nat(2),
    startedAtMs: nullable(fc.nat()), finishedAtMs: nullable(fc.nat()), failure: fc.constantFrom(null, { code: 'timeout' as const, message: 'Late', retryable: true }),
  });

  it('says all of it, begun or not', () => {
    fc.assert(fc.property(record, (begun) => {
      for (const each of [begun, { ...move(begun.index), step: begun.step }]) {
        const whole = JSON.parse(JSON.stringify(each)) as MoveRecord;
        expect(moveOfValue(JSON.parse(JSON.stringify(valueOfMove(each))) as ShortStep | ShortMove, each.index)).toEqual(whole);
        // As earlier versions stored it.
        expect(moveOfValue(whole, each.index)).toEqual(whole);
      }
    }));
  });
});
