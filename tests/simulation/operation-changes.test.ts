/** Somebody else acts on the cluster, the manager is restarted, the database goes away: an operation ends well or says why not. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Node } from '@/lib/contract/node';
import type { Operation, Stage } from '@/lib/contract/operation';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { OPERATOR, SimulatedFleet } from '../support/simulated-fleet';

let rig: SimulatedFleet;

afterEach(async () => {
  expect(rig.typesOf()).not.toContain('invariant.violated');
  expect(rig.problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
  await rig.close();
});

const SLOW = { movesInFlightMax: 2, movesPerNodeMax: 1, bytesPerSecondMax: 8_000_000 };

/** Replaces a node; once the stage is stored as begun, the database is away. */
async function replaceUntilStage(kind: Stage['kind']): Promise<{ old: Node; operation: Operation }> {
  const old = rig.manager.view().nodes[0]!;
  rig.store.leavesAfter = (writes) => writes.some((write) => write.kind === 'save-operation' && write.operation.kind === 'replace'
    && write.operation.stages.some((stage) => stage.kind === kind && stage.status === 'running'));
  const operation = await rig.run(rig.manager.replace({ nodeId: old.id, confirmName: old.name }, OPERATOR));
  expect(await rig.clock.advanceUntil(() => rig.store.isAway, 600_000)).toBe(true);
  return { old, operation };
}

const node = (id: string) => rig.manager.view().nodes.find((each) => each.id === id);

/** It has stopped at a safe point, said so, and left a plan that runs. */
async function expectPlannedAnew(ended: Operation, because: RegExp): Promise<void> {
  expect(ended).toMatchObject({ status: 'superseded', foreignChange: expect.stringMatching(because) as string, statusReason: expect.stringContaining('a new plan of') as string });
  expect([...rig.cluster.core.moves.all()]).toEqual([]);
  expect(rig.events.find(({ type, operationId }) => type === 'operation.superseded' && operationId === ended.id)?.severity).toBe('warning');
  const next = await rig.run(rig.manager.plan(ended.supersededByPlanId!));
  expect(next).toMatchObject({ status: 'proposed', createdBy: ended.createdBy });
  const again = await rig.run(rig.manager.approve({ planId: next.id }, OPERATOR));
  expect(await rig.untilEnded(again.id)).toMatchObject({ status: 'succeeded' });
}

describe('somebody else', () => {
  it('moves a shard that the plan was to move', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const operation = await rig.begin(plan, 2);
    const { shards, nodes } = rig.manager.view();
    const last = plan.steps.findLast((step) => step.kind === 'move')!;
    const elsewhere = nodes.find(({ id, domain }) => id !== last.targetNodeId && id !== last.sourceNodeId && domain.zone === node(last.sourceNodeId)!.domain.zone && !replicaNodeIdsOf(shards, last.shardId).includes(id))!;
    await rig.moveByHand(last.shardId, last.sourceNodeId, elsewhere.id);
    await expectPlannedAnew(await rig.untilEnded(operation.id, 60_000), new RegExp(`hard ${last.shardId}`));
  });

  it('lets a node join', async () => {
    rig = await SimulatedFleet.start();
    const operation = await rig.begin(await rig.preview(), 2);
    rig.cluster.core.catchUp();
    const stranger = rig.cluster.steps.addNode('by hand', 'zone-a');
    const ended = await rig.untilEnded(operation.id, 60_000);
    await expectPlannedAnew(ended, new RegExp(`${stranger.id} carries shards, or may, and is not in the plan`));
    expect(rig.manager.view().shards.nodeIds).toContain(stranger.id);
  });

  it('loses a node, and the engine fails its shards over', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const operation = await rig.begin(plan, 2);
    const last = plan.steps.findLast((step) => step.kind === 'move' && step.role === 'primary') ?? plan.steps.at(-1)!;
    rig.cluster.faults.kill(last.sourceNodeId);
    const ended = await rig.untilEnded(operation.id, 120_000);
    expect(ended).toMatchObject({ status: 'superseded', foreignChange: expect.stringMatching(/failed over|not where/) as string });
    expect([...rig.cluster.core.moves.all()]).toEqual([]);
    rig.problems.length = 0;
  });

  it('does so while the manager is away: the next one finds it before it moves anything', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const operation = await rig.begin(plan, 2);
    await rig.run(rig.manager.throttle({ operationId: operation.id, throttle: SLOW }, OPERATOR));
    const { movesInFlight } = rig.open(operation.id)!.progress;
    await rig.close();
    const last = plan.steps.findLast((step) => step.kind === 'move')!;
    const { placement, nodes } = rig.cluster.core;
    const source = rig.cluster.core.node(last.sourceNodeId)!;
    const elsewhere = nodes.find((each) => each.id !== last.targetNodeId && each.zone === source.zone && placement.roleOf(last.shardId, each.index) === null)!;
    placement.replace(last.shardId, source.index, elsewhere.index);
    rig.fleet = await rig.openFleet();
    const movedBefore = rig.moved.length;
    const ended = await rig.untilEnded(operation.id, 60_000);
    // A transfer of the primary role that was under way comes to its end; nothing else begins.
    expect(rig.moved.length - movedBefore).toBeLessThanOrEqual(movesInFlight);
    for (const { shardId } of rig.moved.slice(movedBefore)) expect(plan.steps.filter((step) => step.shardId === shardId).map(({ kind }) => kind)).toContain('transfer');
    expect(ended.progress).toMatchObject({ movesInFlight: 0, movesDone: rig.moved.length });
    await expectPlannedAnew(ended, new RegExp(`hard ${last.shardId}`));
  });
});

describe('our own doing', () => {
  it('is no change by somebody else: a node that joined by an operation before, shards that moved as planned', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const added = await rig.run(rig.manager.addNode({ zone: 'zone-a' }, OPERATOR));
    const operation = await rig.run(rig.manager.approve({ planId: plan.id }, OPERATOR));
    await rig.untilEnded(added.id);
    await rig.clock.advance(4_000);
    await rig.restart();
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length } });
  });
});

describe('[M9] a restart of the manager', () => {
  const statusAfter = async (operation: Operation) => {
    await rig.restart();
    await rig.clock.advance(1_000);
    return rig.open(operation.id);
  };

  it('while it waits: it waits', async () => {
    rig = await SimulatedFleet.start();
    await rig.begin(await rig.preview(), 1);
    const waiting = await rig.run(rig.manager.addNode({}, OPERATOR));
    expect(await statusAfter(waiting)).toMatchObject({ status: 'pending', queuePosition: 0 });
    expect(await rig.untilEnded(waiting.id)).toMatchObject({ status: 'succeeded' });
  });

  it('while it runs: it runs, with its own limits', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const operation = await rig.begin(plan, 2);
    await rig.run(rig.manager.throttle({ operationId: operation.id, throttle: SLOW }, OPERATOR));
    expect(await statusAfter(operation)).toMatchObject({ status: 'running', throttle: SLOW });
    await rig.clock.advance(1_000);
    expect(rig.open(operation.id)!.progress.movesInFlight).toBeLessThanOrEqual(SLOW.movesInFlightMax);
    await rig.run(rig.manager.throttle({ operationId: operation.id, throttle: { movesInFlightMax: 16, movesPerNodeMax: 8, bytesPerSecondMax: null } }, OPERATOR));
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length } });
  });

  it('while it is pausing or paused: it is paused, until somebody resumes it', async () => {
    rig = await SimulatedFleet.start();
    const operation = await rig.begin(await rig.preview(), 2);
    await rig.run(rig.manager.pause({ operationId: operation.id }, OPERATOR));
    expect(rig.open(operation.id)?.status).toBe('pausing');
    expect(await statusAfter(operation)).toMatchObject({ status: 'paused', progress: { movesInFlight: 0 } });
    const moved = rig.moved.length;
    expect(await statusAfter(operation)).toMatchObject({ status: 'paused', statusReason: 'Paused by ada' });
    await rig.clock.advance(30_000);
    expect(rig.moved.length).toBe(moved);
    await rig.run(rig.manager.resume({ operationId: operation.id }, OPERATOR));
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
  });

  it('while it is being canceled: what is half-way comes to an end', async () => {
    rig = await SimulatedFleet.start();
    const operation = await rig.begin(await rig.preview(), 2);
    await rig.run(rig.manager.throttle({ operationId: operation.id, throttle: SLOW }, OPERATOR));
    await rig.clock.advance(1_000);
    await rig.run(rig.manager.cancel({ operationId: operation.id }, OPERATOR));
    await rig.restart();
    expect(await rig.untilEnded(operation.id, 60_000)).toMatchObject({ status: 'canceled', statusReason: 'Canceled by ada' });
    expect([...rig.cluster.core.moves.all()]).toEqual([]);
  });

  it.each<Stage['kind']>(['join', 'cordon', 'plan', 'execute-plan', 'verify-empty', 'leave'])('in the stage "%s" of a replacement: it goes on from there', async (kind) => {
    rig = await SimulatedFleet.start();
    const { old, operation } = await replaceUntilStage(kind);
    await rig.clock.advance(5_000);
    await rig.close();
    rig.store.isAway = false;
    rig.fleet = await rig.openFleet();
    expect((await rig.store.operation(operation.id))?.stages.find((stage) => stage.kind === kind)?.status).toBe('running');
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
    await rig.clock.advance(3_000);
    expect(rig.manager.view().nodes).toHaveLength(12);
    expect(node(old.id)).toBeUndefined();
  });

  it('after a pause, cancel or throttle before its first reading: the command counts', async () => {
    rig = await SimulatedFleet.start();
    const operation = await rig.begin(await rig.preview(), 2);
    await rig.close();
    rig.fleet = await rig.openFleet();
    await rig.run(rig.manager.pause({ operationId: operation.id }, OPERATOR));
    await rig.clock.advance(3_000);
    expect(rig.open(operation.id)).toMatchObject({ status: 'paused' });
    await rig.run(rig.manager.cancel({ operationId: operation.id }, OPERATOR));
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'canceled' });
  });
});

describe('pause, resume and cancel of a stage that is one step', () => {
  it('[M13] are taken at once: it rests after the step, or the step is called off', async () => {
    rig = await SimulatedFleet.start();
    const first = await rig.run(rig.manager.scaleOut({ nodeCount: 1 }, OPERATOR));
    await rig.clock.advanceUntil(() => rig.open(first.id)?.stages[1]?.status === 'running', 10_000);
    await rig.run(rig.manager.pause({ operationId: first.id }, OPERATOR));
    await rig.clock.advance(60_000);
    expect(rig.open(first.id)).toMatchObject({ status: 'paused', stages: [{ status: 'done' }, { status: 'done' }, { status: 'pending' }, { status: 'pending' }] });
    await rig.run(rig.manager.resume({ operationId: first.id }, OPERATOR));
    await rig.clock.advanceUntil(() => rig.moved.some((moved) => moved.targetNodeId === rig.open(first.id)?.stages[1]?.nodeId), 60_000);
    await rig.run(rig.manager.cancel({ operationId: first.id }, OPERATOR));
    expect(await rig.untilEnded(first.id)).toMatchObject({ status: 'canceled', stages: [{ kind: 'provision', status: 'done' }, { kind: 'join', status: 'done', message: expect.stringContaining('stays a member') as string }, {}, {}] });
  });
});

describe('[D6] the database goes away in the middle', () => {
  it('moves in flight end, nothing new begins or is accepted, reads go on; when it is back, so does the operation', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const operation = await rig.begin(plan, 2);
    rig.store.isAway = true;
    await rig.clock.advance(30_000);
    const moved = rig.moved.length;
    const { observedAtMs } = rig.manager.view().summary;
    await rig.clock.advance(60_000);
    expect(rig.moved.length).toBe(moved);
    expect(rig.manager.view().summary.observedAtMs).toBeGreaterThan(observedAtMs!);
    expect(rig.open(operation.id)?.status).toBe('running');
    expect(await rig.manager.pause({ operationId: operation.id }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    expect(await rig.manager.addNode({}, OPERATOR)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    expect(await rig.manager.preview({ strategy: 'round-robin', scope: { kind: 'cluster' }, seed: 1 }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    rig.store.isAway = false;
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length } });
    expect(rig.moved.length).toBe(plan.steps.length);
  });

  it('[N5] and a freeze comes meanwhile: nothing goes on when it is back, until a human says so', async () => {
    rig = await SimulatedFleet.start();
    const operation = await rig.begin(await rig.preview(), 2);
    rig.store.isAway = true;
    for (const { id, domain } of rig.manager.view().nodes) if (domain.zone === 'zone-a') rig.cluster.faults.silence(id);
    await rig.clock.advanceUntil(() => rig.manager.view().summary.freeze !== null, 120_000);
    rig.store.isAway = false;
    await rig.clock.advance(5_000);
    expect(rig.open(operation.id)).toMatchObject({ status: 'paused', statusReason: expect.stringMatching(/Frozen|Paused by manager/) as string });
  });

  it.each<Stage['kind']>(['join', 'cordon', 'plan', 'verify-empty', 'leave'])('in the stage "%s" of a replacement', async (kind) => {
    rig = await SimulatedFleet.start();
    const { operation } = await replaceUntilStage(kind);
    await rig.clock.advance(45_000);
    expect(rig.open(operation.id)?.status).toBe('running');
    rig.store.isAway = false;
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
  });
});

describe('two managers', () => {
  it('[M10] the older one, which learns late, commits nothing more, and the newer one is not held up by what the older still writes', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const operation = await rig.begin(plan, 2);
    const first = rig.fleet;
    rig.fleet = await rig.openFleet();
    await rig.clock.advance(2_000);
    const older = first.managers()[0]!;
    rig.cluster.faults.kill('node-07');
    await rig.clock.advance(20_000);
    rig.cluster.faults.restart('node-07');
    expect(await older.pause({ operationId: operation.id }, OPERATOR)).toMatchObject({ ok: false });
    const ended = await rig.untilEnded(operation.id);
    expect(['succeeded', 'superseded']).toContain(ended.status);
    expect(await rig.store.verifyEventChain(rig.manager.clusterId)).toMatchObject({ ok: true });
    let closed = false;
    const closing = first.close().finally(() => { closed = true; });
    await rig.clock.advanceUntil(() => closed, 60_000);
    await closing;
    rig.problems.length = 0;
    expect(primaryNodeIdOf(rig.manager.view().shards, 0)).not.toBeNull();
  });
});
