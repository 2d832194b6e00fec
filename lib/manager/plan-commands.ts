/** Preview: plans are made from what is known now, and kept; nothing moves. */
import { WHAT_IF_STEPS_MAX, type Plan, type PlanRequest, type WhatIf } from '@/lib/contract/plan';
import type { Actor } from '@/lib/contract/primitives';
import { isShortList, nextTurn } from '@/lib/platform/in-turns';
import { ok } from '@/lib/platform/result';
import { failureOfStore, refusal, refused, type CommandContext, type CommandResult } from './commands';
import { SYSTEM_ACTOR, type EventDraft } from './event-log';
import { foreseenRisks } from './foreseen-risks';
import type { ManagerResources } from './manager-resources';
import { planOf, type PlanJob, type PlanJobOptions, type PlanWish } from './planner';
import { practise } from './practice';
import { RecentPlan } from './recent-plan';

const PLAN_EXPIRES_AFTER_MS = 15 * 60_000;
/** One that ended by itself is followed by a new one. */
const THREADS_TRIED_MAX = 2;
/** Evaluations of a plan that is only looked at while something is being dragged: a tenth of a second of work. */
const WHAT_IF_WORK_MAX = 100_000;

export class PlanCommands {
  readonly #recent = new RecentPlan();

  constructor(private readonly resources: ManagerResources) {}

  /** Makes and keeps a plan; nothing moves. Bad input gives a plan whose verdict is `invalid`, or refusals where no plan can be made at all. */
  async preview(request: PlanRequest, context: CommandContext, options: PlanJobOptions = {}): Promise<CommandResult<Plan>> {
    const made = await this.#make(request, context, options);
    if (!made.ok) return made;
    const foreseen = await foreseenRisks(this.resources, made.value.steps);
    return this.keep({ ...made.value, risks: [...foreseen, ...made.value.risks] }, context);
  }

  /** A plan to look at: not kept, no event, cannot be approved. */
  async whatIf(request: PlanRequest, context: CommandContext, options: PlanJobOptions = {}): Promise<CommandResult<WhatIf>> {
    const made = await this.#make(request, context, options, WHAT_IF_WORK_MAX);
    if (!made.ok) return made;
    const { steps, ...plan } = made.value;
    return ok({ ...plan, steps: steps.slice(0, WHAT_IF_STEPS_MAX), stepCount: steps.length });
  }

  async #make(request: PlanRequest, context: CommandContext, options: PlanJobOptions, workMax?: number): Promise<CommandResult<Plan>> {
    const blind = blindness(this.resources);
    if (blind !== null) return refused(blind);
    const made = await this.#run(this.#jobOf(this.#search(request, workMax), context.actor), options);
    if (!made.ok) return made;
    const plan = made.value;
    if (plan.verdict.code === 'invalid') {
      return { ok: false, error: { code: 'refused', refusals: plan.refusals.length > 0 ? plan.refusals : [refusal('nothing-to-move', plan.verdict.message)] } };
    }
    return ok(plan);
  }

  /** Call once, after the first reading: what comes then is not to be the first of its kind. */
  async practise(signal: AbortSignal): Promise<void> {
    const { logger, clusterId } = this.resources;
    try {
      await practise(this.resources, (request, workMax) => this.#jobOf(this.#search(request, workMax), SYSTEM_ACTOR), signal);
    } catch (error) {
      logger.error({ clusterId, error: String(error) }, 'Planning for practice ended by a bug');
    }
  }

  /** A plan from what is known now, for an operation that has begun; not kept. Its verdict may be `invalid`. */
  make(request: PlanRequest, actor: Actor): Promise<Plan> {
    return this.carryOut(this.#search(request), actor);
  }

  /** A plan whose moves are known, for an operation that has begun; not kept. */
  async carryOut(wish: PlanWish, actor: Actor): Promise<Plan> {
    for (let attempt = 1; attempt <= THREADS_TRIED_MAX; attempt += 1) {
      const made = await this.resources.planner.plan(this.#jobOf(wish, actor), { urgent: true });
      if (made.ok) return made.value;
      if (made.error.code === 'canceled') break;
    }
    // An operation that has begun cannot be told to come again later. No thread could be had: rather hold the server for a moment; without a search the plan is made at once.
    return planOf(this.#jobOf(wish.kind === 'search' ? { ...wish, workMax: 0 } : wish, actor));
  }

  /** A plan whose moves are known, for somebody who asks; not kept. */
  known(wish: Exclude<PlanWish, { kind: 'search' }>, actor: Actor): Promise<CommandResult<Plan>> {
    return this.#run(this.#jobOf(wish, actor), {});
  }

  /** Without a search: whether nodes could be emptied, not how best. Not kept. `null` when it could not be made now. */
  async rehearse(request: PlanRequest, actor: Actor): Promise<Plan | null> {
    const made = await this.#run(this.#jobOf(this.#search(request, 0), actor), {});
    return made.ok ? made.value : null;
  }

  async #run(job: PlanJob, options: PlanJobOptions): Promise<CommandResult<Plan>> {
    const made = await this.resources.planner.plan(job, options);
    return made.ok ? made : { ok: false, error: { code: 'unavailable', message: made.error.message } };
  }

  #search(request: PlanRequest, workMax?: number): PlanWish {
    const { strategy, scope, seed, preset, weights, constraints, safetyLines } = request;
    const threshold = request.threshold ?? this.resources.model.settings.rebalancing.imbalanceThreshold;
    return { kind: 'search', request: { strategy, scope, seed, preset, weights, constraints, safetyLines, threshold }, workMax };
  }

  #jobOf(wish: PlanWish, actor: Actor): PlanJob {
    const { model, clock, nextId, driver } = this.resources;
    return {
      state: model.state,
      wish,
      context: {
        planId: nextId('plan'),
        nowMs: Math.round(clock.wallMs()),
        expiresAfterMs: PLAN_EXPIRES_AFTER_MS,
        createdBy: actor,
        safetyLines: model.settings.safetyLines,
        capabilities: { transferPrimary: driver.capabilities.transferPrimary },
      },
      pace: { throttle: model.settings.throttle, speed: model.speed },
    };
  }

  /** A plan of this cluster as it is stored; `null` when there is none of this id. */
  async find(planId: string): Promise<Plan | null> {
    const plan = this.#recent.find(planId) ?? await this.resources.store.plan(planId);
    return plan?.clusterId === this.resources.clusterId ? plan : null;
  }

  /** It is about to change in storage. */
  changing(planId: string): void {
    this.#recent.forget(planId);
  }

  /** Stores it as a proposal that can be approved. */
  async keep(plan: Plan, context: CommandContext): Promise<CommandResult<Plan>> {
    const proposed: EventDraft = {
      type: 'plan.proposed', actor: context.actor, planId: plan.id,
      message: `Plan by ${plan.strategy}: ${plan.steps.length} steps. ${plan.verdict.message}`.slice(0, 1_000),
      data: { steps: plan.steps.length, bytes: plan.bytes, scoreBefore: plan.before.score, scoreAfter: plan.after.score },
    };
    const committed = await this.resources.log.commit([{ kind: 'insert-plan', plan }, ...(context.alsoCommit?.(plan) ?? [])], [proposed]);
    if (committed.ok) this.#recent.remember(plan);
    // What is made of it for the answer is not to be added to what storing it took.
    if (!isShortList(plan.steps)) await nextTurn();
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
