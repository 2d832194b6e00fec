/** When a manager gives way: over the whole course of operations, on virtual time. */
import { afterEach, describe, expect, it } from 'vitest';
import { GivingWay } from '@/lib/platform/giving-way';
import { OPERATOR, SimulatedFleet } from '../support/simulated-fleet';
import { ThreadsInMemory } from '../support/threads-in-memory';

let rig: SimulatedFleet;
let threads: ThreadsInMemory;

afterEach(async () => {
  await rig.close();
  expect(threads.all()).toEqual([0]);
});

/** Every node is here; the manager is begun anew with it. */
async function start(nodesAreProcesses: boolean): Promise<void> {
  rig = await SimulatedFleet.start();
  threads = new ThreadsInMemory();
  rig.nodesAreProcesses = nodesAreProcesses;
  rig.givingWay = new GivingWay({ threads, ownHosts: () => () => true, told: () => undefined });
  await rig.restart();
}

describe('a manager whose nodes share its machine', () => {
  it('gives way from the first move to the last', async () => {
    await start(true);
    const plan = await rig.preview();
    expect(threads.changes).toBe(0);
    const operation = await rig.begin(plan, 1);
    expect(threads.all()).toEqual([10]);
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
    expect(threads.all()).toEqual([0]);
  });

  it('does not while it is paused with nothing in flight', async () => {
    await start(true);
    const operation = await rig.begin(await rig.preview(), 1);
    await rig.run(rig.manager.pause({ operationId: operation.id }, OPERATOR));
    await rig.clock.advanceUntil(() => rig.open(operation.id)?.status === 'paused', 60_000);
    await rig.clock.advance(1_000);
    expect(threads.all()).toEqual([0]);
    await rig.run(rig.manager.resume({ operationId: operation.id }, OPERATOR));
    await rig.clock.advanceUntil(() => rig.open(operation.id)!.progress.movesDone > 3, 60_000);
    expect(threads.all()).toEqual([10]);
    await rig.run(rig.manager.cancel({ operationId: operation.id }, OPERATOR));
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'canceled' });
    expect(threads.all()).toEqual([0]);
  });

  it('does not while storage is away and nothing is in flight', async () => {
    await start(true);
    await rig.begin(await rig.preview(), 1);
    rig.store.isAway = true;
    await rig.clock.advance(120_000);
    expect(threads.all()).toEqual([0]);
    rig.store.isAway = false;
    await rig.clock.advance(3_000);
    expect(threads.all()).toEqual([10]);
  });

  it('is back where it was when it closes in the middle', async () => {
    await start(true);
    await rig.begin(await rig.preview(), 1);
    expect(threads.all()).toEqual([10]);
    await rig.close();
    expect(threads.all()).toEqual([0]);
    await rig.restart();
  });

  it('does not for a cluster that has no processes to lack a core', async () => {
    await start(false);
    const operation = await rig.begin(await rig.preview(), 1);
    await rig.untilEnded(operation.id);
    expect(threads.changes).toBe(0);
  });
});
