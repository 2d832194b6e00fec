/** The stage in which an operation makes its plan: its nodes have joined only just now, so it could not be made before. */
import type { Plan } from '@/lib/contract/plan';
import { acceptsPlacement } from '@/lib/core/cluster/cluster-state';
import { sleep } from '@/lib/platform/clock';
import { ok } from '@/lib/platform/result';
import { bytesOf, movesOf } from './plan-moves';
import type { SagaContext } from './saga-context';
import type { StageOutcome } from './stage-run';

/** A node that has joined is seen to be alive and to accept shards within this time, or never. */
const JOINED_SEEN_MS_MAX = 60_000;
const LOOK_EVERY_MS = 500;

export async function makePlanOf(context: SagaContext, index: number): Promise<StageOutcome> {
  const unseen = await joinedAreSeen(context);
  if (context.stopping() || context.operation === undefined) return { status: 'stopped', message: null };
  if (unseen !== null) return { status: 'failed', message: unseen };
  const plan = await context.parts.plans.make(context.operation);
  if (context.stopping()) return { status: 'stopped', message: null };
  const whyNot = obstacleOf(plan);
  if (whyNot !== null) {
    await context.change({ refusals: plan.refusals.slice(0, 100) });
    return { status: 'failed', message: whyNot };
  }
  const approved: Plan = { ...plan, status: 'approved' };
  const moves = movesOf(plan.steps);
  const epoch = context.resources.model.state.epoch;
  const stored = await context.persist((operation) => ok({
    change: {
      planId: plan.id,
      progress: { ...operation.progress, movesTotal: moves.length, bytesTotal: bytesOf(plan.steps, plan) },
      stages: operation.stages.map((stage, at) => (at === index ? { ...stage, status: 'done' as const, message: plan.verdict.message, finishedAtMs: context.nowMs } : stage)),
    },
    writes: () => [
      { kind: 'insert-plan', plan: approved },
      ...(moves.length === 0 ? [] : [{ kind: 'insert-moves' as const, clusterId: operation.clusterId, operationId: operation.id, moves, epoch }]),
    ],
    drafts: [{ type: 'plan.approved', severity: 'notice', actor: operation.createdBy, planId: plan.id, operationId: operation.id, message: `Plan made on the way: ${moves.length} steps. ${plan.verdict.message}`.slice(0, 1_000) }],
  }));
  return stored ? { status: 'done', message: plan.verdict.message } : { status: 'stopped', message: null };
}

/** A replacement that cannot take everything would leave the old node half full; the others move what they can. */
function obstacleOf(plan: Plan): string | null {
  if (plan.verdict.code === 'invalid') return plan.verdict.message;
  const left = plan.verdict.numbers['left'] ?? 0;
  return plan.scope.kind === 'replace' && left > 0 ? plan.verdict.message : null;
}

/** `null` when every node that joined is in the picture and accepts shards. */
async function joinedAreSeen(context: SagaContext): Promise<string | null> {
  const { clock, model } = context.resources;
  const deadlineMs = clock.monotonicMs() + JOINED_SEEN_MS_MAX;
  for (;;) {
    if (context.stopping()) return null;
    await context.parts.observer.observe(context.parts.closing, 'full');
    const joined = context.operation?.stages.flatMap((stage) => (stage.kind === 'join' && stage.nodeId !== null ? [stage.nodeId] : [])) ?? [];
    const missing = joined.find((nodeId) => {
      const node = model.nodes.get(nodeId);
      return node === undefined || !acceptsPlacement(node, context.nowMs);
    });
    if (missing === undefined) return null;
    if (clock.monotonicMs() > deadlineMs) return `${missing} has joined but does not accept shards ${Math.round(JOINED_SEEN_MS_MAX / 1_000)} s later`;
    await sleep(clock, LOOK_EVERY_MS, context.parts.closing).catch(() => undefined);
  }
}
