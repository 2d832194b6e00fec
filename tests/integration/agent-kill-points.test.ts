/** [M9] A choice of the kill points of a server with agents; `npm run test:killpoints` runs them all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentKillpointBench, agentPointName, type AgentKillPoint } from '../support/killpoints/agent-killpoint-bench';

const CHOSEN: readonly AgentKillPoint[] = [
  { work: 'move', step: 'move', position: 'before-intent', victim: 'manager', after: 0 },
  { work: 'move', step: 'copyShard', position: 'under-way', victim: 'manager', after: 2 },
  { work: 'move', step: 'commitShard', position: 'under-way', victim: 'manager', after: 0 },
  { work: 'move', step: 'dropShard', position: 'after-intent', victim: 'manager', after: 0 },
  { work: 'evacuate', step: 'setRole', position: 'under-way', victim: 'manager', after: 0 },
  { work: 'call-off', step: 'dropShard', position: 'under-way', victim: 'manager', after: 0 },
  // It is away when it is to drop the copy that has moved, and back before anybody calls it dead.
  { work: 'evacuate', step: 'verifyShard', position: 'after-intent', victim: 'source', after: 0 },
];

let bench: AgentKillpointBench;
beforeAll(async () => { bench = await AgentKillpointBench.start(); }, 60_000);
afterAll(async () => {
  const report = await bench.stop();
  expect(report, report.errors.join('\n')).toMatchObject({ lost: 0, duplicated: 0 });
  expect(report.acknowledged).toBeGreaterThan(500);
}, 60_000);

describe('[M9] a server with agents, or one of them, is killed: the operation ends within 30 s, every shard is whole, no acknowledged write is lost, when', () => {
  it.each(CHOSEN.map((point) => [agentPointName(point), point] as const))('%s', async (_name, point) => {
    const { operation } = await bench.run(point);
    expect(operation.status, operation.statusReason ?? '').toBe(point.work === 'call-off' ? 'canceled' : 'succeeded');
  }, 120_000);
});
