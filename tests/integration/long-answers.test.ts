/** Answers so long that they are written down in portions, through the whole server. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import { NodeSchema, type Node } from '@/lib/contract/node';
import { PlanSchema, type Plan } from '@/lib/contract/plan';
import { succeed } from '@/tests/support/api-calls';
import { eventually } from '@/tests/support/eventually';
import { startTestServer, type TestServer } from '@/tests/support/start-server';

let server: TestServer;
let clusterId: string;

beforeAll(async () => {
  server = await startTestServer();
  const connection = { kind: 'simulator', nodeCount: 8, zoneCount: 1, shardCount: 8_000, replicationFactor: 1 };
  const cluster = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Long plans', connection } });
  clusterId = cluster.id;
  await eventually('read', () => succeed<{ observedAtMs: number | null }>(server, 'GET', `/clusters/${clusterId}/nodes`), ({ observedAtMs }) => observedAtMs !== null);
});
afterAll(() => server.stop());

it('a plan of thousands of steps is answered, stored, repeated, read back whole and approved', { timeout: 60_000 }, async () => {
  const ask = { body: { strategy: 'consistent-hashing', threshold: 0 }, headers: { 'idempotency-key': 'test-key-long-plan' } };
  const plan = await succeed<Plan>(server, 'POST', `/clusters/${clusterId}/plans`, ask);
  expect(plan.steps.length).toBeGreaterThan(4_000);
  // All of it is a plan by the contract, although its steps were not looked through on the way out.
  expect(PlanSchema.parse(plan)).toEqual(plan);
  expect(plan.frontier.at(-1)).toMatchObject({ stepCount: plan.steps.length });
  const { plans } = await succeed<{ plans: { id: string; stepCount: number }[] }>(server, 'GET', `/clusters/${clusterId}/plans`);
  expect(plans).toEqual([expect.objectContaining({ id: plan.id, stepCount: plan.steps.length })]);
  expect(await succeed<Plan>(server, 'GET', `/plans/${plan.id}`)).toEqual(plan);
  expect(await succeed<Plan>(server, 'POST', `/clusters/${clusterId}/plans`, ask)).toEqual(plan);

  const { operation } = await succeed<{ operation: Operation }>(server, 'POST', `/plans/${plan.id}/approve`, { body: {} });
  expect(operation.progress.movesTotal).toBe(plan.steps.length);
  const { moves } = await succeed<{ moves: MoveRecord[] }>(server, 'GET', `/operations/${operation.id}/moves?cursor=${plan.steps.length - 10}&limit=10`);
  expect(moves.map(({ step }) => step)).toEqual(plan.steps.slice(-10));
});

it('the nodes of a large cluster are answered whole, as the contract has them, although they were not looked through on the way out', { timeout: 60_000 }, async () => {
  const connection = { kind: 'simulator', nodeCount: 520, zoneCount: 4, shardCount: 1_040, replicationFactor: 2 };
  const cluster = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Many nodes', connection } });
  type Answer = { nodes: Node[]; observedAtMs: number | null };
  const answer = await eventually('read', () => succeed<Answer>(server, 'GET', `/clusters/${cluster.id}/nodes`), ({ observedAtMs }) => observedAtMs !== null);
  expect(answer.nodes.map(({ id }) => id)).toEqual(Array.from({ length: 520 }, (_, index) => `node-${String(index + 1).padStart(3, '0')}`));
  expect(NodeSchema.array().parse(answer.nodes)).toEqual(answer.nodes);

  // So is a plan of few steps on so many nodes: what each holds before and after is most of it.
  const plan = await succeed<Plan>(server, 'POST', `/clusters/${cluster.id}/plans`, { body: { strategy: 'optimal', threshold: 0, constraints: { bytesMax: 5_000_000_000 } } });
  expect(plan.steps.length).toBeLessThan(500);
  expect(plan.after.holdings).toHaveLength(520);
  expect(PlanSchema.parse(plan)).toEqual(plan);
  expect(await succeed<Plan>(server, 'GET', `/plans/${plan.id}`)).toEqual(plan);
});
