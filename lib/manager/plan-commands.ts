/** Preview and approval: a plan is looked at first, and validated again the moment before it runs. */
import type { MoveRecord, Operation, OperationKind, Stage } from '@/lib/contract/operation';
import { WHAT_IF_STEPS_MAX, type Plan, type PlanRequest, type WhatIf } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import { planRebalance } from '@/lib/core/rebalance/plan-rebalance';
import { validatePlan } from '@/lib/core/rebalance/validate-plan';
import { estimateSeconds } from '@/lib/core/execution/estimate';
import { ok } from '@/lib/platform/result';
import { failureOfStore, notFound, refusal, refused, type CommandContext, type CommandResult } from './commands';
import type { EventDraft } from './event-log';
import type { ManagerResources } from './manager-resources';
import type { OperationRunner } from './operation-runner';

export const PLAN_EXPIRES_AFTER_MS = 15 * 60_000;

export class PlanCommands {
  constructor(private readonly resources: ManagerResources, private readonly runner: OperationRunner) {}

  /** Makes and keeps a plan; nothing moves. Bad input gives a plan whose verdict is `invalid`, or refusals where no plan can be made at all. */
  async preview(request: PlanRequest, context: CommandContext): Promise<CommandResult<Plan>> {
    const { log } = this.resources;
    const made = this.#make(request, context);
    if (!made.ok) return made;
    const plan = made.value;
    const proposed: EventDraft = {
      type: 'plan.proposed', actor: context.actor, planId: plan.id,
      message: `Plan by ${plan.strategy}: ${plan.steps.length} steps. ${plan.verdict.message}`.slice(0, 1_000),
      data: { steps: plan.steps.length, bytes: plan.bytes, scoreBefore: plan.before.score, scoreAfter: plan.after.score },
    };
    const committed = await log.commit([{ kind: 'insert-plan', plan }, ...(context.alsoCommit?.(plan) ?? [])], [proposed]);
    return committed.ok ? ok(plan) : { ok: false, error: failureOfStore(committed.error) };
  }

  /** A plan to look at: not kept, no event, cannot be approved. */
  whatIf(request: PlanRequest, context: CommandContext): Promise<CommandResult<WhatIf>> {
    const made = this.#make(request, context);
    if (!made.ok) return Promise.resolve(made);
    const { steps, ...plan } = made.value;
    return Promise.resolve(ok({ ...plan, steps: steps.slice(0, WHAT_IF_STEPS_MAX), stepCount: steps.length }));
  }

  #make(request: PlanRequest, context: CommandContext): CommandResult<Plan> {
    const { model, clock, nextId, driver } = this.resources;
    const blind = this.#blindness();
    if (blind !== null) return refused(blind);
    const nowMs = Math.round(clock.wallMs());
    const { strategy, scope, seed, preset, weights, constraints, safetyLines } = request;
    const plan = planRebalance(model.state, {
      strategy, scope, seed, preset, weights, constraints, safetyLines,
      threshold: request.threshold ?? model.settings.rebalancing.imbalanceThreshold,
    }, {
      planId: nextId('plan'),
      nowMs,
      expiresAfterMs: PLAN_EXPIRES_AFTER_MS,
      createdBy: context.actor,
      safetyLines: model.settings.safetyLines,
      estimateSeconds: (work) => estimateSeconds(work, model.settings.throttle, model.speed),
      capabilities: { transferPrimary: driver.capabilities.transferPrimary },
    });
    if (plan.verdict.code === 'invalid') {
      return { ok: false, error: { code: 'refused', refusals: plan.refusals.length > 0 ? plan.refusals : [refusal('nothing-to-move', plan.verdict.message)] } };
    }
    return ok(plan);
  }

  approve(input: { planId: string; throttle?: Throttle | undefined; stepCount?: number | undefined }, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#approve(input, { kind: 'rebalance', nodeId: null, stages: ['execute-plan'] }, context);
  }

  /** Cordons, runs an evacuation plan of this node and verifies on the node itself that it holds nothing. */
  async drain(input: { nodeId: string; planId: string }, context: CommandContext): Promise<CommandResult<Operation>> {
    const node = this.resources.model.nodes.get(input.nodeId);
    if (node === undefined) return notFound('node', input.nodeId);
    if (node.followerOf !== null) return refused(refusal('follower', `${node.name} mirrors another node and holds no shards of its own`, { nodeId: node.id }));
    if (node.lifecycle !== 'active' && node.lifecycle !== 'draining') {
      return refused(refusal('illegal-transition', `${node.name} is ${node.lifecycle}; only an active node can be drained`, { nodeId: node.id }));
    }
    const plan = await this.resources.store.plan(input.planId);
    if (plan === null || plan.clusterId !== this.resources.clusterId) return notFound('plan', input.planId);
    if (plan.scope.kind !== 'evacuate' || !plan.scope.nodeIds.includes(input.nodeId) || plan.scope.nodeIds.length !== 1) {
      return refused(refusal('out-of-scope', `The plan does not evacuate ${node.name} and it alone`, { nodeId: node.id }));
    }
    if (plan.verdict.code === 'cannot-evacuate') {
      return { ok: false, error: { code: 'refused', refusals: [refusal('no-eligible-target', plan.verdict.message, { nodeId: node.id, numbers: plan.verdict.numbers }), ...plan.refusals].slice(0, 100) } };
    }
    return this.#approve({ planId: input.planId }, { kind: 'drain', nodeId: input.nodeId, stages: ['cordon', 'execute-plan', 'verify-empty'] }, context);
  }

  async #approve(
    input: { planId: string; throttle?: Throttle | undefined; stepCount?: number | undefined },
    shape: { kind: OperationKind; nodeId: string | null; stages: readonly Stage['kind'][] },
    context: CommandContext,
  ): Promise<CommandResult<Operation>> {
    const { model, store, clock, clusterId, nextId } = this.resources;
    const plan = await store.plan(input.planId);
    if (plan === null || plan.clusterId !== clusterId) return notFound('plan', input.planId);
    const nowMs = Math.round(clock.wallMs());
    const refusals = [...this.#approvalRefusals(plan, input.stepCount, shape.kind), ...validatePlan(plan, model.state, { nowMs, safetyLines: model.settings.safetyLines, ignoreExpiry: false })];
    if (refusals.length > 0) return { ok: false, error: { code: 'refused', refusals: refusals.slice(0, 100) } };
    const steps = plan.steps.slice(0, input.stepCount ?? plan.steps.length);
    const moves: MoveRecord[] = steps.map((step, index) => ({ index, step, status: 'pending', attempt: 0, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null, failure: null }));
    const operation = newOperation({
      id: nextId('operation'), clusterId, nowMs, context, throttle: input.throttle ?? model.settings.throttle, planId: plan.id, request: null, ...shape,
      movesTotal: moves.length,
      bytesTotal: steps.length === plan.steps.length ? plan.bytes : steps.reduce((sum, step) => sum + (step.kind === 'move' ? step.bytes ?? 0 : 0), 0),
    });
    return this.runner.enqueue(operation, {
      moves,
      writes: [{ kind: 'set-plan-status', planId: plan.id, expected: 'proposed', status: 'approved' }],
      drafts: [{ type: 'plan.approved', severity: 'notice', actor: context.actor, planId: plan.id, operationId: operation.id, message: `Plan approved: ${moves.length} steps` }],
      context,
    });
  }

  #approvalRefusals(plan: Plan, stepCount: number | undefined, kind: OperationKind) {
    const refusals = [];
    const blind = this.#blindness();
    if (blind !== null) refusals.push(blind);
    if (this.resources.model.freeze !== null) refusals.push(refusal('frozen', `Frozen: ${this.resources.model.freeze.reason}`));
    if (plan.status !== 'proposed') refusals.push(refusal('plan-not-proposed', `The plan is ${plan.status} already`));
    if (plan.steps.length === 0 && kind !== 'drain') refusals.push(refusal('nothing-to-move', plan.verdict.message));
    if (stepCount !== undefined && stepCount > plan.steps.length) {
      refusals.push(refusal('invalid-number', `The plan has ${plan.steps.length} steps, not ${stepCount}`, { numbers: { stepCount, steps: plan.steps.length } }));
    }
    const { engine, warnings } = this.resources.model.state;
    if (engine?.serving === false) refusals.push(refusal('engine-not-serving', `${engine.name} itself says that it does not serve: mend that first`));
    const running = this.resources.model.operations.length > 0;
    const openSlots = warnings.filter((warning) => warning.code === 'open-slot');
    if (openSlots.length > 0 && !running) refusals.push(refusal('open-slots', `${openSlots.length} slots are open, left by somebody else: ${openSlots[0]!.message}`.slice(0, 500), { numbers: { openSlots: openSlots.length } }));
    return refusals;
  }

  /** Rule R2: nothing destructive is based on a stale picture. */
  #blindness() {
    const { model } = this.resources;
    if (model.state.observedAtMs === null) return refusal('stale-observation', model.observationError ?? 'The cluster has not been read yet');
    if (!model.stale) return null;
    const ageMs = this.resources.clock.monotonicMs() - (model.state.observedMonotonicMs ?? 0);
    return refusal('stale-observation', `The last reading is ${Math.round(ageMs / 1_000)} s old${model.observationError === null ? '' : `: ${model.observationError}`}`.slice(0, 500), { numbers: { ageMs: Math.round(ageMs) } });
  }
}

/** An operation before it began. */
export function newOperation(input: {
  id: string; clusterId: string; kind: OperationKind; nodeId: string | null; planId: string | null; request: Operation['request'];
  stages: readonly Stage['kind'][]; throttle: Throttle; nowMs: number; context: CommandContext; movesTotal: number; bytesTotal: number;
}): Operation {
  return {
    id: input.id, clusterId: input.clusterId, kind: input.kind, nodeId: input.nodeId, planId: input.planId, request: input.request,
    status: 'pending', statusReason: null,
    stages: input.stages.map((kind) => ({ kind, status: 'pending', message: null })),
    throttle: input.throttle,
    progress: {
      movesTotal: input.movesTotal, movesDone: 0, movesFailed: 0, movesInFlight: 0,
      bytesTotal: input.bytesTotal, bytesDone: 0, keysDone: 0, bytesPerSecond: null, movesPerSecond: null, secondsLeft: null,
    },
    createdBy: input.context.actor, createdAtMs: input.nowMs, startedAtMs: null, finishedAtMs: null, refusals: [], report: null, version: 1,
  };
}
