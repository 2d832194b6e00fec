/** What an operator does beyond a plan, and how long the event loop is held by it, on the cluster that the rounds were on. */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import type { Operation } from '@/lib/contract/operation';
import type { Plan, PlanRequest } from '@/lib/contract/plan';
import type { PoolScaling } from '@/lib/contract/scaling-view';
import type { VersionedSettings } from '@/lib/contract/settings';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';
import { succeed } from '@/tests/support/api-calls';
import type { LoopHolds } from '@/tests/support/loop-holds';
import type { TestServerProcess } from '@/tests/support/start-server';

/**
 * shrink: two nodes fewer are wanted, so that it is rehearsed whether they could be emptied.
 * run: a plan is approved and carried out at the preset High. back: the way back is planned.
 * grow: a node joins, the plan over all of them is made on the way, and carried out.
 */
export const LATER_PHASES = ['shrink', 'run', 'back', 'grow'] as const;
export type LaterPhases = Readonly<Record<typeof LATER_PHASES[number], LoopHolds>>;

const POOL = 'default';
const REHEARSED_WITHIN_MS = 30_000;
const RUN_MS_MAX = 120_000;
const LOOK_MS = 100;
const HALVINGS_MAX = 6;

export const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The holds while the work is done. */
export async function holdOf<T>(child: ChildProcess, work: () => Promise<T>): Promise<{ readonly holds: LoopHolds; readonly value: T }> {
  const ask = async () => {
    const answer = once(child, 'message');
    child.send('holds');
    return (await answer as [LoopHolds])[0];
  };
  await ask();
  const value = await work();
  return { holds: await ask(), value };
}

export async function measureLater(server: TestServerProcess, id: string, request: Pick<PlanRequest, 'strategy' | 'threshold'>): Promise<LaterPhases> {
  const shrink = await holdOf(server.child, () => shrinkWanted(server, id));
  await succeed(server, 'DELETE', `/clusters/${id}/scaling/${POOL}/override`);
  const { generation, settings } = await succeed<VersionedSettings>(server, 'GET', `/clusters/${id}/settings`);
  await succeed(server, 'PUT', `/clusters/${id}/settings`, { body: { generation, settings: { ...settings, throttle: THROTTLE_PRESETS.high } } });
  const plan = await planWithMoves(server, id, request);
  const run = await holdOf(server.child, () => carriedOut(server, plan.id));
  const back = await holdOf(server.child, () => succeed<Plan>(server, 'POST', `/operations/${run.value}/reverse`, { body: {} }));
  const grow = await holdOf(server.child, async () => {
    const { operation } = await succeed<{ operation: Operation }>(server, 'POST', `/clusters/${id}/scale-out`, { body: { nodeCount: 1 } });
    await until(RUN_MS_MAX, async () => (await succeed<Operation>(server, 'GET', `/operations/${operation.id}`)).finishedAtMs !== null);
  });
  return { shrink: shrink.holds, run: run.holds, back: back.holds, grow: grow.holds };
}

/** After an earlier round it may be even enough for the threshold: then for a lower one. */
async function planWithMoves(server: TestServerProcess, id: string, { strategy, threshold = 0 }: Pick<PlanRequest, 'strategy' | 'threshold'>): Promise<Plan> {
  for (let halvings = 0; ; halvings += 1) {
    const plan = await succeed<Plan>(server, 'POST', `/clusters/${id}/plans`, { body: { strategy, threshold: threshold / 2 ** halvings } });
    if (plan.steps.length > 0 || halvings === HALVINGS_MAX) return plan;
  }
}

/** @returns the operation, which has ended: canceled, where it took too long. */
async function carriedOut(server: TestServerProcess, planId: string): Promise<string> {
  const { operation: { id } } = await succeed<{ operation: Operation }>(server, 'POST', `/plans/${planId}/approve`, { body: {} });
  const hasEnded = async () => (await succeed<Operation>(server, 'GET', `/operations/${id}`)).finishedAtMs !== null;
  await until(RUN_MS_MAX, hasEnded);
  if (await hasEnded()) return id;
  await succeed(server, 'POST', `/operations/${id}/cancel`, { body: {} });
  await until(RUN_MS_MAX, hasEnded);
  return id;
}

/** A policy that only recommends, and an override that wants two nodes fewer: until it is known whether that goes. */
async function shrinkWanted(server: TestServerProcess, id: string): Promise<void> {
  const { nodes: { length: nodeCount } } = await succeed<{ nodes: readonly unknown[] }>(server, 'GET', `/clusters/${id}/nodes`);
  const policy = { ...defaultPolicy(['cpu', 'memory']), mode: 'manual', intervalMs: 1_000, bounds: { nodeCountMin: 2, nodeCountMax: 10_000, multipleOf: 2 } };
  const stored = await succeed<PoolScaling>(server, 'GET', `/clusters/${id}/scaling/${POOL}`);
  await succeed(server, 'PUT', `/clusters/${id}/scaling/${POOL}/policies/active`, { body: { generation: stored.generation, policy } });
  await succeed(server, 'PUT', `/clusters/${id}/scaling/${POOL}/override`, { body: { nodeCount: nodeCount - 2, durationMs: 600_000, reason: 'bench' } });
  await until(REHEARSED_WITHIN_MS, async () => {
    const { latest } = await succeed<PoolScaling>(server, 'GET', `/clusters/${id}/scaling/${POOL}`);
    return latest?.record.action === 'scale-in' || latest?.record.bindingCode === 'planner-refused';
  });
}

async function until(msMax: number, isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + msMax;
  while (!await isTrue() && performance.now() < endMs) await wait(LOOK_MS);
}
