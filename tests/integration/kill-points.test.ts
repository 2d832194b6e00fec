/** [M9] A choice of the kill points; `npm run test:killpoints` runs them all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOfMove, KillpointBench } from '../support/killpoints/killpoint-bench';
import { nameOf, type KillPoint } from '../support/killpoints/kill-point';

const CHOSEN: readonly KillPoint[] = [
  { step: 'move', position: 'before-intent', victim: 'manager', after: 0 },
  { step: 'move', position: 'after-intent', victim: 'manager', after: 0 },
  { step: 'importing', position: 'after-effect', victim: 'manager', after: 2 },
  { step: 'migrate', position: 'after-effect', victim: 'manager', after: 3 },
  { step: 'owned-by-target', position: 'after-effect', victim: 'manager', after: 1 },
  { step: 'move', position: 'after-effect', victim: 'manager', after: 3 },
  { step: 'move', position: 'after-completion', victim: 'manager', after: 0 },
  { step: 'migrate', position: 'after-intent', victim: 'source', after: 2 },
  { step: 'owned-by-target', position: 'after-effect', victim: 'target', after: 0 },
  { step: 'execute-plan', position: 'after-intent', victim: 'manager', after: 0 },
  { step: 'leave', position: 'after-effect', victim: 'manager', after: 0 },
];
/** While a slot that nobody served is mended. */
const MENDING: readonly KillPoint[] = [
  { step: 'migrate', position: 'after-effect', victim: 'manager', after: 0 },
  { step: 'mend-shards', position: 'after-effect', victim: 'target', after: 0 },
];
/** While keys are brought to their owner that nobody had marked. */
const STRAY: KillPoint = { step: 'migrate', position: 'after-effect', victim: 'manager', after: 0 };

let bench: KillpointBench;
beforeAll(async () => { bench = await KillpointBench.start(); }, 120_000);
afterAll(async () => {
  const report = await bench.stop();
  expect(report).toMatchObject({ lost: 0, duplicated: 0, resurrected: 0 });
  expect(report.acknowledged).toBeGreaterThan(500);
}, 120_000);

describe('[M9] the operation goes on or is rolled back, no slot stays open, no acknowledged write is lost, when', () => {
  it.each(CHOSEN.map((point) => [nameOf(point), point] as const))('%s', async (_name, point) => {
    const { operation } = await (isOfMove(point) ? bench.move(point) : bench.replace(point));
    expect(operation.status).toBe('succeeded');
  }, 180_000);

  it.each(MENDING.map((point) => [`${nameOf(point)} while a slot is mended`, point] as const))('%s', async (_name, point) => {
    expect((await bench.mend(point)).operation.status).toBe('succeeded');
  }, 180_000);

  it(`${nameOf(STRAY)} while keys astray are brought home`, async () => {
    expect((await bench.mendStrays(STRAY)).operation.status).toBe('succeeded');
  }, 180_000);
});
