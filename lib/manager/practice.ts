/**
 * Code that has not run lately is several times as slow as later, and the first preview of
 * a manager runs little else: of 4 nodes with 16,384 shards it takes 0.2 to 0.3 s, where
 * later ones take 0.05 s. So soon after a cluster was read the first time, plans are made
 * of it that nobody sees: a few kinds, so that what they share is compiled. They take some
 * 1 s of one core in all, at the low priority of planning, once per process; whoever asks
 * for a plan meanwhile goes first.
 */
import type { PlanRequest } from '@/lib/contract/plan';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { isLeader } from '@/lib/core/cluster/cluster-state';
import { sleep } from '@/lib/platform/clock';
import type { ManagerResources } from './manager-resources';
import type { PlanJob } from './planner';
import { validateInTurns } from './validate-in-turns';

/** Whoever has just connected a cluster, or started the server, waits for other things first. */
const BEGINS_AFTER_MS = 1_000;
/** Of larger clusters the plans would take seconds each, and become quick in their course. */
const REPLICAS_MAX = 100_000;
/** Enough for a search to run hot. */
const WORK_MAX = 20_000;

/** Evens out what is not even at all, or empties a node: as near to what will be asked as can be known. */
function practiceOf({ nodes, shards }: ClusterState): readonly PlanRequest[] {
  const leaders = [...nodes.values()].filter(isLeader).map(({ id }) => id).sort();
  const [emptied] = leaders;
  if (emptied === undefined || leaders.length < 2 || shards.replicas.length > REPLICAS_MAX) return [];
  const cluster = { scope: { kind: 'cluster' }, threshold: 0, seed: 1 } as const;
  return [
    { strategy: 'round-robin', ...cluster },
    { strategy: 'load-based', scope: { kind: 'evacuate', nodeIds: [emptied] }, seed: 1 },
    { strategy: 'optimal', ...cluster },
    { strategy: 'round-robin', ...cluster },
  ];
}

/** Makes plans for practice and validates them, as an approval does, until all are made, the planner wants no more, or `signal` ends it. */
export async function practise({ planner, model, clock }: ManagerResources, jobOf: (request: PlanRequest, workMax: number) => PlanJob, signal: AbortSignal): Promise<void> {
  if (planner.practise === undefined) return;
  // Nothing but the signal makes a sleep reject.
  await sleep(clock, BEGINS_AFTER_MS, signal).catch(() => undefined);
  for (const request of practiceOf(model.state)) {
    if (signal.aborted) return;
    const job = jobOf(request, WORK_MAX);
    const plan = await planner.practise(job, signal);
    if (plan === null) return;
    await validateInTurns(plan, job.state, { nowMs: job.context.nowMs, safetyLines: model.settings.safetyLines, ignoreExpiry: false });
  }
}
