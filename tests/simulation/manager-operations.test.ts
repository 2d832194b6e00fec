import { afterEach, describe, expect, it } from 'vitest';
import { primaryIndexOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { OPERATOR, SimulatedFleet } from '../support/simulated-fleet';

let rig: SimulatedFleet;

afterEach(async () => {
  expect(rig.typesOf()).not.toContain('invariant.violated');
  expect(rig.problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
  await rig.close();
});

async function startedRebalance() {
  const plan = await rig.preview();
  const operation = await rig.run(rig.manager.approve({ planId: plan.id }, OPERATOR));
  return { plan, operation };
}

function everyShardWhole(): void {
  const { shards } = rig.manager.view();
  for (let shardId = 0; shardId < shards.shardCount; shardId += 1) {
    expect(primaryIndexOf(shards, shardId)).toBeGreaterThanOrEqual(0);
    expect(new Set(replicaNodeIdsOf(shards, shardId)).size).toBe(3);
  }
}

describe('a rebalance on the default demo', () => {
  it('[P7] brings the imbalance under the threshold as predicted, and then finds nothing to do', async () => {
    rig = await SimulatedFleet.start();
    const { plan, operation } = await startedRebalance();
    const ended = await rig.untilEnded(operation.id);
    expect(ended).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length, movesFailed: 0 } });
    expect(ended.report?.imbalanceAfter.cpu).toBeLessThan(0.15);
    expect(ended.report?.bytesActual).toBeGreaterThan(0.9 * plan.bytes);
    expect(rig.moved.length).toBe(plan.steps.length);
    everyShardWhole();
    const again = await rig.preview({ threshold: 0.15 });
    expect(again.steps).toEqual([]);
    expect(rig.typesOf().filter((type) => type.startsWith('operation.'))).toEqual(['operation.queued', 'operation.started', 'operation.succeeded']);
  });

  it('[M13] pauses at a safe point within 1 s, moves nothing while paused, and goes on', async () => {
    rig = await SimulatedFleet.start();
    const { operation } = await startedRebalance();
    await rig.clock.advance(5_000);
    await rig.run(rig.manager.pause({ operationId: operation.id }, OPERATOR));
    await rig.clock.advance(1_000);
    expect(rig.manager.view().summary.operations[0]).toMatchObject({ status: 'paused', progress: { movesInFlight: 0 } });
    const movedBefore = rig.moved.length;
    await rig.clock.advance(60_000);
    expect(rig.moved.length).toBe(movedBefore);
    await rig.run(rig.manager.resume({ operationId: operation.id }, OPERATOR));
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
    everyShardWhole();
  });

  it('[M8] cancels to a valid placement with no move half-way', async () => {
    rig = await SimulatedFleet.start();
    const { plan, operation } = await startedRebalance();
    await rig.clock.advance(5_000);
    await rig.run(rig.manager.cancel({ operationId: operation.id }, OPERATOR));
    const ended = await rig.untilEnded(operation.id, 30_000);
    expect(ended.status).toBe('canceled');
    expect(ended.progress.movesDone).toBeLessThan(plan.steps.length);
    const { moves } = await rig.run(rig.manager.moves(operation.id));
    expect(moves.filter((move) => move.status === 'copying')).toEqual([]);
    everyShardWhole();
  });

  it('[M9] [M10] a second manager takes a running operation over and finishes it; the first one stops', async () => {
    rig = await SimulatedFleet.start();
    const { plan, operation } = await startedRebalance();
    await rig.clock.advance(6_000);
    const first = rig.fleet;
    rig.fleet = await rig.openFleet();
    const ended = await rig.untilEnded(operation.id);
    expect(ended).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length } });
    expect(rig.typesOf()).toContain('operation.recovered');
    const { moves } = await rig.run(rig.manager.moves(operation.id));
    expect(moves.every((move) => move.status === 'done')).toBe(true);
    everyShardWhole();
    const closing = first.close();
    await rig.clock.advance(5_000);
    await closing;
    rig.problems.length = 0;
  });

  it('runs one operation at a time and the next one after it', async () => {
    rig = await SimulatedFleet.start();
    const first = await startedRebalance();
    const second = await rig.run(rig.manager.addNode({ zone: 'zone-a' }, OPERATOR));
    await rig.clock.advance(2_000);
    expect(rig.manager.view().summary.operations.map(({ status }) => status)).toEqual(['running', 'pending']);
    await rig.untilEnded(first.operation.id);
    expect(await rig.untilEnded(second.id)).toMatchObject({ status: 'succeeded', kind: 'add-node' });
    await rig.clock.advance(3_000);
    expect(rig.manager.view().nodes.length).toBe(13);
  });

  it('refuses to approve the same plan twice, an unknown one, and one that expired', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const both = await Promise.all([rig.manager.approve({ planId: plan.id }, OPERATOR), rig.manager.approve({ planId: plan.id }, OPERATOR)]);
    expect(both.filter((answer) => answer.ok).length).toBe(1);
    expect(await rig.manager.approve({ planId: 'plan_nothing' }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'not-found' } });
    const late = await rig.preview({ strategy: 'round-robin' });
    await rig.clock.advance(16 * 60_000);
    expect(await rig.manager.approve({ planId: late.id }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused' } });
  });
});

describe('nodes', () => {
  it('[S4] drains a node to nothing, verifies it on the node, and lets it leave', async () => {
    rig = await SimulatedFleet.start();
    const node = rig.manager.view().nodes[0]!;
    const early = await rig.manager.decommission({ nodeId: node.id, confirmName: node.name }, OPERATOR);
    expect(early).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'not-empty' }] } });
    const plan = await rig.preview({ scope: { kind: 'evacuate', nodeIds: [node.id] } });
    const drain = await rig.run(rig.manager.drain({ nodeId: node.id, planId: plan.id }, OPERATOR));
    expect(await rig.untilEnded(drain.id)).toMatchObject({ status: 'succeeded' });
    expect(rig.manager.view().nodes[0]).toMatchObject({ lifecycle: 'drained', cordoned: true });
    const leave = await rig.run(rig.manager.decommission({ nodeId: node.id, confirmName: node.name }, OPERATOR));
    expect(await rig.untilEnded(leave.id)).toMatchObject({ status: 'succeeded' });
    await rig.clock.advance(3_000);
    expect(rig.manager.view().nodes.map(({ id }) => id)).not.toContain(node.id);
    expect(rig.typesOf()).toContain('node.removed');
    everyShardWhole();
  });

  it('a drain that is canceled leaves the node active and cordoned', async () => {
    rig = await SimulatedFleet.start();
    const node = rig.manager.view().nodes[0]!;
    const plan = await rig.preview({ scope: { kind: 'evacuate', nodeIds: [node.id] } });
    const drain = await rig.run(rig.manager.drain({ nodeId: node.id, planId: plan.id }, OPERATOR));
    await rig.clock.advance(4_000);
    expect(rig.manager.view().nodes[0]!.lifecycle).toBe('draining');
    await rig.run(rig.manager.cancel({ operationId: drain.id }, OPERATOR));
    expect(await rig.untilEnded(drain.id)).toMatchObject({ status: 'canceled' });
    expect(rig.manager.view().nodes[0]).toMatchObject({ lifecycle: 'active', cordoned: true });
    await rig.run(rig.manager.uncordon(node.id, OPERATOR));
    expect(rig.manager.view().nodes[0]!.cordoned).toBe(false);
  });
});

describe('automatic mode', () => {
  it('[S5] rebalances by itself after the hold time, once, and then stays quiet', async () => {
    rig = await SimulatedFleet.start();
    await rig.change((settings) => ({ ...settings, rebalancing: { ...settings.rebalancing, mode: 'automatic', imbalanceThreshold: 0.2 } }));
    await rig.clock.advance(30_000);
    expect(rig.typesOf()).not.toContain('operation.started');
    await rig.clock.advance(1_800_000);
    expect(rig.typesOf().filter((type) => type === 'operation.started').length).toBe(1);
    expect(rig.events.find((event) => event.type === 'plan.approved')?.actor.kind).toBe('automation');
  });
});

describe('freeze', () => {
  it('[M13] pauses what runs, refuses what is new, and a human lifts it', async () => {
    rig = await SimulatedFleet.start();
    const { operation } = await startedRebalance();
    await rig.clock.advance(3_000);
    await rig.run(rig.manager.freeze('looking at something', OPERATOR));
    await rig.clock.advance(1_000);
    expect(rig.manager.view().summary).toMatchObject({ freeze: { cause: 'operator' }, operations: [{ status: 'paused' }] });
    expect(await rig.manager.resume({ operationId: operation.id }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused' } });
    await rig.run(rig.manager.unfreeze(OPERATOR));
    await rig.run(rig.manager.resume({ operationId: operation.id }, OPERATOR));
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
  });

  it('[N5] comes by itself when a zone goes silent, and nothing is moved', async () => {
    rig = await SimulatedFleet.start();
    for (const node of rig.manager.view().nodes.filter(({ domain }) => domain.zone === 'zone-a')) rig.cluster.faults.silence(node.id);
    await rig.clock.advance(30_000);
    expect(rig.manager.view().summary).toMatchObject({ freeze: { cause: 'mass-failure' } });
    expect(rig.moved).toEqual([]);
    expect(rig.manager.view().summary.health.status).toBe('critical');
    expect(rig.events.find((event) => event.type === 'cluster.healthChanged')?.message).toMatch(/^Health is (degraded|critical), was healthy: /);
  });
});
