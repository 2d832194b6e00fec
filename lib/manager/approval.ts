/** Approval: a plan becomes an operation. It is validated here, and again the moment before it runs. */
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Plan, PlanStep, Refusal } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import { validatePlan } from '@/lib/core/rebalance/validate-plan';
import { notFound, refusal, refused, type CommandContext, type CommandResult } from './commands';
import type { ManagerResources } from './manager-resources';
import { newOperation, type OperationShape } from './new-operation';
import type { OperationTarget } from './operation-target';
import type { OperationRunner } from './operation-runner';
import { blindness } from './plan-commands';

const REFUSALS_MAX = 100;

export interface ApproveInput {
  readonly planId: string;
  readonly throttle?: Throttle | undefined;
  readonly stepCount?: number | undefined;
  readonly preempt?: boolean | undefined;
}

export class Approval {
  constructor(private readonly resources: ManagerResources, private readonly runner: OperationRunner) {}

  async approve(input: ApproveInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const plan = await this.#planOf(input.planId);
    if (plan === null) return notFound('plan', input.planId);
    return this.#run(plan, input, { kind: plan.scope.kind === 'shards' ? 'move-shards' : 'rebalance', stages: [{ kind: 'execute-plan' }] }, context);
  }

  /** Cordons, runs an evacuation plan of this node and verifies on the node itself that it holds nothing. */
  async drain(input: { nodeId: string } & ApproveInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const { nodeId } = input;
    const node = this.resources.model.nodes.get(nodeId);
    if (node === undefined) return notFound('node', nodeId);
    if (node.followerOf !== null) return refused(refusal('follower', `${node.name} mirrors another node and holds no shards of its own`, { nodeId }));
    if (node.lifecycle !== 'active' && node.lifecycle !== 'draining') {
      return refused(refusal('illegal-transition', `${node.name} is ${node.lifecycle}; only an active node can be drained`, { nodeId }));
    }
    const plan = await this.#planOf(input.planId);
    if (plan === null) return notFound('plan', input.planId);
    if (plan.scope.kind !== 'evacuate' || !plan.scope.nodeIds.includes(nodeId) || plan.scope.nodeIds.length !== 1) {
      return refused(refusal('out-of-scope', `The plan does not evacuate ${node.name} and it alone`, { nodeId }));
    }
    if (plan.verdict.code === 'cannot-evacuate') {
      return { ok: false, error: { code: 'refused', refusals: [refusal('no-eligible-target', plan.verdict.message, { nodeId, numbers: plan.verdict.numbers }), ...plan.refusals].slice(0, REFUSALS_MAX) } };
    }
    return this.#run(plan, input, { kind: 'drain', nodeId, stages: [{ kind: 'cordon', nodeId }, { kind: 'execute-plan' }, { kind: 'verify-empty', nodeId }] }, context);
  }

  scaleIn(_input: ApproveInput, _context: CommandContext): Promise<CommandResult<Operation>> {
    return Promise.resolve(refused(refusal('not-supported', 'Scaling in in one step is not offered yet')));
  }

  reversePlan(_target: OperationTarget, _context: CommandContext): Promise<CommandResult<Plan>> {
    return Promise.resolve(refused(refusal('not-supported', 'The plan back is not offered yet')));
  }

  async #planOf(planId: string): Promise<Plan | null> {
    const plan = await this.resources.store.plan(planId);
    return plan?.clusterId === this.resources.clusterId ? plan : null;
  }

  async #run(plan: Plan, input: ApproveInput, shape: OperationShape, context: CommandContext): Promise<CommandResult<Operation>> {
    const { model, clock } = this.resources;
    const nowMs = Math.round(clock.wallMs());
    const refusals = [
      ...this.#refusalsOf(plan, input.stepCount, shape.kind),
      ...validatePlan(plan, model.state, { nowMs, safetyLines: model.settings.safetyLines, ignoreExpiry: false }),
    ];
    if (refusals.length > 0) return { ok: false, error: { code: 'refused', refusals: refusals.slice(0, REFUSALS_MAX) } };
    const steps = plan.steps.slice(0, input.stepCount ?? plan.steps.length);
    const operation = newOperation(this.resources, { ...shape, planId: plan.id, movesTotal: steps.length, bytesTotal: bytesOf(steps, plan) }, { context, throttle: input.throttle });
    return this.runner.enqueue(operation, {
      moves: movesOf(steps),
      writes: [{ kind: 'set-plan-status', planId: plan.id, expected: 'proposed', status: 'approved' }],
      drafts: [{ type: 'plan.approved', severity: 'notice', actor: context.actor, planId: plan.id, operationId: operation.id, message: `Plan approved: ${steps.length} steps` }],
      context,
    });
  }

  #refusalsOf(plan: Plan, stepCount: number | undefined, kind: Operation['kind']): Refusal[] {
    const { model } = this.resources;
    const refusals: Refusal[] = [];
    const blind = blindness(this.resources);
    if (blind !== null) refusals.push(blind);
    if (model.freeze !== null) refusals.push(refusal('frozen', `Frozen: ${model.freeze.reason}`));
    if (plan.status !== 'proposed') refusals.push(refusal('plan-not-proposed', `The plan is ${plan.status} already`));
    if (plan.steps.length === 0 && kind !== 'drain') refusals.push(refusal('nothing-to-move', plan.verdict.message));
    if (stepCount !== undefined && stepCount > plan.steps.length) {
      refusals.push(refusal('invalid-number', `The plan has ${plan.steps.length} steps, not ${stepCount}`, { numbers: { stepCount, steps: plan.steps.length } }));
    }
    const { engine, warnings } = model.state;
    if (engine?.serving === false) refusals.push(refusal('engine-not-serving', `${engine.name} itself says that it does not serve: mend that first`));
    const openSlots = warnings.filter((warning) => warning.code === 'open-slot');
    if (openSlots.length > 0 && model.operations.length === 0) refusals.push(refusal('open-slots', `${openSlots.length} slots are open, left by somebody else: ${openSlots[0]!.message}`.slice(0, 500), { numbers: { openSlots: openSlots.length } }));
    return refusals;
  }
}

/** The journal of steps that have not begun. */
export function movesOf(steps: readonly PlanStep[]): MoveRecord[] {
  return steps.map((step, index) => ({ index, step, status: 'pending', attempt: 0, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null, failure: null }));
}

function bytesOf(steps: readonly PlanStep[], plan: Plan): number {
  return steps.length === plan.steps.length ? plan.bytes : steps.reduce((sum, step) => sum + (step.kind === 'move' ? step.bytes ?? 0 : 0), 0);
}
