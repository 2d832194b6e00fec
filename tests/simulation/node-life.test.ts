/** The life of nodes as a whole manager sees it: real loop, real driver, the simulator's faults, virtual time. */
import { afterEach, describe, expect, it } from 'vitest';
import { OPERATOR, SimulatedFleet, valueOf } from '../support/simulated-fleet';

let rig: SimulatedFleet;

afterEach(async () => {
  expect(rig.typesOf()).not.toContain('invariant.violated');
  expect(rig.problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
  await rig.close();
});

const node = (nodeId: string) => rig.manager.view().nodes.find((candidate) => candidate.id === nodeId)!;
const freeze = () => rig.manager.view().summary.freeze;
const ids = () => rig.manager.view().nodes.map(({ id }) => id);

describe('liveness', () => {
  it('a killed node is suspect, unreachable within 20 s, dead after 5 min, and alive again when it returns; nothing moves for it', async () => {
    rig = await SimulatedFleet.start();
    const nodeId = ids()[0]!;
    await rig.clock.advance(30_000);
    rig.cluster.faults.kill(nodeId);
    await rig.clock.advance(5_000);
    expect(node(nodeId).liveness).toBe('suspect');
    await rig.clock.advance(15_000);
    expect(node(nodeId)).toMatchObject({ liveness: 'unreachable', livenessReason: { code: 'silent-and-probe-failed' } });
    const facts = valueOf(rig.manager.nodeLiveness(nodeId));
    expect(facts).toMatchObject({ liveness: 'unreachable', source: 'asked', probe: { answered: false }, timeouts: { unreachableAfterMs: 15_000, because: 'setting' } });
    expect(facts.phi).toBeGreaterThan(facts.phiThreshold);
    expect(facts.lastBeats.length).toBeGreaterThan(10);
    await rig.clock.advance(300_000);
    expect(node(nodeId).liveness).toBe('dead');
    expect(freeze()).toBeNull();
    expect(rig.moved).toEqual([]);
    rig.cluster.faults.restart(nodeId);
    await rig.clock.advance(2_000);
    expect(node(nodeId)).toMatchObject({ liveness: 'alive', incarnation: 2 });
    expect(rig.typesOf()).toContain('node.restarted');
  });

  it('[N5] when nobody answers, health is unknown, nobody is dead, automation freezes; once lifted it stays lifted', async () => {
    rig = await SimulatedFleet.start();
    await rig.clock.advance(30_000);
    for (const nodeId of ids()) rig.cluster.faults.silence(nodeId);
    await rig.clock.advance(20_000);
    expect(rig.manager.view().summary.health.status).toBe('unknown');
    expect(freeze()).toMatchObject({ cause: 'all-unreachable' });
    await rig.clock.advance(400_000);
    expect(new Set(rig.manager.view().nodes.map(({ liveness }) => liveness))).toEqual(new Set(['unreachable']));
    for (const nodeId of ids()) rig.cluster.faults.silence(nodeId, false);
    await rig.clock.advance(5_000);
    expect(new Set(rig.manager.view().nodes.map(({ liveness }) => liveness))).toEqual(new Set(['alive']));
    expect(freeze()).not.toBeNull();
    await rig.run(rig.manager.unfreeze(OPERATOR));
    await rig.clock.advance(60_000);
    expect(freeze()).toBeNull();
    expect(rig.manager.view().summary.health.status).toBe('healthy');
  });

  it('[N5] a freeze for a lost zone can be lifted while the zone is still gone, and comes again for the next one', async () => {
    rig = await SimulatedFleet.start();
    const inZone = (zone: string) => rig.manager.view().nodes.filter(({ domain }) => domain.zone === zone).map(({ id }) => id);
    const [first, second] = ['zone-a', 'zone-b'].map(inZone);
    for (const nodeId of first!) rig.cluster.faults.silence(nodeId);
    await rig.clock.advance(30_000);
    expect(freeze()?.reason).toContain('of zone-a');
    await rig.run(rig.manager.unfreeze(OPERATOR));
    await rig.clock.advance(600_000);
    expect(freeze()).toBeNull();
    expect(first!.map((nodeId) => node(nodeId).liveness)).toEqual(first!.map(() => 'dead'));
    for (const nodeId of second!) rig.cluster.faults.silence(nodeId);
    await rig.clock.advance(30_000);
    expect(freeze()?.reason).toContain('of zone-b');
  });

  it('[N5] a freeze that is lifted before the next reading does not come back for what has been seen', async () => {
    rig = await SimulatedFleet.start();
    await rig.clock.advance(30_000);
    for (const { id, domain } of rig.manager.view().nodes) if (domain.zone === 'zone-a') rig.cluster.faults.silence(id);
    await rig.clock.advanceUntil(() => freeze() !== null, 60_000);
    await rig.run(rig.manager.unfreeze(OPERATOR));
    await rig.clock.advance(120_000);
    expect(freeze()).toBeNull();
    expect(rig.typesOf().filter((type) => type === 'automation.frozen')).toHaveLength(1);
  });

  it('[N5] what a human has seen when lifting a freeze is remembered over a restart of the manager, until it has come back', async () => {
    rig = await SimulatedFleet.start();
    const gone = rig.manager.view().nodes.filter(({ domain }) => domain.zone === 'zone-a').map(({ id }) => id);
    for (const nodeId of gone) rig.cluster.faults.silence(nodeId);
    await rig.clock.advance(30_000);
    await rig.run(rig.manager.unfreeze(OPERATOR));
    await rig.clock.advance(5_000);
    const restart = async () => {
      await rig.fleet.close();
      rig.fleet = await rig.openFleet();
      await rig.clock.advance(60_000);
    };
    await restart();
    expect(gone.map((nodeId) => node(nodeId).liveness)).toEqual(gone.map(() => 'unreachable'));
    expect(freeze()).toBeNull();
    for (const nodeId of gone) rig.cluster.faults.silence(nodeId, false);
    await rig.clock.advance(5_000);
    for (const nodeId of gone) rig.cluster.faults.silence(nodeId);
    await restart();
    expect(freeze()?.reason).toContain('zone-a');
  });

  it('[N2] the wall clock of the manager may jump by hours: nobody changes state', async () => {
    rig = await SimulatedFleet.start();
    for (const byMs of [3_600_000, -7_200_000, 3_600_000]) {
      rig.clock.jumpWall(byMs);
      await rig.clock.advance(20_000);
    }
    expect(rig.typesOf()).not.toContain('node.livenessChanged');
    expect(freeze()).toBeNull();
  });
});

describe('repair', () => {
  const copiesOf = (nodeId: string) => {
    const { shards } = rig.manager.view();
    return shards.replicas.filter((index) => index === shards.nodeIds.indexOf(nodeId)).length;
  };
  const switchOn = async (repair: 'automatic' | 'manual') => {
    const { generation, settings } = rig.manager.settings();
    await rig.run(rig.manager.updateSettings({ generation, settings: { ...settings, health: { ...settings.health, repair } } }, OPERATOR));
  };

  it('[N8] where it is switched on, what a dead node held is copied again; the node returns and gets nothing by itself', async () => {
    rig = await SimulatedFleet.start();
    await switchOn('automatic');
    const nodeId = ids()[0]!;
    await rig.clock.advance(30_000);
    const held = copiesOf(nodeId);
    expect(held).toBeGreaterThan(0);
    rig.cluster.faults.kill(nodeId);
    await rig.clock.advance(290_000);
    expect(rig.moved).toEqual([]);
    await rig.clock.advance(20_000);
    const [repair] = rig.manager.view().summary.operations;
    expect(repair).toMatchObject({ kind: 'repair', nodeId, urgency: 'emergency', createdBy: { kind: 'automation' } });
    await rig.untilEnded(repair!.id);
    expect(valueOf(await rig.manager.operation(repair!.id))).toMatchObject({ status: 'succeeded', progress: { movesTotal: held, movesDone: held } });
    expect(copiesOf(nodeId)).toBe(0);
    expect(rig.manager.view().summary.health.reasons.map(({ code }) => code)).not.toContain('shards-under-replicated');
    const operations = rig.typesOf().filter((type) => type === 'operation.queued').length;
    rig.cluster.faults.restart(nodeId);
    await rig.clock.advance(600_000);
    expect(copiesOf(nodeId)).toBe(0);
    expect(rig.typesOf().filter((type) => type === 'operation.queued')).toHaveLength(operations);
  });

  it('[N8] without it, an operator repairs or replaces; a living node is refused', async () => {
    rig = await SimulatedFleet.start();
    const [nodeId, other] = ids();
    await rig.clock.advance(30_000);
    expect(await rig.manager.repair({ nodeId: nodeId! }, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'not-dead' }] } });
    rig.cluster.faults.kill(nodeId!);
    await rig.clock.advance(400_000);
    expect(rig.moved).toEqual([]);
    await rig.untilEnded((await rig.run(rig.manager.repair({ nodeId: nodeId! }, OPERATOR))).id);
    expect(copiesOf(nodeId!)).toBe(0);
    rig.cluster.faults.kill(other!);
    await rig.clock.advance(400_000);
    const held = copiesOf(other!);
    const operation = await rig.run(rig.manager.replace({ nodeId: other!, confirmName: node(other!).name }, OPERATOR));
    await rig.untilEnded(operation.id);
    expect(valueOf(await rig.manager.operation(operation.id))).toMatchObject({ status: 'succeeded', progress: { movesDone: held } });
    expect(ids()).not.toContain(other);
  });

  it('[N5] [N8] nothing is repaired while automation is frozen', async () => {
    rig = await SimulatedFleet.start();
    await switchOn('automatic');
    const nodeId = ids()[0]!;
    await rig.clock.advance(30_000);
    rig.cluster.faults.kill(nodeId);
    await rig.clock.advance(200_000);
    await rig.run(rig.manager.freeze('looking', OPERATOR));
    await rig.clock.advance(600_000);
    expect(rig.manager.view().summary.operations).toEqual([]);
    expect(await rig.manager.repair({ nodeId }, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'frozen' }] } });
    await rig.run(rig.manager.unfreeze(OPERATOR));
    await rig.clock.advance(5_000);
    expect(rig.manager.view().summary.operations.map(({ kind }) => kind)).toEqual(['repair']);
  });
});

describe('quarantine', () => {
  it('[N6] a flapping node is quarantined, said to be so, and released by an operator or by time', async () => {
    rig = await SimulatedFleet.start();
    const nodeId = ids()[0]!;
    await rig.clock.advance(30_000);
    rig.cluster.faults.flap(nodeId, { upMs: 10_000, downMs: 20_000, times: 4 });
    await rig.clock.advance(130_000);
    expect(node(nodeId).quarantinedUntilMs).toBeGreaterThan(rig.clock.wallMs());
    expect(rig.manager.view().summary.health.reasons.map(({ code }) => code)).toContain('nodes-quarantined');
    expect(rig.events.find(({ type }) => type === 'node.quarantined')?.message).toContain('for 5 min');
    const plan = await rig.preview({ strategy: 'round-robin', threshold: 0.01 });
    expect(plan.steps.filter((step) => step.kind === 'move' && step.targetNodeId === nodeId)).toEqual([]);
    const checks = valueOf(rig.manager.nodeChecks(nodeId));
    expect(checks.find(({ action }) => action === 'lift-quarantine')).toMatchObject({ refusals: [] });
    expect(await rig.run(rig.manager.liftQuarantine(nodeId, OPERATOR))).toMatchObject({ quarantinedUntilMs: null });
    await rig.clock.advance(5_000);
    expect(node(nodeId).quarantinedUntilMs).toBeNull();
    expect(await rig.manager.liftQuarantine(nodeId, OPERATOR)).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'already-so' }] } });
  });
});

describe('maintenance', () => {
  it('ends by itself at its expiry, with a word about it, and only then does silence count', async () => {
    rig = await SimulatedFleet.start();
    const nodeId = ids()[0]!;
    await rig.run(rig.manager.deactivate({ nodeId, durationMs: 600_000 }, OPERATOR));
    rig.cluster.faults.kill(nodeId);
    await rig.clock.advance(590_000);
    expect(node(nodeId)).toMatchObject({ liveness: 'unreachable' });
    expect(rig.manager.view().summary.health.reasons.flatMap(({ nodeIds }) => nodeIds)).not.toContain(nodeId);
    await rig.clock.advance(20_000);
    expect(node(nodeId)).toMatchObject({ maintenanceUntilMs: null, liveness: 'unreachable' });
    expect(rig.events.some(({ message }) => message.startsWith(`The maintenance of ${nodeId} is over; it is unreachable`))).toBe(true);
    await rig.clock.advance(300_000);
    expect(node(nodeId).liveness).toBe('dead');
  });
});

describe('drain', () => {
  it('says which shards hold it up while it waits, and nothing when it is done', async () => {
    rig = await SimulatedFleet.start();
    const nodeId = ids()[0]!;
    const before = await rig.run(rig.manager.drainStatus(nodeId));
    expect(before).toMatchObject({ operationId: null, holdups: [{ code: 'not-planned', shardCount: before.shards }] });
    const plan = await rig.preview({ scope: { kind: 'evacuate', nodeIds: [nodeId] } });
    const drain = await rig.run(rig.manager.drain({ nodeId, planId: plan.id }, OPERATOR));
    await rig.clock.advance(4_000);
    await rig.run(rig.manager.pause({ operationId: drain.id }, OPERATOR));
    await rig.clock.advance(2_000);
    const paused = await rig.run(rig.manager.drainStatus(nodeId));
    expect(paused).toMatchObject({ operationId: drain.id, status: 'paused' });
    expect(paused.holdups.map(({ code }) => code)).toContain('paused');
    expect(paused.holdups.reduce((sum, { shardCount }) => sum + shardCount, 0)).toBe(paused.shards);
    expect(valueOf(rig.manager.nodeChecks(nodeId)).find(({ action }) => action === 'drain')?.refusals.map(({ constraint }) => constraint)).toContain('operation-running');
    await rig.run(rig.manager.resume({ operationId: drain.id }, OPERATOR));
    await rig.untilEnded(drain.id);
    expect(await rig.run(rig.manager.drainStatus(nodeId))).toMatchObject({ shards: 0, holdups: [] });
  });
});
