import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { Plan } from '@/lib/contract/plan';
import { planOf, type PlanJob } from '@/lib/manager/planner';
import { packPlan, unpackPlan } from '@/lib/server/plan-transfer';
import { WorkerPlanner } from '@/lib/server/worker-planner';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import { NOW_MS, SCENARIOS } from '@/tests/bench/planner/generated-clusters';
import { turnsOfOthers } from '@/tests/support/turns-of-others';

const errors: string[] = [];
const planner = new WorkerPlanner({ info: () => undefined, warn: () => undefined, error: (_, message) => { errors.push(message); } });
afterAll(() => planner.close());

const jobOf = (name: string, workMax?: number): PlanJob => {
  const scenario = SCENARIOS.find((each) => each.name === name)!;
  return {
    state: scenario.state(),
    request: { strategy: 'optimal', scope: scenario.scope, threshold: scenario.threshold, seed: 1 },
    context: { planId: 'plan_thread', nowMs: NOW_MS, expiresAfterMs: 900_000, createdBy: { kind: 'system', name: 'test' }, safetyLines: DEFAULT_SETTINGS.safetyLines, capabilities: { transferPrimary: true } },
    pace: { throttle: DEFAULT_SETTINGS.throttle, speed: null },
    workMax,
  };
};

describe('plans made in a thread', { timeout: 120_000 }, () => {
  it('[P6] are what the same job gives in place, to the byte', async () => {
    const job = jobOf('12 x 1,024 x 3, Zipf', 200_000);
    const made = await planner.plan(job);
    const digest = (plan: unknown) => createHash('sha256').update(JSON.stringify(plan)).digest('hex');
    expect(made.ok && digest(made.value)).toBe(digest(planOf(job)));
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

  it('are handed over in portions: what else the event loop has to do comes in between', async () => {
    const plan = planOf(jobOf('12 x 1,024 x 3, Zipf', 0));
    const long: Plan = { ...plan, steps: Array.from({ length: 100_000 }, (_, index) => plan.steps[index % plan.steps.length]!) };
    const unpacked = await turnsOfOthers(() => unpackPlan(packPlan(long)));
    expect(unpacked.value).toEqual(long);
    expect(unpacked.turns).toBeGreaterThanOrEqual(long.steps.length / ITEMS_PER_TURN / 2);
  });
});
