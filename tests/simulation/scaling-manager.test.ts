/** The scaler inside a real manager: virtual time, the simulator as the cluster, storage in memory. */
import { afterEach, describe, expect, it } from 'vitest';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';
import { OPERATOR, SimulatedFleet, valueOf } from '../support/simulated-fleet';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const POOL = 'default';
let rig: SimulatedFleet;

afterEach(async () => {
  expect(rig.typesOf()).not.toContain('invariant.violated');
  expect(rig.problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
  await rig.close();
});

const start = () => SimulatedFleet.start({ nodeCount: 6, shardCount: 120, lastNodeEmpty: false });

function policy(edit: Partial<PolicyDocument> = {}): PolicyDocument {
  const base = defaultPolicy();
  return {
    ...base, mode: 'automatic', bounds: { nodeCountMin: 3, nodeCountMax: 12, multipleOf: 1 },
    in: { ...base.in, stabilizationMs: 10 * MINUTE_MS, cooldownMs: 5 * MINUTE_MS, paybackMs: 30 * MINUTE_MS }, ...edit,
  };
}

const save = (document: PolicyDocument, role = 'active', generation = 0) => rig.run(rig.manager.scaling.savePolicy({ pool: POOL, role, generation, policy: document }, OPERATOR));
const pool = () => valueOf(rig.manager.scaling.get(POOL));
const nodeCount = () => rig.manager.view().nodes.filter((node) => node.lifecycle === 'active' || node.lifecycle === 'joining').length;
const operationsOf = async (kind: string) => (await rig.manager.operations({ limit: 100, cursor: null })).items.filter((operation) => operation.kind === kind);

describe('without a saved policy', () => {
  it('recommends by the settings and changes nothing', async () => {
    rig = await start();
    rig.cluster.setLoadScale(3);
    await rig.clock.advance(5 * MINUTE_MS);
    expect(pool()).toMatchObject({ version: null, generation: 0, policy: { mode: 'manual' } });
    expect(rig.manager.view().summary.scaling).toMatchObject({ action: 'scale-out', nodeCount: 6 });
    expect(pool().latest?.record).toMatchObject({ action: 'scale-out', outcome: 'advise' });
    expect(nodeCount()).toBe(6);
    expect(rig.typesOf()).toContain('scaling.decided');
  });

  it('follows an edit of the settings at once', async () => {
    rig = await start();
    await rig.change((settings) => ({ ...settings, scaling: { ...settings.scaling, nodeCountMin: 8 } }));
    await rig.clock.advance(10_000);
    expect(rig.manager.view().summary.scaling).toMatchObject({ action: 'scale-out', nodeCountDecided: 8, boundBy: 'minimum' });
  });
});

describe('an automatic policy', () => {
  it('grows under load by an operation, with its data, and shrinks again one node at a time when the load goes', async () => {
    rig = await start();
    await save(policy());
    rig.cluster.setLoadScale(2.6);
    await rig.clock.advanceUntil(() => nodeCount() > 6 && rig.manager.view().summary.operations.length === 0, HOUR_MS);
    const grown = nodeCount();
    expect(grown).toBeGreaterThan(6);
    const [out] = await operationsOf('scale-out');
    expect(out).toMatchObject({ status: 'succeeded', createdBy: { kind: 'automation', name: 'scaling policy Default, generation 1' } });
    await rig.clock.advance(20 * MINUTE_MS);
    const utilizations = rig.manager.view().nodes.map((node) => node.usage.cpu! / node.capacity.cpu!);
    expect(Math.max(...utilizations)).toBeLessThan(0.95);
    expect(pool().leadTime.sampleCount).toBe(1);

    rig.cluster.setLoadScale(0.6);
    await rig.clock.advanceUntil(() => nodeCount() < grown - 1, 4 * HOUR_MS);
    const ins = await operationsOf('scale-in');
    expect(ins.length).toBeGreaterThanOrEqual(2);
    for (const operation of ins) {
      expect(operation.nodeIds).toHaveLength(1);
      expect(operation.stages.map((stage) => stage.kind)).toEqual(['cordon', 'execute-plan', 'verify-empty', 'leave', 'deprovision']);
    }
    await rig.clock.advanceUntil(() => rig.manager.view().summary.operations.length === 0, HOUR_MS);
    await rig.clock.advance(2_000);
    expect(rig.manager.provisioning().provisions).toHaveLength(rig.manager.view().nodes.length - 6);
    expect(rig.typesOf().filter((type) => type === 'scaling.started').length).toBe(ins.length + (await operationsOf('scale-out')).length);
  });

  it('[S8] holds an override over every rule, also over a restart of the manager, and lets the policy decide when it expires', async () => {
    rig = await start();
    await save(policy());
    await rig.run(rig.manager.scaling.setOverride({ pool: POOL, nodeCount: 8, durationMs: HOUR_MS, reason: 'a sale' }, OPERATOR));
    await rig.clock.advanceUntil(() => nodeCount() === 8 && rig.manager.view().summary.operations.length === 0, HOUR_MS);
    expect(pool().latest?.record.chain[0]).toMatchObject({ code: 'override', after: 8 });
    let closed = false;
    const closing = rig.fleet.close().finally(() => { closed = true; });
    await rig.clock.advanceUntil(() => closed, MINUTE_MS);
    await closing;
    rig.fleet = await rig.openFleet();
    await rig.clock.advance(5_000);
    expect(pool()).toMatchObject({ generation: 1, override: { nodeCount: 8, reason: 'a sale' } });
    await rig.clock.advance(50 * MINUTE_MS);
    expect(nodeCount()).toBe(8);
    await rig.clock.advanceUntil(() => pool().override === null, HOUR_MS);
    await rig.clock.advance(2 * MINUTE_MS);
    expect(pool().latest?.record.chain.some((link) => link.code === 'override')).toBe(false);
  });

  it('[S2] does not act while automation is frozen', async () => {
    rig = await start();
    await rig.run(rig.manager.freeze('looking', OPERATOR));
    await save(policy());
    rig.cluster.setLoadScale(3);
    await rig.clock.advance(10 * MINUTE_MS);
    expect(nodeCount()).toBe(6);
    expect(pool().latest?.record.bindingCode).toBe('frozen');
  });

  it('[S10] repairs no failure by adding nodes', async () => {
    rig = await start();
    await save(policy());
    await rig.clock.advance(5 * MINUTE_MS);
    rig.cluster.faults.kill(rig.manager.view().nodes[0]!.id);
    await rig.clock.advance(10 * MINUTE_MS);
    expect(pool().latest?.record).toMatchObject({ action: 'repair', outcome: 'advise', bindingCode: 'failed-node' });
    expect(nodeCount()).toBe(6);
  });
});

describe('approval', () => {
  const careful = () => policy({ approval: { out: { fromNodes: 1 }, in: { fromNodes: 1 }, expiresAfterMs: HOUR_MS } });

  it('proposes, and carries out only what was approved and would still be decided', async () => {
    rig = await start();
    await save(careful());
    rig.cluster.setLoadScale(2.6);
    await rig.clock.advanceUntil(() => pool().proposal !== null, HOUR_MS);
    expect(nodeCount()).toBe(6);
    const { proposal } = pool();
    const operation = await rig.run(rig.manager.scaling.approve({ pool: POOL, proposalId: proposal!.id }, OPERATOR));
    expect(operation).toMatchObject({ kind: 'scale-out', createdBy: { name: 'ada' } });
    expect((await rig.untilEnded(operation.id)).status).toBe('succeeded');
    expect(nodeCount()).toBe(proposal!.to);
    expect(await rig.manager.scaling.approve({ pool: POOL, proposalId: proposal!.id }, OPERATOR)).toMatchObject({ ok: false, error: { code: 'not-found' } });
  });

  it('withdraws what is no longer wanted, and does not ask again for what was rejected', async () => {
    rig = await start();
    await save(careful());
    rig.cluster.setLoadScale(2.6);
    await rig.clock.advanceUntil(() => pool().proposal !== null, HOUR_MS);
    await rig.run(rig.manager.scaling.reject({ pool: POOL, proposalId: pool().proposal!.id }, OPERATOR));
    await rig.clock.advance(30 * MINUTE_MS);
    expect(pool().proposal).toBeNull();
    expect(nodeCount()).toBe(6);
    await rig.clock.advanceUntil(() => pool().proposal !== null, HOUR_MS);
    rig.cluster.setLoadScale(1);
    await rig.clock.advance(5 * MINUTE_MS);
    expect(pool().proposal).toBeNull();
  });
});

describe('versions and shadows', () => {
  it('[R4] takes a change only on the generation it was built on, tells what differs, and restores', async () => {
    rig = await start();
    await save(policy());
    const stale = await rig.manager.scaling.savePolicy({ pool: POOL, role: 'active', generation: 0, policy: policy() }, OPERATOR);
    expect(stale).toMatchObject({ ok: false, error: { code: 'conflict', current: { generation: 1 } } });
    await save(policy({ intervalMs: 30_000 }), 'active', 1);
    expect(valueOf(rig.manager.scaling.diff({ pool: POOL, role: 'active', from: 1, to: 2 }))).toEqual([{ pointer: '/intervalMs', before: 60_000, after: 30_000 }]);
    await rig.run(rig.manager.scaling.restore({ pool: POOL, role: 'active', generation: 2, from: 1 }, OPERATOR));
    expect(pool()).toMatchObject({ generation: 3, policy: { intervalMs: 60_000 } });
    expect(valueOf(rig.manager.scaling.versions({ pool: POOL, role: 'active' })).versions.map((version) => version.generation)).toEqual([3, 2, 1]);
  });

  it('a shadow evaluates beside the active policy, never acts, keeps count of agreement, and can be promoted', async () => {
    rig = await start();
    await save(policy({ mode: 'manual' }));
    const bolder = policy({ name: 'Bolder', mode: 'shadow', rules: policy().rules.map((rule) => (rule.kind === 'target' ? { ...rule, target: 0.15 } : rule)) });
    await save(bolder, 'bolder');
    await rig.clock.advance(5 * MINUTE_MS);
    const [shadow] = pool().shadows;
    expect(shadow).toMatchObject({ version: { role: 'bolder', generation: 1 }, latest: { record: { action: 'scale-out', outcome: 'advise', bindingCode: 'shadow' } } });
    expect(shadow!.evaluations).toBeGreaterThanOrEqual(4);
    // Until its window is filled it holds, as the active policy does.
    expect(shadow!.agreed).toBeLessThanOrEqual(1);
    expect(nodeCount()).toBe(6);
    expect(valueOf(rig.manager.scaling.decisions({ pool: POOL, role: 'bolder', limit: 2 }))).toHaveLength(2);
    await rig.run(rig.manager.scaling.promote({ pool: POOL, role: 'bolder', generation: 1, mode: 'automatic' }, OPERATOR));
    await rig.clock.advanceUntil(() => nodeCount() > 6, HOUR_MS);
    await rig.run(rig.manager.scaling.removeShadow({ pool: POOL, role: 'bolder' }, OPERATOR));
    expect(pool()).toMatchObject({ shadows: [], version: { generation: 2, policy: { name: 'Bolder' } } });
  });

  it('a stored policy that cannot be read disables only itself: the one before stays in force', async () => {
    rig = await start();
    await save(policy({ name: 'Good' }));
    const clusterId = rig.manager.clusterId;
    await rig.store.commit([{ kind: 'save-scaling-policy', clusterId, policy: { pool: POOL, role: 'active', generation: 2, document: { savedAtMs: 1, savedBy: OPERATOR.actor, policy: { format: 2, name: '' } } } }]);
    let closed = false;
    const closing = rig.fleet.close().finally(() => { closed = true; });
    await rig.clock.advanceUntil(() => closed, MINUTE_MS);
    await closing;
    rig.fleet = await rig.openFleet();
    await rig.clock.advance(5_000);
    expect(pool()).toMatchObject({ generation: 2, policy: { name: 'Good' }, version: { generation: 1 } });
    expect(pool().problems[0]).toMatchObject({ generation: 2, errors: expect.arrayContaining([expect.objectContaining({ pointer: '/name' })]) as unknown });
    await save(policy({ name: 'Better' }), 'active', 2);
    expect(pool()).toMatchObject({ generation: 3, policy: { name: 'Better' } });
  });

  it.each<[string, Partial<PolicyDocument>, string]>([
    ['an unknown cron pattern', { schedules: [{ kind: 'cron', id: 'c', cron: '99 8 * * *', durationMs: HOUR_MS, timeZone: 'UTC', floor: 4, ceiling: null, reserve: 0 }] }, 'bad-cron'],
    ['overlapping schedules that exceed the maximum together', { schedules: ['a', 'b'].map((id) => ({ kind: 'weekly' as const, id, days: [1, 2], from: '08:00', to: '18:00', timeZone: 'Europe/Berlin', floor: 7, ceiling: null, reserve: 0 })) }, 'overlap-exceeds-maximum'],
    ['a shadow mode for the active policy', { mode: 'shadow' }, 'wrong-mode'],
  ])('refuses %s with a pointer to it', async (_name, edit, code) => {
    rig = await start();
    const saved = await rig.manager.scaling.savePolicy({ pool: POOL, role: 'active', generation: 0, policy: policy(edit) }, OPERATOR);
    expect(saved).toMatchObject({ ok: false, error: { code: 'invalid', errors: [{ code }] } });
    expect(pool().generation).toBe(0);
  });
});

describe('schedules and backtests in the manager', () => {
  it('has the nodes of a floor ready when it begins, and says beforehand when they are ordered', async () => {
    rig = await start();
    const beginsMs = rig.clock.wallMs() + 2 * HOUR_MS;
    await save(policy({ schedules: [{ kind: 'once', id: 'sale', fromMs: beginsMs, toMs: beginsMs + HOUR_MS, floor: 8, ceiling: null, reserve: 0 }] }));
    await rig.clock.advance(5 * MINUTE_MS);
    expect(pool().nextOccurrences).toEqual([expect.objectContaining({ scheduleId: 'sale', startMs: beginsMs, floor: 8 })]);
    expect(pool().latest?.record.nextOrder).toMatchObject({ scheduleId: 'sale', nodeCount: 8, readyAtMs: beginsMs, orderByMs: beginsMs - pool().leadTime.totalMs });
    expect(nodeCount()).toBe(6);
    await rig.clock.advance(beginsMs - rig.clock.wallMs());
    expect(nodeCount()).toBe(8);
    expect(rig.manager.view().summary.operations).toEqual([]);
  });

  it('tests an edited policy against the active one on what was recorded, and warns', async () => {
    rig = await start();
    await save(policy({ mode: 'manual' }));
    await rig.clock.advance(3 * HOUR_MS);
    const edited = policy({ bounds: { nodeCountMin: 8, nodeCountMax: 12, multipleOf: 1 } });
    const answer = await rig.run(rig.manager.scaling.backtest({ pool: POOL, policy: edited, series: { kind: 'recorded', days: 1 } }));
    expect(answer.stepMs).toBe(MINUTE_MS);
    expect(answer.toMs - answer.fromMs).toBeGreaterThan(2.5 * HOUR_MS);
    expect(answer.edited.nodeHours).toBeGreaterThan(answer.active.nodeHours);
    expect(answer.differences.length).toBeGreaterThan(0);
    expect(answer.warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(['acts-at-once', 'short-history']));
    expect(rig.typesOf().filter((type) => type === 'scaling.policySaved')).toHaveLength(1);
  });

  it('warns of an edit that acts at once by its rules, which saving it then shows, and not of one that holds', async () => {
    rig = await start();
    await save(policy({ mode: 'manual' }));
    await rig.clock.advance(HOUR_MS);
    const withTarget = (target: number) => policy({ rules: policy().rules.map((rule) => (rule.kind === 'target' ? { ...rule, target } : rule)) });
    const eager = withTarget(0.15);
    const warned = async (edited: PolicyDocument) => (await rig.run(rig.manager.scaling.backtest({ pool: POOL, policy: edited, series: { kind: 'recorded', days: 1 } }))).warnings.find(({ code }) => code === 'acts-at-once');
    expect(await warned(withTarget(0.4))).toBeUndefined();
    expect(await warned({ ...eager, mode: 'manual' })).toBeUndefined();
    const before = nodeCount();
    const warning = await warned(eager);
    expect(warning?.message).toMatch(new RegExp(`^It would go from ${before} to \\d+ nodes as things are: `));
    await save(eager, 'active', 1);
    await rig.clock.advance(5 * MINUTE_MS);
    expect(nodeCount()).toBeGreaterThan(before);
  });

  it('evaluates a shadow at its own interval, however seldom the active policy is due', async () => {
    rig = await start();
    await save(policy({ mode: 'manual', intervalMs: HOUR_MS }));
    await save(policy({ name: 'Quick', mode: 'shadow', intervalMs: MINUTE_MS }), 'quick');
    await rig.clock.advance(20 * MINUTE_MS);
    expect(pool().shadows[0]!.evaluations).toBeGreaterThanOrEqual(15);
  });

  it('tests on a series that is sent, and refuses one that is none', async () => {
    rig = await start();
    const given = { kind: 'given' as const, metric: 'cpu' as const, unit: 'scaled' as const, startMs: 0, stepSeconds: 300 };
    const wave = Array.from({ length: 2_000 }, (_, step) => 10 + 6 * Math.sin(step / 46));
    const answer = await rig.run(rig.manager.scaling.backtest({ pool: POOL, policy: policy(), series: { ...given, values: wave } }));
    expect(answer.edited.moves).toBeGreaterThan(0);
    // A series of one metric: rules on others would forbid to shrink, are left out and named.
    const more = policy({ rules: [...policy().rules, { ...policy().rules.find((rule) => rule.kind === 'target')!, id: 'memory', metric: 'memory' }] });
    const tried = await rig.run(rig.manager.scaling.backtest({ pool: POOL, policy: more, series: { ...given, values: wave } }));
    expect(tried.edited.moves).toBe(answer.edited.moves);
    expect(tried.warnings).toContainEqual({ code: 'rules-left-out', message: expect.stringMatching(/: memory$/) as string });
    expect(await rig.manager.scaling.backtest({ pool: POOL, policy: policy(), series: { ...given, values: [0, 0, null] } })).toMatchObject({ ok: false, error: { code: 'invalid', errors: [{ path: ['series', 'values'] }] } });
  });
});
