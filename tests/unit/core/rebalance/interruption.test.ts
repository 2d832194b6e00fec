/** A plan comes soon after time is up, and nobody waits for one that was canceled: counted in questions and looks, never in time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan, PlanScope, Strategy } from '@/lib/contract/plan';
import { STRATEGIES } from '@/lib/contract/vocabulary';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { beginPlanning } from '@/lib/core/rebalance/planning';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { Effort } from '@/lib/core/rebalance/search/effort';
import { problemFromState } from '@/lib/core/rebalance/state-problem';
import type { Interruption } from '@/lib/core/rebalance/strategies/strategy';
import { SCENARIOS } from '@/tests/bench/planner/generated-clusters';
import { clusterArbitrary, runsOf } from './cluster-arbitrary';
import { contextOf, NOW_MS, requestOf } from './cluster-builder';
import { violationsOf } from './plan-checker';

const SEARCHING: readonly Strategy[] = ['optimal', 'load-based'];
const replicated = SCENARIOS.find(({ name }) => name === '12 x 1,024 x 3, Zipf')!.state();
const slots = SCENARIOS.find(({ name }) => name === '100 x 16,384, Zipf')!.state();

/** Says no to so many questions and `why` to all after them; counts both. */
function strikingAt(question: number, why: Interruption) {
  const asked = { before: 0, after: 0 };
  const interruptedBy = () => {
    if (asked.before < question) {
      asked.before += 1;
      return null;
    }
    asked.after += 1;
    return why;
  };
  return { asked, interruptedBy };
}

function planWith(state: ClusterState, strategy: Strategy, interruptedBy: () => Interruption | null, fields: { readonly scope?: PlanScope; readonly workMax?: number } = {}): Plan {
  const { scope = { kind: 'cluster' }, workMax } = fields;
  return planRebalance(state, requestOf({ strategy, threshold: 0, scope }), contextOf({ search: { interruptedBy, workMax } }));
}

describe('a threshold that cannot be reached', () => {
  it.each(SEARCHING)('%s asks for the time all the while that it searches by hand', (strategy) => {
    const { asked, interruptedBy } = strikingAt(Infinity, 'time');
    const plan = planWith(replicated, strategy, interruptedBy, { workMax: 0 });
    expect(plan.after.score).toBeGreaterThan(0);
    expect(asked.before).toBeGreaterThan(20);
  });

  it.each(SEARCHING)('%s ends by its budget of looks where it would go on, the same each time', (strategy) => {
    const problem = problemFromState(replicated, { nowMs: NOW_MS, safetyLines: contextOf().safetyLines, evacuate: new Set() });
    const changesWithin = (looksMax: number) => {
      const planning = beginPlanning(problem, requestOf({ strategy, threshold: 0 }), { transferPrimary: true, search: { workMax: 0, looksMax, interruptedBy: () => null, onProgress: () => undefined } });
      planning.strategy.propose();
      return { changes: planning.changes, report: planning.strategy.report!() };
    };
    const cut = changesWithin(20_000);
    const whole = changesWithin(Infinity);
    expect(cut.changes.length).toBeGreaterThan(0);
    expect(cut.changes.length).toBeLessThan(whole.changes.length);
    expect(changesWithin(20_000).changes).toEqual(cut.changes);
    if (strategy !== 'load-based') return;
    expect(whole.report.stoppedBy).toBe('converged');
    expect(cut.report).toMatchObject({ stoppedBy: 'work-budget', workMax: 20_000 });
    // What is looked at in one go: what lies on one node, or one copy on every node.
    expect(cut.report.workDone).toBeLessThan(20_000 + Math.max(problem.binIds.length, problem.itemRow.length));
  });
});

describe('time that is up', () => {
  it.each(SEARCHING)('%s is a sound plan of what was found by then, and says so', (strategy) => {
    for (const question of [0, 3, 10, 20]) {
      const { interruptedBy } = strikingAt(question, 'time');
      const plan = planWith(replicated, strategy, interruptedBy, { workMax: 0 });
      expect(plan.proof!.search.stoppedBy).toBe('time');
      expect(violationsOf(replicated, plan, contextOf().safetyLines, NOW_MS)).toEqual([]);
      if (question > 0) expect(plan.steps.length).toBeGreaterThan(0);
      if (question > 0) expect(plan.after.score).toBeLessThan(plan.before.score);
    }
  });

  it('an evacuation is finished all the same: half of one is none', () => {
    const nodeId = replicated.shards.nodeIds[0]!;
    for (const strategy of STRATEGIES) {
      const plan = planWith(replicated, strategy, strikingAt(0, 'time').interruptedBy, { scope: { kind: 'evacuate', nodeIds: [nodeId] } });
      expect(plan.verdict.code).toBe('evacuates');
    }
  });
});

describe('a plan that was canceled', () => {
  /** One for each part of the work that there is, and then some. */
  const LAST_QUESTIONS_MAX = 20;

  it.each(STRATEGIES)('%s is given up within a few questions, wherever it was', (strategy) => {
    const all = strikingAt(Infinity, 'canceled');
    planWith(replicated, strategy, all.interruptedBy, { workMax: 0 });
    for (const share of [0, 0.1, 0.5, 0.9, 0.99]) {
      const { asked, interruptedBy } = strikingAt(Math.floor(share * all.asked.before), 'canceled');
      const plan = planWith(replicated, strategy, interruptedBy, { workMax: 0 });
      expect(asked.after).toBeLessThan(LAST_QUESTIONS_MAX);
      if (asked.after > 0) expect(plan.proof!.search.stoppedBy).toBe('canceled');
    }
  });

  it('gives up the ordering too: what time still allowed, a cancel does not', () => {
    const { asked, interruptedBy } = strikingAt(5, 'time');
    planWith(slots, 'optimal', interruptedBy);
    let questions = 0;
    const thenCanceled = () => {
      questions += 1;
      return questions <= 5 ? null : questions <= 7 ? 'time' : 'canceled';
    };
    planWith(slots, 'optimal', thenCanceled);
    expect(questions - 7).toBeLessThan(Math.min(LAST_QUESTIONS_MAX, asked.after));
  });
});

it('[P1][P2][P3][P4][P5] whatever interrupts a plan, and when: its prefixes are sound', () => {
  const kinds = fc.constantFrom<'cluster' | 'evacuate' | 'shards'>('cluster', 'evacuate', 'shards');
  fc.assert(fc.property(clusterArbitrary({ nodeCountMin: 2 }), fc.constantFrom(...STRATEGIES), kinds, fc.nat({ max: 12 }), fc.constantFrom<Interruption>('time', 'canceled'), (state, strategy, kind, question, why) => {
    const first = [...state.nodes.keys()][0]!;
    const shardIds = Array.from({ length: Math.min(5, state.shards.shardCount) }, (_, id) => id);
    const scope: PlanScope = kind === 'cluster' ? { kind } : kind === 'evacuate' ? { kind, nodeIds: [first] } : { kind, shardIds, targetNodeId: null };
    const plan = planWith(state, strategy, strikingAt(question, why).interruptedBy, { scope });
    expect(violationsOf(state, plan, contextOf().safetyLines, NOW_MS)).toEqual([]);
  }), runsOf(120));
}, 60_000);

describe('effort', () => {
  it('ends when its looks are spent, when time is up and its grace is over, and at once when canceled', () => {
    const answers: { now: Interruption | null } = { now: null };
    const search = { interruptedBy: () => answers.now };
    const bounded = new Effort(search, { looksMax: 25_000 });
    bounded.spend(24_999);
    expect(bounded.stoppedBy).toBeNull();
    bounded.spend(1);
    expect(bounded.stoppedBy).toBe('work-budget');
    const graceful = new Effort(search, { graceLooks: 30_000 });
    answers.now = 'time';
    graceful.spend(10_000);
    expect(graceful.isOver).toBe(false);
    graceful.spend(30_000);
    expect(graceful.stoppedBy).toBe('time');
    const canceled = new Effort(search, { graceLooks: Infinity });
    canceled.spend(50_000);
    expect(canceled.isOver).toBe(false);
    answers.now = 'canceled';
    canceled.spend(10_000);
    expect(canceled.stoppedBy).toBe('canceled');
  });
});
