/** [M9] Every step, every position around it, every process that can die there. Twenty to thirty minutes; `npm run test:killpoints`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOfMove, KillpointBench } from '../support/killpoints/killpoint-bench';
import { COMMANDS, MEND_STAGES, nameOf, POSITIONS, STAGES, VICTIMS, type KillPoint } from '../support/killpoints/kill-point';

/** A command is an effect alone; the effect of making a plan is what is stored when it is complete, and that of running one are its moves. */
const WITHOUT_EFFECT: ReadonlySet<KillPoint['step']> = new Set(['plan', 'execute-plan']);

const POINTS: readonly KillPoint[] = [
  ...VICTIMS.flatMap((victim) => POSITIONS.map((position): KillPoint => ({ step: 'move', position, victim, after: 0 }))),
  ...COMMANDS.flatMap((step) => VICTIMS.flatMap((victim) => (['after-intent', 'after-effect'] as const).map((position): KillPoint => ({ step, position, victim, after: 1 })))),
  ...STAGES.flatMap((step) => VICTIMS.flatMap((victim) => POSITIONS.map((position): KillPoint => ({ step, position, victim, after: 0 }))))
    .filter(({ step, position }) => !(WITHOUT_EFFECT.has(step) && position === 'after-effect')),
];

/** While a slot is mended that nobody served: at its stages, and around the first of its keys that go to their owner. */
const MENDING: readonly KillPoint[] = [
  ...MEND_STAGES.flatMap((step) => VICTIMS.flatMap((victim) => POSITIONS.map((position): KillPoint => ({ step, position, victim, after: 0 })))),
  ...VICTIMS.flatMap((victim) => (['after-intent', 'after-effect'] as const).map((position): KillPoint => ({ step: 'migrate', position, victim, after: 0 }))),
];

/** While keys are brought to their owner that nobody had marked: the same steps, so the instants with something different known. */
const STRAYS: readonly KillPoint[] = [
  { step: 'mend-shards', position: 'after-intent', victim: 'manager', after: 0 },
  { step: 'migrate', position: 'after-effect', victim: 'manager', after: 0 },
  { step: 'mend-shards', position: 'after-effect', victim: 'manager', after: 0 },
  { step: 'migrate', position: 'after-intent', victim: 'source', after: 0 },
  { step: 'mend-shards', position: 'before-intent', victim: 'target', after: 0 },
  { step: 'migrate', position: 'after-effect', victim: 'target', after: 0 },
];

let bench: KillpointBench;
beforeAll(async () => { bench = await KillpointBench.start(); }, 120_000);
afterAll(async () => {
  const report = await bench.stop();
  expect(report).toMatchObject({ lost: 0, duplicated: 0, resurrected: 0 });
  expect(report.acknowledged).toBeGreaterThan(500);
}, 120_000);

describe('[M9] the operation goes on or is rolled back, no slot stays open, no acknowledged write is lost, when', () => {
  it.each(POINTS.map((point) => [nameOf(point), point] as const))('%s', async (_name, point) => {
    const { operation } = await (isOfMove(point) ? bench.move(point) : bench.replace(point));
    // A manager goes on with what it finds; where a node dies, the operation may rightly end and take back what it did.
    if (point.victim === 'manager') expect(operation.status).toBe('succeeded');
    else expect(['succeeded', 'failed', 'superseded']).toContain(operation.status);
  }, 180_000);

  it.each(MENDING.map((point) => [`${nameOf(point)} while a slot is mended`, point] as const))('%s', async (_name, point) => {
    const { operation } = await bench.mend(point);
    if (point.victim === 'manager') expect(operation.status).toBe('succeeded');
    else expect(['succeeded', 'failed']).toContain(operation.status);
  }, 180_000);

  it.each(STRAYS.map((point) => [`${nameOf(point)} while keys astray are brought home`, point] as const))('%s', async (_name, point) => {
    expect((await bench.mendStrays(point)).operation.status).toBe('succeeded');
  }, 180_000);
});
