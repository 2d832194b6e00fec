/** Preview: plans are made from what is known now, and kept; nothing moves. */
import { WHAT_IF_STEPS_MAX, type Plan, type PlanRequest, type WhatIf } from '@/lib/contract/plan';
import type { Actor } from '@/lib/contract/primitives';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { estimateSeconds } from '@/lib/core/execution/estimate';
import { ok } from '@/lib/platform/result';
import { failureOfStore, refusal, refused, type CommandContext, type CommandResult } from './commands';
import type { EventDraft } from './event-log';
import { foreseenRisks } from './foreseen-risks';
import type { ManagerResources } from './manager-resources';

export const PLAN_EXPIRES_AFTER_MS = 15 * 60_000;

export class PlanCommands {
  constructor(private readonly resources: ManagerResources) {}

  /** Makes and keeps a plan; nothing moves. Bad input gives a plan whose verdict is `invalid`, or refusals where no plan can be made at all. */
  async preview(request: PlanRequest, context: CommandContext): Promise<CommandResult<Plan>> {
    const made = this.#make(request, context);
    if (!made.ok) return made;
    const foreseen = await foreseenRisks(this.resources, made.value.steps);
    return this.keep({ ...made.value, risks: [...foreseen, ...made.value.risks] }, context);
  }

  /** A plan to look at: not kept, no event, cannot be approved. */
  whatIf(request: PlanRequest, context: CommandContext): Promise<CommandResult<WhatIf>> {
    const made = this.#make(request, context);
    if (!made.ok) return Promise.resolve(made);
    const { steps, ...plan } = made.value;
    return Promise.resolve(ok({ ...plan, steps: steps.slice(0, WHAT_IF_STEPS_MAX), stepCount: steps.length }));
  }

  #make(request: PlanRequest, context: CommandContext): CommandResult<Plan> {
    const blind = blindness(this.resources);
    if (blind !== null) return refused(blind);
    const plan = this.make(request, context.actor);
    if (plan.verdict.code === 'invalid') {
      return { ok: false, error: { code: 'refused', refusals: plan.refusals.length > 0 ? plan.refusals : [refusal('nothing-to-move', plan.verdict.message)] } };
    }
    return ok(plan);
  }

  /** A plan from what is known now; not kept. Its verdict may be `invalid`. */
  make(request: PlanRequest, actor: Actor): Plan {
    const { model, clock, nextId, driver } = this.resources;
    const { strategy, scope, seed, preset, weights, constraints, safetyLines } = request;
    return planRebalance(model.state, {
      strategy, scope, seed, preset, weights, constraints, safetyLines,
      threshold: request.threshold ?? model.settings.rebalancing.imbalanceThreshold,
    }, {
      planId: nextId('plan'),
      nowMs: Math.round(clock.wallMs()),
      expiresAfterMs: PLAN_EXPIRES_AFTER_MS,
      createdBy: actor,
      safetyLines: model.settings.safetyLines,
      estimateSeconds: (work) => estimateSeconds(work, model.settings.throttle, model.speed),
      capabilities: { transferPrimary: driver.capabilities.transferPrimary },
    });
  }

  /** Stores it as a proposal that can be approved. */
  async keep(plan: Plan, context: CommandContext): Promise<CommandResult<Plan>> {
    const proposed: EventDraft = {
      type: 'plan.proposed', actor: context.actor, planId: plan.id,
      message: `Plan by ${plan.strategy}: ${plan.steps.length} steps. ${plan.verdict.message}`.slice(0, 1_000),
      data: { steps: plan.steps.length, bytes: plan.bytes, scoreBefore: plan.before.score, scoreAfter: plan.after.score },
    };
    const committed = await this.resources.log.commit([{ kind: 'insert-plan', plan }, ...(context.alsoCommit?.(plan) ?? [])], [proposed]);
    return committed.ok ? ok(plan) : { ok: false, error: failureOfStore(committed.error) };
  }
}

/** Rule R2: nothing destructive is based on a stale picture. */
export function blindness({ model, clock }: ManagerResources): ReturnType<typeof refusal> | null {
  if (model.state.observedAtMs === null) return refusal('stale-observation', model.observationError ?? 'The cluster has not been read yet');
  if (!model.stale) return null;
  const ageMs = clock.monotonicMs() - (model.state.observedMonotonicMs ?? 0);
  return refusal('stale-observation', `The last reading is ${Math.round(ageMs / 1_000)} s old${model.observationError === null ? '' : `: ${model.observationError}`}`.slice(0, 500), { numbers: { ageMs: Math.round(ageMs) } });
}
