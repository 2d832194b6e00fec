import { afterEach, describe, expect, it } from 'vitest';
import { OPERATOR, SimulatedFleet } from '../support/simulated-fleet';

let rig: SimulatedFleet;

afterEach(async () => {
  expect(rig.problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
  await rig.close();
});

describe('what this manager has stored a moment ago', () => {
  it('is approved and begun without being read back', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    rig.store.isUnreadable = true;
    const { id } = await rig.begin(plan, 1);
    expect(rig.open(id)).toMatchObject({ status: 'running' });
    rig.store.isUnreadable = false;
    expect(await rig.untilEnded(id)).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length } });
  });

  it('[M9] is read by the manager that comes after it', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const { id } = await rig.begin(plan, 1);
    await rig.restart();
    expect(await rig.untilEnded(id)).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length } });
    expect((await rig.run(rig.manager.moves(id))).moves.every(({ status }) => status === 'done')).toBe(true);
  });

  it('[R3] is approved once: by a second approval the plan is what storage says', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const both = await Promise.all([rig.run(rig.manager.approve({ planId: plan.id }, OPERATOR)), rig.manager.approve({ planId: plan.id }, OPERATOR)]);
    expect(both[1]).toMatchObject({ ok: false });
    expect(await rig.manager.approve({ planId: plan.id }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'plan-not-proposed' }] } });
    await rig.untilEnded(both[0].id);
    expect(rig.typesOf().filter((type) => type === 'operation.queued')).toHaveLength(1);
  });

  it('is the newest plan only; another is read', async () => {
    rig = await SimulatedFleet.start();
    const older = await rig.preview();
    await rig.preview({ strategy: 'round-robin' });
    const { id } = await rig.begin(older, 1);
    expect(await rig.untilEnded(id)).toMatchObject({ status: 'succeeded', planId: older.id });
  });
});
