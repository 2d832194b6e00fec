/** Nodes come and go through a provisioner that loses replies, is late, refuses and fails: a real manager on virtual time. */
import { afterEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Operation } from '@/lib/contract/operation';
import { UnreliableProvisioner, type Misfortune } from '../support/unreliable-provisioner';
import { OPERATOR, SimulatedFleet } from '../support/simulated-fleet';

const MINUTE_MS = 60_000;
let rig: SimulatedFleet;
let provisioner: UnreliableProvisioner;

afterEach(async () => { await end(); });

async function end(): Promise<void> {
  expect(rig.typesOf()).not.toContain('invariant.violated');
  expect(rig.problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
  await rig.close();
}

/** A fleet whose provisioner meets with these misfortunes, one per call of `provision`, in order. */
async function start(misfortunes: readonly Misfortune[] = []): Promise<void> {
  rig = await SimulatedFleet.start({ nodeCount: 6, shardCount: 60, lastNodeEmpty: false });
  const { provisioners } = rig;
  const clusterId = rig.manager.clusterId;
  const inner = provisioners.open('simulator', { ...(await rig.store.clusters())[0]!, id: clusterId })!;
  provisioner = new UnreliableProvisioner(inner, rig.clock, misfortunes);
  rig.provisioners = { offered: (kind) => provisioners.offered(kind), open: () => provisioner };
  await rig.restart();
}

const provisioning = () => rig.manager.provisioning();
const members = () => rig.manager.view().nodes.length;
const scaleOut = (nodeCount: number) => rig.run(rig.manager.scaleOut({ nodeCount }, OPERATOR));
const stagesOf = (operation: Operation) => operation.stages.map(({ kind, status }) => `${kind} ${status}`);
/** Processes there are besides the first six. */
const processes = () => rig.cluster.core.nodes.filter((node) => node.joinKey !== null && !node.removed);

describe('an intent', () => {
  it('[S7] is looked up before it is asked for again, so that lost replies make one node', async () => {
    await start(['reply-lost', 'reply-lost']);
    const ended = await rig.untilEnded((await scaleOut(1)).id);
    expect(stagesOf(ended)).toEqual(['provision done', 'join done', 'plan done', 'execute-plan done']);
    expect(provisioner.calls.filter((call) => call !== 'list')).toEqual(['provision', 'find']);
    expect(processes()).toHaveLength(1);
    expect(provisioning()).toMatchObject({ failures: 0, provisions: [{ status: 'joined', attempts: 0, nodeId: ended.nodeIds[0] }] });
  });

  it('is stored before it is asked for, and shown while it is under way with its tries', async () => {
    await start(['unavailable', 'unavailable']);
    const operation = await scaleOut(1);
    await rig.clock.advanceUntil(() => provisioner.calls.includes('provision'), MINUTE_MS);
    expect(await rig.store.provisions(rig.manager.clusterId)).toMatchObject([{ status: 'asked', operationId: operation.id }]);
    expect(provisioning().provisions).toMatchObject([{ status: 'asked', attempts: 1, lastFailure: { code: 'unavailable' } }]);
    expect(provisioning().provisions[0]!.nextTryAtMs).toBeGreaterThan(rig.clock.wallMs());
    expect((await rig.untilEnded(operation.id)).status).toBe('succeeded');
  });

  it('waits for a node that takes its time, and asks for the others meanwhile', async () => {
    await start(['slow', 'slow', 'slow']);
    const operation = await scaleOut(3);
    await rig.clock.advanceUntil(() => provisioner.calls.filter((call) => call === 'provision').length === 3, 2_000);
    expect(provisioner.calls.filter((call) => call === 'provision')).toHaveLength(3);
    expect((await rig.untilEnded(operation.id)).status).toBe('succeeded');
    expect(members()).toBe(9);
  });

  it('that never comes ends its operation after the time it may take, is returned, and makes automation rest', async () => {
    await start(['never']);
    const ended = await rig.untilEnded((await scaleOut(1)).id);
    expect(ended.status).toBe('failed');
    expect(ended.statusReason).toMatch(/simulator made no node \(timeout\): No node within 60 s/);
    expect(stagesOf(ended)).toEqual(['provision compensated', 'join pending', 'plan pending', 'execute-plan pending']);
    expect(ended.finishedAtMs! - ended.startedAtMs!).toBeLessThan(70_000);
    expect(provisioning()).toMatchObject({ failures: 1, provisions: [], lastFailure: { code: 'timeout' } });
    expect(rig.typesOf()).toEqual(expect.arrayContaining(['provisioner.asked', 'provisioner.failed', 'provisioner.returned']));
    const automation = { actor: { kind: 'automation' as const, name: 'policy' } };
    expect(await rig.manager.scaleOut({ nodeCount: 1 }, automation)).toMatchObject({ ok: false, error: { code: 'refused', refusals: [{ constraint: 'provisioner-resting', numbers: { failures: 1 } }] } });
    // A person may try whether it works again.
    expect((await rig.untilEnded((await scaleOut(1)).id)).status).toBe('succeeded');
    expect(provisioning()).toMatchObject({ failures: 0, restingUntilMs: null });
  });

  it('whose node comes after its operation has ended is found and returned', async () => {
    await start(['late']);
    const ended = await rig.untilEnded((await scaleOut(1)).id);
    expect(ended.status).toBe('failed');
    expect(processes()).toHaveLength(0);
    await rig.clock.advanceUntil(() => processes().length === 1, 20 * MINUTE_MS);
    expect(processes()).toHaveLength(1);
    await rig.clock.advanceUntil(() => processes().length === 0, 3 * MINUTE_MS);
    expect(processes()).toHaveLength(0);
    await rig.clock.advance(5_000);
    expect(rig.events.find(({ type }) => type === 'provisioner.found')?.message).toMatch(/came after its operation had ended as failed; it is returned/);
    expect(provisioning().provisions).toEqual([]);
    expect(members()).toBe(6);
  });

  it('that meets a quota fails at once, is said with its reason, and starts no storm', async () => {
    await start(['quota', 'quota', 'quota', 'quota']);
    const ended = await rig.untilEnded((await scaleOut(3)).id);
    expect(ended.statusReason).toMatch(/simulator made no node \(quota\)/);
    expect(provisioner.calls.filter((call) => call === 'provision').length).toBeLessThanOrEqual(4);
    const calls = provisioner.calls.length;
    await rig.clock.advance(10 * MINUTE_MS);
    // What goes on is that nothing of it is left out there, and the look at all it has, once a minute.
    expect(provisioner.calls.slice(calls)).not.toContain('provision');
    expect(provisioner.calls.length - calls).toBeLessThanOrEqual(14);
    expect(processes()).toHaveLength(0);
  });

  it('is given back when its operation is called off while the node is being made', async () => {
    await start(['slow', 'slow']);
    const operation = await scaleOut(2);
    await rig.clock.advanceUntil(() => provisioner.calls.includes('provision'), MINUTE_MS);
    await rig.run(rig.manager.cancel({ operationId: operation.id }, OPERATOR));
    const ended = await rig.untilEnded(operation.id);
    expect(ended.status).toBe('canceled');
    await rig.clock.advance(15 * MINUTE_MS);
    expect(processes()).toHaveLength(0);
    expect(provisioning().provisions).toEqual([]);
  });
});

describe('what is owed', () => {
  it('is returned once the provisioner answers again, and shown until then', async () => {
    await start();
    const { nodeIds } = await rig.untilEnded((await scaleOut(1)).id);
    provisioner.refuseReturns = true;
    const plan = await rig.preview({ scope: { kind: 'evacuate', nodeIds } });
    const leaving = await rig.run(rig.manager.scaleIn({ nodeIds, planId: plan.id, confirmName: 'Simulated' }, OPERATOR));
    const ended = await rig.untilEnded(leaving.id);
    expect(ended.status).toBe('succeeded');
    expect(stagesOf(ended)).toEqual(['cordon done', 'execute-plan done', 'verify-empty done', 'leave done', 'deprovision skipped']);
    expect(provisioning()).toMatchObject({ provisions: [{ status: 'returning', reason: 'It has left the cluster' }], findings: [{ code: 'not-returned' }] });
    await rig.restart();
    expect(provisioning().provisions).toMatchObject([{ status: 'returning' }]);
    provisioner.refuseReturns = false;
    await rig.clock.advanceUntil(() => provisioning().provisions.length === 0, 5 * MINUTE_MS);
    expect(provisioning()).toMatchObject({ provisions: [], findings: [] });
    expect(rig.typesOf().filter((type) => type === 'provisioner.returned')).toHaveLength(1);
  });

  it('is no member, ever: what has joined by other ways stays and is said', async () => {
    await start(['never']);
    const operation = await scaleOut(1);
    await rig.clock.advanceUntil(() => provisioner.calls.includes('provision'), MINUTE_MS);
    provisioner.comeNow();
    const [node] = processes();
    const joined = rig.cluster.steps.admitProcess(`${node!.id}.phantom:7400`);
    expect(joined.ok).toBe(true);
    await rig.clock.advance(5_000);
    await rig.untilEnded(operation.id);
    await rig.clock.advance(5 * MINUTE_MS);
    expect(processes().filter(({ member }) => !member)).toEqual([]);
  });

  it('leaves alone, and names, a node that nobody here asked for', async () => {
    await start();
    rig.cluster.steps.startProcess('somebody-elses-7', null);
    await rig.clock.advance(3 * MINUTE_MS);
    expect(processes()).toHaveLength(1);
    expect(provisioning().findings).toMatchObject([{ code: 'stranger', intentId: 'somebody-elses-7' }]);
  });
});

describe('without a provisioner', () => {
  it('refuses an unknown one in the settings, by its field', async () => {
    await start();
    const { generation, settings } = rig.manager.settings();
    const update = (name: string | null) => rig.manager.updateSettings({ generation, settings: { ...settings, scaling: { ...settings.scaling, provisioner: name } } }, OPERATOR);
    expect(await update('no-such')).toMatchObject({ ok: false, error: { code: 'invalid', errors: [{ path: ['settings', 'scaling', 'provisioner'], code: 'unknown-provisioner' }] } });
    expect(await update('simulator')).toMatchObject({ ok: true });
  });

  it('refuses absurd counts', async () => {
    await start();
    for (const nodeCount of [65, 100_000]) expect(await rig.manager.scaleOut({ nodeCount }, OPERATOR)).toMatchObject({ ok: false, error: { refusals: [{ constraint: 'invalid-number', numbers: { nodeCount, nodesMax: 64 } }] } });
    expect(processes()).toHaveLength(0);
  });
});

describe('whatever happens', () => {
  it('[S7] there is at most one node per intent at every moment, and in the end every node there is is a member', async () => {
    const misfortune = fc.constantFrom<Misfortune>('none', 'reply-lost', 'unavailable', 'slow', 'late', 'never', 'quota');
    const course = fc.record({ misfortunes: fc.array(misfortune, { maxLength: 8 }), nodeCounts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 2 }), cancelAfterMs: fc.option(fc.integer({ min: 0, max: 90_000 })), restartAfterMs: fc.option(fc.integer({ min: 0, max: 30_000 })) });
    await fc.assert(fc.asyncProperty(course, async ({ misfortunes, nodeCounts, cancelAfterMs, restartAfterMs }) => {
      await start(misfortunes);
      let most = 0;
      rig.cluster.core.onChange(() => {
        const ofIntent = new Map<string, number>();
        for (const { joinKey } of processes()) ofIntent.set(joinKey!, (ofIntent.get(joinKey!) ?? 0) + 1);
        most = Math.max(most, ...ofIntent.values());
      });
      for (const nodeCount of nodeCounts) {
        const operation = await scaleOut(nodeCount);
        if (restartAfterMs !== null) {
          await rig.clock.advance(restartAfterMs);
          await rig.restart();
        }
        if (cancelAfterMs !== null) {
          await rig.clock.advance(cancelAfterMs);
          const canceling = rig.manager.cancel({ operationId: operation.id }, OPERATOR);
          await rig.clock.advance(1_000);
          await canceling;
        }
        await rig.untilEnded(operation.id);
      }
      await rig.clock.advance(15 * MINUTE_MS);
      expect(most).toBeLessThanOrEqual(1);
      expect(processes().filter(({ member }) => !member).map(({ id }) => id)).toEqual([]);
      expect(provisioning().provisions.map(({ status }) => status)).toEqual(processes().map(() => 'joined'));
      expect(members()).toBe(6 + processes().length);
      await end();
    }), { numRuns: process.env['PS_SIM_LONG'] === '1' ? 40 : 6 });
    await start();
  });
});
