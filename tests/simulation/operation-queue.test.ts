import { afterEach, describe, expect, it } from 'vitest';
import type { Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import { primaryNodeIdOf } from '@/lib/contract/shard-table';
import { OPERATOR, SimulatedFleet } from '../support/simulated-fleet';

let rig: SimulatedFleet;

afterEach(async () => {
  expect(rig.typesOf()).not.toContain('invariant.violated');
  expect(rig.problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
  await rig.close();
});

const queue = () => rig.manager.view().summary.operations;
const shown = () => queue().map(({ kind, status, queuePosition }) => `${queuePosition ?? 'runs'} ${kind} ${status}`);

/** One that runs and three that wait. */
async function fourOperations(): Promise<Operation[]> {
  rig = await SimulatedFleet.start();
  const first = await rig.begin(await rig.preview(), 1);
  const rest = [];
  for (const zone of ['zone-a', 'zone-b', 'zone-c']) rest.push(await rig.run(rig.manager.addNode({ zone }, OPERATOR)));
  return [first, ...rest];
}

describe('the queue', () => {
  it('shows what runs and what waits, in order, and takes another order', async () => {
    const [, a, b, c] = await fourOperations();
    expect(shown()).toEqual(['runs rebalance running', '0 add-node pending', '1 add-node pending', '2 add-node pending']);
    const order = [c!.id, a!.id, b!.id];
    const answered = await rig.run(rig.manager.reorder(order, OPERATOR));
    expect(answered.map(({ id }) => id)).toEqual(order);
    expect(queue().slice(1).map(({ id }) => id)).toEqual(order);
    expect(rig.typesOf()).toContain('operation.reordered');
    await rig.restart();
    expect(queue().slice(1).map(({ id, queuePosition }) => [id, queuePosition])).toEqual(order.map((id, position) => [id, position]));
    await rig.run(rig.manager.cancel({ operationId: c!.id }, OPERATOR));
    expect(queue().slice(1).map(({ id }) => id)).toEqual([a!.id, b!.id]);
    for (const { id } of [a!, b!]) expect(await rig.untilEnded(id)).toMatchObject({ status: 'succeeded' });
    const started = rig.events.filter(({ type }) => type === 'operation.started').map(({ operationId }) => operationId);
    expect(started.slice(1)).toEqual([a!.id, b!.id]);
  });

  it('refuses orders of what is not there, twice there, or not all there', async () => {
    const [first, a, b, c] = await fourOperations();
    expect(await rig.manager.reorder([a!.id, b!.id, 'operation_nothing'], OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'unknown-operation' }] } });
    expect(await rig.manager.reorder([a!.id, b!.id, b!.id], OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'invalid-number' }] } });
    const short = await rig.manager.reorder([a!.id, b!.id], OPERATOR);
    expect(short).toMatchObject({ ok: false, error: { code: 'conflict', current: [{ id: a!.id }, { id: b!.id }, { id: c!.id }] } });
    expect(await rig.manager.reorder([first!.id, a!.id, b!.id, c!.id], OPERATOR)).toMatchObject({ ok: false, error: { code: 'conflict' } });
    expect(queue().slice(1).map(({ id }) => id)).toEqual([a!.id, b!.id, c!.id]);
  });
});

/** A node falls silent. */
async function fails(nodeId: string): Promise<void> {
  rig.cluster.faults.silence(nodeId);
  await rig.clock.advanceUntil(() => rig.manager.view().nodes.find(({ id }) => id === nodeId)?.liveness === 'suspect', 60_000);
}

const untilItsTurn = (operation: Operation) => rig.clock.advanceUntil(() => rig.open(operation.id)?.queuePosition === null && rig.open(operation.id)?.status === 'running', 40_000);

/** Small shards of a node over its line that the plan does not touch, and a plan to move them. */
async function relief(plan: Plan): Promise<Plan> {
  const { shards } = rig.manager.view();
  const planned = new Set(plan.steps.map((step) => step.shardId));
  const shardIds = Array.from({ length: shards.shardCount }, (_, shardId) => shardId).filter((shardId) => !planned.has(shardId) && primaryNodeIdOf(shards, shardId) === 'node-03').slice(0, 3);
  return rig.preview({ scope: { kind: 'shards', shardIds, targetNodeId: 'node-12' } });
}

describe('an emergency', () => {
  it('takes the turn of what runs when its moves in flight have ended; that one is put back at the head, validated again and goes on', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const rebalance = await rig.begin(plan, 3);
    const waiting = await rig.run(rig.manager.addNode({}, OPERATOR));
    const urgent = await relief(plan);
    expect(await rig.manager.approve({ planId: urgent.id, preempt: true }, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'not-an-emergency' }] } });
    await rig.change((settings) => ({ ...settings, safetyLines: { ...settings.safetyLines, disk: 0.3 } }));
    const again = await relief(plan);
    if (again.steps.length === 0) throw new Error(again.verdict.message);
    const emergency = await rig.run(rig.manager.approve({ planId: again.id, preempt: true }, OPERATOR));
    expect(emergency).toMatchObject({ urgency: 'emergency', urgencyReason: expect.stringContaining('over its line') as string });
    await untilItsTurn(emergency);
    expect([...rig.cluster.core.moves.all()].filter(({ shardId }) => plan.steps.some((step) => step.shardId === shardId))).toEqual([]);
    expect(shown().slice(0, 3)).toEqual(['runs move-shards running', '0 rebalance paused', '1 add-node pending']);
    expect(rig.open(rebalance.id)).toMatchObject({ preemptedBy: { operationId: emergency.id, resumes: true }, statusReason: expect.stringContaining('Steps aside') as string });
    await rig.change((settings) => ({ ...settings, safetyLines: { ...settings.safetyLines, disk: 0.85 } }));
    expect(await rig.untilEnded(emergency.id)).toMatchObject({ status: 'succeeded' });
    expect(await rig.untilEnded(rebalance.id)).toMatchObject({ status: 'succeeded', preemptedBy: null, progress: { movesDone: plan.steps.length } });
    expect(await rig.untilEnded(waiting.id)).toMatchObject({ status: 'succeeded' });
    expect(rig.events.filter(({ operationId }) => operationId === rebalance.id).map(({ type }) => type)).toEqual([
      'plan.approved', 'operation.queued', 'operation.started', 'operation.preempted', 'operation.paused', 'operation.resumed', 'operation.succeeded',
    ]);
  });

  it('that changes what the other one rests on supersedes it, with a new plan to look at', async () => {
    rig = await SimulatedFleet.start();
    const rebalance = await rig.begin(await rig.preview({ threshold: 0.01 }), 3);
    const nodeId = 'node-01';
    expect(await rig.manager.drain({ nodeId, preempt: true }, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'not-an-emergency' }] } });
    await fails(nodeId);
    const drain = await rig.run(rig.manager.drain({ nodeId, preempt: true }, OPERATOR));
    expect(drain).toMatchObject({ urgency: 'emergency', urgencyReason: expect.stringContaining('suspect') as string });
    await untilItsTurn(drain);
    expect(shown()).toEqual(['runs drain running', '0 rebalance paused']);
    rig.cluster.faults.silence(nodeId, false);
    expect(await rig.untilEnded(drain.id)).toMatchObject({ status: 'succeeded' });
    const ended = await rig.untilEnded(rebalance.id);
    expect(ended).toMatchObject({ status: 'superseded', supersededByPlanId: expect.any(String) as string, statusReason: expect.stringContaining('a new plan') as string });
    const next = await rig.run(rig.manager.plan(ended.supersededByPlanId!));
    expect(next).toMatchObject({ status: 'proposed', scope: { kind: 'cluster' } });
    const operation = await rig.run(rig.manager.approve({ planId: next.id }, OPERATOR));
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
  });

  it('survives restarts: the one that steps aside knows for whom, and rests where an operator said so', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const rebalance = await rig.begin(plan, 3);
    await rig.change((settings) => ({ ...settings, safetyLines: { ...settings.safetyLines, disk: 0.3 } }));
    const urgent = await relief(plan);
    const emergency = await rig.run(rig.manager.approve({ planId: urgent.id, preempt: true, throttle: { movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 1_000_000 } }, OPERATOR));
    await rig.change((settings) => ({ ...settings, safetyLines: { ...settings.safetyLines, disk: 0.85 } }));
    await untilItsTurn(emergency);
    await rig.restart();
    await rig.clock.advance(2_000);
    expect(shown()).toEqual(['runs move-shards running', '0 rebalance paused']);
    await rig.run(rig.manager.pause({ operationId: rebalance.id }, OPERATOR));
    expect(await rig.manager.pause({ operationId: rebalance.id }, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'already-so' }] } });
    await rig.restart();
    expect(await rig.untilEnded(emergency.id)).toMatchObject({ status: 'succeeded' });
    await rig.clock.advance(5_000);
    expect(rig.open(rebalance.id)).toMatchObject({ status: 'paused', preemptedBy: null });
    await rig.run(rig.manager.resume({ operationId: rebalance.id }, OPERATOR));
    expect(await rig.untilEnded(rebalance.id)).toMatchObject({ status: 'succeeded', progress: { movesDone: plan.steps.length } });
  });

  it('cannot be put behind others, and one that stepped aside can be called off', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const rebalance = await rig.begin(plan, 3);
    await rig.change((settings) => ({ ...settings, safetyLines: { ...settings.safetyLines, disk: 0.3 } }));
    const slow = { movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 1_000_000 };
    const first = await rig.run(rig.manager.approve({ planId: (await relief(plan)).id, preempt: true, throttle: slow }, OPERATOR));
    await untilItsTurn(first);
    const nodeId = 'node-05';
    await fails(nodeId);
    const second = await rig.run(rig.manager.drain({ nodeId, preempt: true }, OPERATOR));
    expect(queue().map(({ id }) => id)).toEqual([first.id, second.id, rebalance.id]);
    expect(await rig.manager.reorder([rebalance.id, second.id], OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'not-supported' }] } });
    await rig.run(rig.manager.cancel({ operationId: rebalance.id }, OPERATOR));
    await rig.run(rig.manager.cancel({ operationId: second.id }, OPERATOR));
    await rig.run(rig.manager.throttle({ operationId: first.id, throttle: { movesInFlightMax: 16, movesPerNodeMax: 8, bytesPerSecondMax: null } }, OPERATOR));
    rig.cluster.faults.silence(nodeId, false);
    expect(await rig.untilEnded(first.id)).toMatchObject({ status: 'succeeded' });
    const ended = await rig.untilEnded(rebalance.id);
    expect(ended).toMatchObject({ status: 'canceled' });
    const { moves } = await rig.run(rig.manager.moves(rebalance.id));
    expect(moves.filter(({ status }) => status === 'copying' || status === 'verifying' || status === 'committing')).toEqual([]);
    expect([...rig.cluster.core.moves.all()]).toEqual([]);
  });
});
