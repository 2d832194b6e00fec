/** [M9] Every order of every move of agents, every position around it, every process that can die there. Some minutes; `npm run test:killpoints`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentKillpointBench, agentPointName, type AgentKillPoint, type AgentWork } from '../support/killpoints/agent-killpoint-bench';
import { ORDERS, POSITIONS, VICTIMS, type KillPoint, type Order, type Position } from '../support/killpoints/kill-point';

/** An order is an effect alone. */
const AROUND_ORDERS: readonly Position[] = ['after-intent', 'under-way', 'after-effect'];
/** A node that is emptied has targets by the dozen, and a role is handed over by its source alone. */
const WORKS: readonly { readonly work: AgentWork; readonly orders: readonly Order[]; readonly victims: readonly KillPoint['victim'][] }[] = [
  { work: 'move', orders: ['copyShard', 'verifyShard', 'commitShard', 'dropShard'], victims: VICTIMS },
  { work: 'evacuate', orders: ORDERS, victims: ['manager', 'source'] },
  { work: 'call-off', orders: ['dropShard'], victims: VICTIMS },
];

function pointsOf(victim: KillPoint['victim']): readonly AgentKillPoint[] {
  return WORKS.filter(({ victims }) => victims.includes(victim)).flatMap(({ work, orders }) => [
    ...(work === 'call-off' ? [] : POSITIONS.map((position): AgentKillPoint => ({ work, step: 'move', position, victim, after: 0 }))),
    ...orders.flatMap((step) => AROUND_ORDERS.map((position): AgentKillPoint => ({ work, step, position, victim, after: afterOf(step, position) }))),
  ]);
}

/** A copy tells of itself again and again: the first words are of its beginning. */
function afterOf(step: Order, position: Position): number {
  return step === 'copyShard' && position === 'under-way' ? 2 : 0;
}

describe.each(VICTIMS)('[M9] the operation goes on or is rolled back within 30 s, every shard is whole, no acknowledged write is lost, when the %s is killed in', (victim) => {
  let bench: AgentKillpointBench;
  beforeAll(async () => { bench = await AgentKillpointBench.start(); }, 60_000);
  afterAll(async () => {
    const report = await bench.stop();
    expect(report, report.errors.join('\n')).toMatchObject({ lost: 0, duplicated: 0 });
    // Clients need the manager for nothing; what a node had not answered when it died is lost to its client.
    if (victim === 'manager') expect(report.clientErrors, report.errors.join('\n')).toBe(0);
    expect(report.acknowledged).toBeGreaterThan(1_000);
  }, 120_000);

  it.each(pointsOf(victim).map((point) => [agentPointName(point), point] as const))('%s', async (_name, point) => {
    const { operation } = await bench.run(point);
    // A manager goes on with what it finds; where a node dies, the operation may rightly end and take back what it did.
    if (victim === 'manager') expect(operation.status, operation.statusReason ?? '').toBe(point.work === 'call-off' ? 'canceled' : 'succeeded');
    else expect(['succeeded', 'failed', 'canceled', 'superseded']).toContain(operation.status);
  }, 120_000);
});
