import type { ExecutionStatus, Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import { learnSpeed } from '@/lib/core/execution/estimate';
import { unservedOf } from '@/lib/core/execution/unserved';
import { sleep } from '@/lib/platform/clock';
import { ok } from '@/lib/platform/result';
import type { EventDraft } from './event-log';
import { reportOf } from './operation-report';
import type { SagaContext } from './saga-context';

type Ending = Extract<ExecutionStatus, 'succeeded' | 'failed' | 'canceled' | 'superseded'>;

/** Whoever sees the end sees the cluster as the operation left it, its report, and what comes next. What left a shard to nobody has not succeeded. */
export async function finishOperation(context: SagaContext, wanted: Ending, reasonGiven: string | null): Promise<void> {
  const { callbacks, model, store, clock } = context.resources;
  const { observer, closing } = context.parts;
  await observer.observe(closing, 'full');
  const before = context.operation;
  if (before === undefined || context.stopping()) return;
  const plan = before.planId === null ? null : await context.read(() => store.plan(before.planId!));
  const afterP99Ms = before.progress.movesDone === 0 ? null : await latencyAfter(context);
  if (context.stopping()) return;
  const unserved = wanted !== 'succeeded' || plan === null ? [] : await unservedAfter(context, plan);
  if (context.stopping()) return;
  const status = unserved.length > 0 ? 'failed' : wanted;
  const reason = unserved.length > 0 ? `${unserved.length} of the shards that were moved ${unserved.length === 1 ? 'is' : 'are'} served by nobody now, the first is ${unserved[0]}` : reasonGiven;
  const next = status === 'superseded' && plan !== null ? await plannedAgain(context, plan) : null;
  const ended = await context.persist((operation) => {
    const latency = { ...operation.latency, afterP99Ms };
    const report = plan === null || operation.startedAtMs === null ? null : reportOf({ ...operation, latency }, plan, { imbalance: model.imbalance, nowMs: context.nowMs });
    return ok({
      change: { status, statusReason: reasonOf(operation, status, reason, next), finishedAtMs: context.nowMs, latency, report, queuePosition: null, preemptedBy: null, supersededByPlanId: next?.id ?? null },
      event: FINAL_EVENTS[status],
      writes: () => (next === null ? [] : [{ kind: 'insert-plan', plan: next }]),
      drafts: next === null ? [] : [{ type: 'plan.proposed', planId: next.id, operationId: operation.id, message: `Planned anew because the cluster changed: ${next.steps.length} steps. ${next.verdict.message}`.slice(0, 1_000) }],
    });
  });
  if (!ended) return;
  const stored = await context.read(() => store.operation(context.operationId));
  if (stored === null) return;
  if (stored.report !== null) model.speed = learnSpeed(model.speed, stored.report);
  model.touch();
  callbacks.rebalanceCompleted.emit(stored);

  async function latencyAfter({ parts }: SagaContext): Promise<number | null> {
    await sleep(clock, model.settings.observationIntervalMs, parts.closing).catch(() => undefined);
    if (context.stopping()) return null;
    await observer.observe(parts.closing);
    return model.totals.latencyP99Ms;
  }
}

/** One look may come while the nodes still tell each other. */
async function unservedAfter({ resources: { model, clock }, parts: { observer, closing } }: SagaContext, plan: Plan): Promise<readonly number[]> {
  const first = unservedOf(model.state.shards, plan.steps);
  if (first.length === 0) return first;
  await sleep(clock, model.settings.observationIntervalMs, closing).catch(() => undefined);
  await observer.observe(closing, 'full');
  return unservedOf(model.state.shards, plan.steps);
}

const FINAL_EVENTS = {
  succeeded: 'operation.succeeded', failed: 'operation.failed', canceled: 'operation.canceled', superseded: 'operation.superseded',
} as const satisfies Partial<Record<ExecutionStatus, EventDraft['type']>>;

async function plannedAgain(context: SagaContext, plan: Plan): Promise<Plan | null> {
  const journal = await context.read(() => context.resources.store.moves(context.operationId));
  const { operation } = context;
  return journal === null || operation === undefined ? null : context.parts.plans.again(operation, plan, journal.moves);
}

function reasonOf(operation: Operation, status: ExecutionStatus, reason: string | null, next: Plan | null): string | null {
  if (status !== 'superseded') return reason;
  const what = operation.foreignChange ?? reason ?? 'The plan does not hold any more';
  const then = next === null ? 'nothing is left to do, or nothing can be planned now' : `a new plan of ${next.steps.length} steps is ready to be looked at`;
  return `The cluster changed: ${what}; ${then}`.slice(0, 1_000);
}
