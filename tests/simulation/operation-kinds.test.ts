import { afterEach, describe, expect, it } from 'vitest';
import { replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { planInPlace } from '@/lib/manager/planner';
import { err } from '@/lib/platform/result';
import { OPERATOR, SimulatedFleet } from '../support/simulated-fleet';

let rig: SimulatedFleet;

afterEach(async () => {
  expect(rig.typesOf()).not.toContain('invariant.violated');
  expect(rig.problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
  await rig.close();
});

/** Who holds each shard, primary first, so that two placements can be compared. */
function placement(): string[] {
  const { shards } = rig.manager.view();
  return Array.from({ length: shards.shardCount }, (_, shardId) => replicaNodeIdsOf(shards, shardId).join(','));
}

const holdersOf = (nodeId: string) => placement().filter((row) => row.split(',').includes(nodeId)).length;
const node = (id: string) => rig.manager.view().nodes.find((each) => each.id === id);

async function rebalanced() {
  const plan = await rig.preview();
  const operation = await rig.run(rig.manager.approve({ planId: plan.id }, OPERATOR));
  return rig.untilEnded(operation.id);
}

describe('scale out', () => {
  it('lets the nodes join, then plans over all of them and fills them', async () => {
    rig = await SimulatedFleet.start();
    const before = new Set(rig.manager.view().nodes.map(({ id }) => id));
    const operation = await rig.run(rig.manager.scaleOut({ nodeCount: 2 }, OPERATOR));
    expect(operation).toMatchObject({ kind: 'scale-out', planId: null, stages: [{ kind: 'provision' }, { kind: 'provision' }, { kind: 'join' }, { kind: 'join' }, { kind: 'plan' }, { kind: 'execute-plan' }] });
    const ended = await rig.untilEnded(operation.id);
    expect(ended.status).toBe('succeeded');
    expect(ended.stages.map(({ status }) => status)).toEqual(Array(6).fill('done'));
    const joined = ended.nodeIds.filter((id) => !before.has(id));
    expect(joined).toHaveLength(2);
    for (const id of joined) expect(holdersOf(id)).toBeGreaterThan(50);
    expect(ended.report?.movesDone).toBe(ended.progress.movesTotal);
    expect((await rig.run(rig.manager.plan(ended.planId!))).status).toBe('approved');
  });

  it('called off before anything moved, lets the nodes that joined leave again', async () => {
    rig = await SimulatedFleet.start();
    const operation = await rig.run(rig.manager.scaleOut({ nodeCount: 2 }, OPERATOR));
    await rig.clock.advanceUntil(() => rig.open(operation.id)?.stages[3]?.status === 'running', 60_000);
    await rig.run(rig.manager.cancel({ operationId: operation.id }, OPERATOR));
    const ended = await rig.untilEnded(operation.id);
    expect(ended.status).toBe('canceled');
    expect(ended.stages.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'provision compensated', 'provision compensated', 'join compensated', 'join failed', 'plan pending', 'execute-plan pending',
    ]);
    expect(rig.typesOf()).toContain('operation.compensated');
    await rig.clock.advance(30_000);
    expect(node(ended.stages[2]!.nodeId!)).toBeUndefined();
    expect(rig.manager.view().nodes).toHaveLength(12);
    expect(rig.manager.provisioning().provisions).toEqual([]);
  });

  it.each([[1, 2], [2, 2]])('goes on though %i of its planning threads ended by themselves', async (crashing, tried) => {
    rig = await SimulatedFleet.start();
    const operation = await rig.run(rig.manager.scaleOut({ nodeCount: 1 }, OPERATOR));
    let asked = 0;
    rig.planner = {
      ...planInPlace,
      plan: (job, options) => {
        asked += 1;
        return asked <= crashing ? Promise.resolve(err({ code: 'crashed', message: 'Planning ended by an internal error' })) : planInPlace.plan(job, options);
      },
    };
    const ended = await rig.untilEnded(operation.id);
    expect(ended.status).toBe('succeeded');
    expect(asked).toBe(tried);
    expect(ended.report?.movesDone).toBeGreaterThan(50);
  });

  it('refuses what does not fit together', async () => {
    rig = await SimulatedFleet.start();
    expect(await rig.manager.scaleOut({}, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'invalid-number' }] } });
    expect(await rig.manager.scaleOut({ nodeCount: 3, addresses: ['a:1', 'b:2'] }, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'invalid-number', numbers: { nodeCount: 3, addresses: 2 } }] } });
    expect(await rig.manager.scaleOut({ addresses: ['a:1', 'a:1'] }, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'invalid-number' }] } });
  });
});

describe('scale in', () => {
  it('[S4] empties several nodes by one plan, verifies each on itself, and lets them leave', async () => {
    rig = await SimulatedFleet.start();
    const leaving = rig.manager.view().nodes.slice(0, 2).map(({ id }) => id);
    const plan = await rig.preview({ scope: { kind: 'evacuate', nodeIds: leaving } });
    const wrong = await rig.manager.scaleIn({ nodeIds: leaving, planId: plan.id, confirmName: 'Something else' }, OPERATOR);
    expect(wrong).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'wrong-name' }] } });
    const less = await rig.manager.scaleIn({ nodeIds: leaving.slice(0, 1), planId: plan.id, confirmName: 'Simulated' }, OPERATOR);
    expect(less).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'out-of-scope' }] } });
    const operation = await rig.run(rig.manager.scaleIn({ nodeIds: leaving, planId: plan.id, confirmName: 'Simulated' }, OPERATOR));
    const ended = await rig.untilEnded(operation.id);
    expect(ended.status).toBe('succeeded');
    expect(ended.stages.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'cordon done', 'cordon done', 'execute-plan done', 'verify-empty done', 'verify-empty done', 'leave done', 'leave done',
    ]);
    await rig.clock.advance(3_000);
    for (const id of leaving) expect(node(id)).toBeUndefined();
  });

  it('called off in the middle, leaves its nodes serving, still cordoned', async () => {
    rig = await SimulatedFleet.start();
    const leaving = rig.manager.view().nodes.slice(0, 2).map(({ id }) => id);
    const plan = await rig.preview({ scope: { kind: 'evacuate', nodeIds: leaving } });
    const operation = await rig.run(rig.manager.scaleIn({ nodeIds: leaving, planId: plan.id, confirmName: 'Simulated' }, OPERATOR));
    await rig.clock.advanceUntil(() => (rig.open(operation.id)?.progress.movesDone ?? 0) > 5, 60_000);
    await rig.run(rig.manager.cancel({ operationId: operation.id }, OPERATOR));
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'canceled', stages: [{ kind: 'cordon', status: 'compensated' }, { kind: 'cordon', status: 'compensated' }, { kind: 'execute-plan', status: 'failed' }, {}, {}, {}, {}] });
    for (const id of leaving) expect(node(id)).toMatchObject({ lifecycle: 'active', cordoned: true });
  });
});

describe('replace', () => {
  it('lets a new node join, gives it everything the old one holds, and the old one leaves', async () => {
    rig = await SimulatedFleet.start();
    const old = rig.manager.view().nodes[0]!;
    const held = holdersOf(old.id);
    expect(await rig.manager.replace({ nodeId: old.id, confirmName: 'nobody' }, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'wrong-name' }] } });
    const operation = await rig.run(rig.manager.replace({ nodeId: old.id, confirmName: old.name }, OPERATOR));
    const ended = await rig.untilEnded(operation.id);
    expect(ended).toMatchObject({ kind: 'replace', status: 'succeeded', nodeId: old.id, progress: { movesDone: held } });
    const next = ended.stages.find(({ kind }) => kind === 'join')!.nodeId!;
    await rig.clock.advance(3_000);
    expect(node(old.id)).toBeUndefined();
    expect(node(next)).toMatchObject({ lifecycle: 'active', domain: { zone: old.domain.zone } });
    expect(holdersOf(next)).toBe(held);
  });
});

describe('chosen shards', () => {
  it('move as an operation of their own kind', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview({ scope: { kind: 'shards', shardIds: [1, 2, 3], targetNodeId: 'node-12' } });
    expect(plan.steps.length).toBeGreaterThan(0);
    const operation = await rig.run(rig.manager.approve({ planId: plan.id }, OPERATOR));
    expect(operation.kind).toBe('move-shards');
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
  });
});

describe('reverse', () => {
  it('brings everything back to where it was, and both operations name each other', async () => {
    rig = await SimulatedFleet.start();
    const before = placement().map((row) => ({ primary: row.split(',')[0], holders: row.split(',').sort().join(',') }));
    const done = await rebalanced();
    expect(placement()).not.toEqual(before);
    const back = await rig.run(rig.manager.reverse({ operationId: done.id }, OPERATOR));
    expect(back).toMatchObject({ scope: { kind: 'reverse', operationId: done.id }, status: 'proposed', verdict: { code: 'reverses' } });
    const operation = await rig.run(rig.manager.approve({ planId: back.id }, OPERATOR));
    expect(operation).toMatchObject({ kind: 'reverse', reverses: done.id });
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
    expect(placement().map((row) => ({ primary: row.split(',')[0], holders: row.split(',').sort().join(',') }))).toEqual(before);
    expect(await rig.run(rig.manager.operation(done.id))).toMatchObject({ reversedBy: operation.id, status: 'succeeded' });
    expect(await rig.manager.reverse({ operationId: done.id }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'already-so' }] } });
  });

  it('takes back only what still is where it landed', async () => {
    rig = await SimulatedFleet.start();
    const done = await rebalanced();
    const back = await rig.run(rig.manager.reverse({ operationId: done.id }, OPERATOR));
    const first = back.steps.find((step) => step.kind === 'move')!;
    const holders = replicaNodeIdsOf(rig.manager.view().shards, first.shardId);
    const other = rig.manager.view().nodes.find((each) => !holders.includes(each.id) && each.id !== first.targetNodeId)!;
    await rig.moveByHand(first.shardId, first.sourceNodeId, other.id);
    await rig.clock.advance(3_000);
    const less = await rig.run(rig.manager.reverse({ operationId: done.id }, OPERATOR));
    expect(less.steps.filter((step) => step.kind === 'move' && step.shardId === first.shardId && step.targetNodeId === first.targetNodeId)).toEqual([]);
    expect(less.refusals).toMatchObject([{ constraint: 'plan-superseded', count: 1, numbers: { movedOn: 1 } }]);
    expect(less.steps.length).toBeLessThan(back.steps.length);
  });

  it('of one that runs, that moved nothing, or that there is not, is refused', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    const operation = await rig.run(rig.manager.approve({ planId: plan.id }, OPERATOR));
    await rig.clock.advance(2_000);
    expect(await rig.manager.reverse({ operationId: operation.id }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'operation-running' }] } });
    expect(await rig.manager.reverse({ operationId: 'operation_nothing' }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'not-found' } });
    await rig.untilEnded(operation.id);
    const added = await rig.run(rig.manager.addNode({}, OPERATOR));
    await rig.untilEnded(added.id);
    expect(await rig.manager.reverse({ operationId: added.id }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'not-reversible' }] } });
  });
});

describe('the report', () => {
  it('has time, bytes, keys, imbalance and latency, predicted and actual, and teaches the next estimate, also after a restart', async () => {
    rig = await SimulatedFleet.start();
    const first = await rig.preview();
    const ended = await rebalanced();
    const report = ended.report!;
    expect(report.movesTotal).toBe(report.movesDone);
    expect(report.keysActual).toBeGreaterThan(0.9 * report.keysPredicted);
    expect(report.secondsMoving).toBeLessThanOrEqual(report.secondsActual);
    expect(report.bytesPerSecond! * report.secondsMoving).toBeCloseTo(report.bytesActual, -4);
    expect(report.latency).toMatchObject({ beforeP99Ms: expect.any(Number) as number, duringP99Ms: expect.any(Number) as number, afterP99Ms: expect.any(Number) as number });
    expect(report.latency.duringWorstP99Ms).toBeGreaterThanOrEqual(report.latency.duringP99Ms!);
    const widthOf = (seconds: { low: number; high: number }) => seconds.high / seconds.low;
    const back = await rig.run(rig.manager.reverse({ operationId: ended.id }, OPERATOR));
    expect(widthOf(back.estimatedSeconds)).toBeLessThan(widthOf(first.estimatedSeconds));
    await rig.restart();
    const again = await rig.run(rig.manager.reverse({ operationId: ended.id }, OPERATOR));
    expect(again.estimatedSeconds.low).toBeCloseTo(back.estimatedSeconds.low, 3);
    expect(again.estimatedSeconds.high).toBeCloseTo(back.estimatedSeconds.high, 3);
  });
});

describe('what is foreseen', () => {
  it('is in the plan that is looked at, with its numbers, and refuses the approval while it is dangerous', async () => {
    rig = await SimulatedFleet.start();
    const plan = await rig.preview();
    expect(plan.risks.filter(({ severity }) => severity === 'danger')).toEqual([]);
    const target = plan.steps.find((step) => step.kind === 'move')!.targetNodeId;
    rig.cluster.faults.isolate(target);
    expect((await rig.preview()).risks).toContainEqual(expect.objectContaining({ code: 'not-inspected', severity: 'danger', nodeId: target }));
    expect(await rig.manager.approve({ planId: plan.id }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'dangerous-risk', nodeId: target }] } });
    rig.cluster.faults.isolate(target, false);
    await rig.clock.advance(1_000);
    const operation = await rig.run(rig.manager.approve({ planId: plan.id }, OPERATOR));
    expect(await rig.untilEnded(operation.id)).toMatchObject({ status: 'succeeded' });
  });
});
