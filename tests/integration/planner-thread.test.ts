import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { applyPlacement } from '@/lib/contract/apply-placement';
import type { Plan } from '@/lib/contract/plan';
import type { MadeMove } from '@/lib/manager/known-moves';
import { planOf, type PlanJob } from '@/lib/manager/planner';
import { validateInTurns } from '@/lib/manager/validate-in-turns';
import { packPlan, unpackPlan } from '@/lib/server/plan-transfer';
import { WorkerPlanner } from '@/lib/server/worker-planner';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { ITEMS_PER_TURN, ROWS_PER_TURN } from '@/lib/platform/in-turns';
import { NOW_MS, SCENARIOS } from '@/tests/bench/planner/generated-clusters';
import { turnsOfOthers } from '@/tests/support/turns-of-others';

const errors: string[] = [];
const planner = new WorkerPlanner({ info: () => undefined, warn: () => undefined, error: (_, message) => { errors.push(message); } });
afterAll(() => planner.close());

const jobOf = (name: string, workMax?: number): PlanJob => {
  const scenario = SCENARIOS.find((each) => each.name === name)!;
  return {
    state: scenario.state(),
    wish: { kind: 'search', request: { strategy: 'optimal', scope: scenario.scope, threshold: scenario.threshold, seed: 1 }, workMax },
    context: { planId: 'plan_thread', nowMs: NOW_MS, expiresAfterMs: 900_000, createdBy: { kind: 'system', name: 'test' }, safetyLines: DEFAULT_SETTINGS.safetyLines, capabilities: { transferPrimary: true } },
    pace: { throttle: DEFAULT_SETTINGS.throttle, speed: null },
  };
};

describe('plans for practice', { timeout: 120_000 }, () => {
  it('make way for a plan that somebody asks for, and are not begun while others plan', async () => {
    const own = new WorkerPlanner({ info: () => undefined, warn: () => undefined, error: (_, message) => { errors.push(message); } });
    const endless = own.practise(jobOf('100 x 16,384, Zipf', 1e9), new AbortController().signal);
    const job = jobOf('12 x 1,024 x 3, Zipf', 50_000);
    const asked = own.plan(job);
    expect(await own.practise(job, new AbortController().signal)).toBeNull();
    expect(await asked).toEqual({ ok: true, value: planOf(job) });
    expect(await endless).toBeNull();
    await own.close();
  });

  it('are the same as any, few, and end with their manager', async () => {
    const own = new WorkerPlanner({ info: () => undefined, warn: () => undefined, error: (_, message) => { errors.push(message); } });
    const job = jobOf('12 x 1,024 x 3, Zipf', 10_000);
    const manager = new AbortController();
    const ending = own.practise(jobOf('100 x 16,384, Zipf', 1e9), manager.signal);
    manager.abort(new Error('The manager is closing'));
    expect(await ending).toBeNull();
    const made = [];
    for (let round = 0; round < 6; round += 1) made.push(await own.practise(job, new AbortController().signal));
    const there = planOf(job);
    expect(made).toEqual([there, there, there, null, null, null]);
    expect((await own.plan(job)).ok).toBe(true);
    await own.close();
  });
});

describe('plans made in a thread', { timeout: 120_000 }, () => {
  it('[P6] are what the same job gives in place, to the byte', async () => {
    const job = jobOf('12 x 1,024 x 3, Zipf', 200_000);
    const made = await planner.plan(job);
    const digest = (plan: unknown) => createHash('sha256').update(JSON.stringify(plan)).digest('hex');
    expect(made.ok && digest(made.value)).toBe(digest(planOf(job)));
  });

  it('[P6] are what the same job gives in place also where the moves are known before: the way back, and one node for another', async () => {
    const search = jobOf('12 x 1,024 x 3, Zipf', 0);
    const there = planOf(search);
    const moves = there.steps.map((step, index): MadeMove => ({ index, step, status: index % 7 === 0 ? 'failed' : 'done', finishedAtMs: NOW_MS + (index % 5) }));
    const landed = { ...search.state, shards: applyPlacement(search.state.shards, moves.filter(({ status }) => status === 'done').map(({ step }) => step)) };
    const [nodeId, targetNodeId] = [...search.state.nodes.keys()] as [string, string];
    const jobs: PlanJob[] = [
      { ...search, state: landed, wish: { kind: 'reverse', operationId: 'operation_there', moves, strategy: 'optimal', threshold: 0.1 } },
      { ...search, wish: { kind: 'replace', nodeId, targetNodeId, strategy: 'optimal', threshold: 0.1 } },
    ];
    for (const job of jobs) {
      const here = planOf(job);
      expect(here.steps.length + here.refusals.length).toBeGreaterThan(0);
      expect(await planner.plan(job)).toEqual({ ok: true, value: here });
    }
    expect(planOf(jobs[0]!).steps.length).toBeGreaterThan(moves.length / 2);
  });

  it('tell of their progress, and end early with what they have when the caller gives up', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const made = await planner.plan(jobOf('100 x 16,384, Zipf', 1e9), {
      signal: abort.signal,
      onProgress: (share) => {
        seen.push(share);
        if (seen.length === 3) abort.abort();
      },
    });
    expect(made).toMatchObject({ ok: false, error: { code: 'canceled' } });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('are turned away when too many wait, unless somebody depends on them', async () => {
    const job = jobOf('12 x 1,024 x 3, Zipf', 0);
    const all = await Promise.all(Array.from({ length: 30 }, (_, index) => planner.plan(job, { urgent: index === 29 })));
    const codes = all.map((result) => (result.ok ? 'made' : result.error.code));
    expect(codes.filter((code) => code === 'busy').length).toBeGreaterThan(0);
    expect(codes.filter((code) => code === 'crashed')).toEqual([]);
    expect(codes.at(-1)).toBe('made');
  });

  it('a job that breaks the thread costs that job only', async () => {
    const broken = { ...jobOf('12 x 1,024 x 3, Zipf', 0), pace: null } as unknown as PlanJob;
    expect(await planner.plan(broken)).toMatchObject({ ok: false, error: { code: 'crashed' } });
    expect(errors).toEqual(['A plan could not be made: an internal error']);
    expect((await planner.plan(jobOf('12 x 1,024 x 3, Zipf', 0))).ok).toBe(true);
  });

  it('are held against a large cluster in portions, however few their steps are', async () => {
    const { state } = jobOf('1,000 x 100,000 x 3, Zipf');
    const plan: Plan = { ...planOf(jobOf('12 x 1,024 x 3, Zipf', 0)), clusterId: state.clusterId, steps: [] };
    const checked = await turnsOfOthers(() => validateInTurns(plan, state, { nowMs: NOW_MS, safetyLines: DEFAULT_SETTINGS.safetyLines }));
    expect(checked.value).toEqual([]);
    expect(checked.turns).toBeGreaterThanOrEqual(state.shards.shardCount / ROWS_PER_TURN);
  });

  it('are handed over in portions: what else the event loop has to do comes in between', async () => {
    const plan = planOf(jobOf('12 x 1,024 x 3, Zipf', 0));
    const long: Plan = { ...plan, steps: Array.from({ length: 100_000 }, (_, index) => plan.steps[index % plan.steps.length]!) };
    const unpacked = await turnsOfOthers(() => unpackPlan(packPlan(long)));
    expect(unpacked.value).toEqual(long);
    expect(unpacked.turns).toBeGreaterThanOrEqual(long.steps.length / ITEMS_PER_TURN / 2);
  });
});
