/**
 * What planning costs and how good the plans are, on generated clusters: one JSON line per
 * cluster. `npm run bench -- planner [--only TEXT]`;
 * with `--holds [--clients N]` instead, how long the server's event loop is held by long plans,
 * while N consoles look on.
 *
 * firstPlanMs: the strategy `optimal` without any search beyond construction, put in order,
 * proven and explained. withinOnePercentMs: the least budget of those tried (0, 1/16 to 1)
 * that ends within 1 % of the final cost, as the whole time such a plan takes. finalMs: with
 * the budget that requests have. gapPercent: at most so much of the final cost is avoidable;
 * missingPercent: of all that could be gained at most so much is not.
 * bytesRatio: bytes moved over what any plan must move to come as far. Beside it, on the
 * same cluster, the plain strategies and the slot-count rule of redis-cli.
 */
import { parseArgs } from 'node:util';
import { applyPlacement } from '@/lib/contract/apply-placement';
import type { Plan, Strategy } from '@/lib/contract/plan';
import { WEIGHED_DIMENSIONS } from '@/lib/contract/vocabulary';
import type { Imbalance } from '@/lib/contract/imbalance';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { imbalanceOf } from '@/lib/core/load/imbalance';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { workMaxOf } from '@/lib/core/rebalance/planning';
import { NOW_MS, SCENARIOS, type Scenario } from './planner/generated-clusters';
import { measureHolds } from './planner/holds';
import { slotCountRebalance } from './planner/slot-count-rule';

const BUDGET_SHARES = [0, 1 / 16, 1 / 8, 1 / 4, 1 / 2] as const;
const WITHIN = 1.01;

const say = (text: string) => process.stderr.write(`${text}\n`);
const rounded = (value: number, digits = 4) => Number(value.toFixed(digits));
const worstOf = (imbalance: Imbalance) => rounded(Math.max(0, ...WEIGHED_DIMENSIONS.optimal.map((dimension) => imbalance[dimension] ?? 0)));

function timed<T>(work: () => T): { readonly ms: number; readonly value: T } {
  const beganMs = performance.now();
  const value = work();
  return { ms: Math.round(performance.now() - beganMs), value };
}

function plan(state: ClusterState, { scope, threshold }: Scenario, strategy: Strategy, workMax?: number): Plan {
  return planRebalance(state, { strategy, scope, threshold, seed: 1 }, {
    planId: 'plan_bench', nowMs: NOW_MS, expiresAfterMs: 900_000, createdBy: { kind: 'system', name: 'bench' },
    safetyLines: { cpu: 0.8, memory: 0.8, disk: 0.85, network: 0.8 },
    estimateSeconds: ({ bytes }) => ({ low: bytes / 256e6, high: bytes / 64e6 }),
    capabilities: { transferPrimary: true },
    search: { workMax },
  });
}

function measure(scenario: Scenario): object {
  const state = scenario.state();
  const { shardCount, replicaMax } = state.shards;
  const first = timed(() => plan(state, scenario, 'optimal', 0));
  say(`  first plan ${first.ms} ms, ${first.value.steps.length} steps: ${first.value.verdict.message}`);
  const final = timed(() => plan(state, scenario, 'optimal'));
  say(`  final plan ${final.ms} ms, ${final.value.steps.length} steps: ${final.value.verdict.message}`);
  const { proof } = final.value;
  const enough = (proof?.costAfter ?? 0) * WITHIN;
  const workMax = workMaxOf({ binCount: state.nodes.size, itemCount: shardCount * replicaMax }, {});
  const within = BUDGET_SHARES.map((share) => timed(() => plan(state, scenario, 'optimal', Math.round(share * workMax)))).find(({ value }) => (value.proof?.costAfter ?? 0) <= enough);
  return {
    bench: 'planner', scenario: scenario.name, nodes: state.nodes.size, shards: shardCount, replicas: replicaMax,
    firstPlanMs: first.ms, withinOnePercentMs: (within ?? final).ms, finalMs: final.ms,
    costFirst: rounded(first.value.proof?.costAfter ?? 0), costFinal: rounded(proof?.costAfter ?? 0), lowerBound: rounded(proof?.lowerBound ?? 0),
    gapPercent: proof?.gap === null || proof === null ? null : rounded(proof.gap * 100, 2),
    missingPercent: proof?.missing === null || proof === null ? null : rounded(proof.missing * 100, 3),
    stoppedBy: proof?.search.stoppedBy ?? null, workDone: proof?.search.workDone ?? 0,
    steps: final.value.steps.length, bytes: final.value.bytes, bytesMin: proof?.bytesMin === null || proof === null ? null : Math.round(proof.bytesMin),
    bytesRatio: proof?.bytesMin === null || proof === null || proof.bytesMin === 0 ? null : rounded(final.value.bytes / proof.bytesMin),
    imbalanceBefore: worstOf(final.value.before.imbalance), imbalanceAfter: worstOf(final.value.after.imbalance),
    imbalanceBound: rounded(Math.max(0, ...(proof?.imbalance ?? []).map(({ lowerBound }) => lowerBound))),
    stepsFor80PercentGain: final.value.frontier.find(({ gainShare }) => gainShare >= 0.8)?.stepCount ?? 0,
    others: [...plainStrategies(state, scenario), ...(scenario.scope.kind === 'cluster' && replicaMax === 1 ? [redisCli(state)] : [])],
    rssPeakMib: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

function plainStrategies(state: ClusterState, scenario: Scenario): object[] {
  return (['load-based', 'round-robin', 'consistent-hashing'] as const).map((strategy) => {
    const { ms, value } = timed(() => plan(state, scenario, strategy));
    return { strategy, ms, steps: value.steps.length, bytes: value.bytes, imbalanceAfter: worstOf(value.after.imbalance) };
  });
}

function redisCli(state: ClusterState): object {
  const { ms, value } = timed(() => slotCountRebalance(state.shards));
  const after = imbalanceOf({ ...state, shards: applyPlacement(state.shards, value) }, NOW_MS);
  return { strategy: 'redis-cli slot counts', ms, steps: value.length, bytes: value.reduce((sum, { shardId }) => sum + state.shards.sizeBytes[shardId]!, 0), imbalanceAfter: worstOf(after) };
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({ options: { only: { type: 'string' }, holds: { type: 'boolean', default: false }, clients: { type: 'string', default: '0' } } });
  if (options.holds) {
    const clients = Number(options.clients);
    if (!Number.isInteger(clients) || clients < 0 || clients > 1_000) throw new Error('--clients takes a number from 0 to 1,000');
    (await measureHolds({ only: options.only ?? '', clients }, say)).forEach(print);
    return;
  }
  // The first plan of a process is mostly the compiler at work; a server has planned before.
  plan(SCENARIOS[0]!.state(), SCENARIOS[0]!, 'optimal');
  for (const scenario of SCENARIOS) {
    if (options.only !== undefined && !scenario.name.includes(options.only)) continue;
    say(scenario.name);
    print(measure(scenario));
  }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

await main();
