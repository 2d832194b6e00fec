/** Approval: a plan becomes an operation. It is validated here, and again the moment before it runs. */
import type { Node } from '@/lib/contract/node';
import { isTerminal, type Operation } from '@/lib/contract/operation';
import type { Plan, Refusal } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import type { StoreWrite } from '@/lib/contract/storage';
import { emergencyOf } from '@/lib/core/execution/emergency';
import { err } from '@/lib/platform/result';
import { notFound, refusal, refused, type CommandContext, type CommandResult } from './commands';
import type { EventDraft } from './event-log';
import { foreseenRisks } from './foreseen-risks';
import { leavingRefusals } from './leaving-refusals';
import type { ManagerResources } from './manager-resources';
import { returning } from './membership-commands';
import { newOperation, type OperationShape, type StageShape } from './new-operation';
import { operationEvent } from './operation-events';
import type { OperationPlans } from './operation-plans';
import type { OperationTarget } from './operation-target';
import type { OperationRunner } from './operation-runner';
import { blindness, type PlanCommands } from './plan-commands';
import { bytesOf, movesOf } from './plan-moves';
import { validateInTurns } from './validate-in-turns';

const REFUSALS_MAX = 100;

export interface ApproveInput {
  readonly planId: string;
  readonly throttle?: Throttle | undefined;
  readonly stepCount?: number | undefined;
  readonly preempt?: boolean | undefined;
}

export interface DrainInput extends Omit<ApproveInput, 'planId' | 'stepCount'> {
  readonly nodeId: string;
  readonly planId?: string | undefined;
}

/** Committed together with the operation. */
interface Also {
  readonly writes: readonly StoreWrite[];
  readonly drafts: readonly EventDraft[];
}

export class Approval {
  constructor(private readonly resources: ManagerResources, private readonly runner: OperationRunner, private readonly plans: PlanCommands, private readonly operationPlans: OperationPlans) {}

  async approve(input: ApproveInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const plan = await this.plans.find(input.planId);
    if (plan === null) return notFound('plan', input.planId);
    const stages = [{ kind: 'execute-plan' }] as const;
    if (plan.scope.kind === 'reverse') return this.#approveReverse(plan, plan.scope.operationId, input, context);
    return this.#run(plan, input, { kind: plan.scope.kind === 'shards' ? 'move-shards' : 'rebalance', stages }, context);
  }

  /** Cordons, runs an evacuation plan of this node and verifies on the node itself that it holds nothing. */
  async drain(input: DrainInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const { nodeId, planId } = input;
    const node = this.resources.model.nodes.get(nodeId);
    if (node === undefined) return notFound('node', nodeId);
    const refusals = drainRefusals(node);
    if (refusals.length > 0) return refused(...refusals);
    if (planId === undefined) return this.#drainAtOnce(node, input, context);
    const plan = await this.#evacuationOf([node], planId);
    if (!plan.ok) return plan;
    return this.#run(plan.value, { ...input, planId }, { kind: 'drain', nodeId, stages: [{ kind: 'cordon', nodeId }, { kind: 'execute-plan' }, { kind: 'verify-empty', nodeId }] }, context);
  }

  /** Drains several nodes by one plan, then lets each leave that is verified empty. The name of the cluster is typed to confirm. */
  async scaleIn(input: { nodeIds: readonly string[]; confirmName: string } & ApproveInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const { model, driver } = this.resources;
    const nodes: Node[] = [];
    for (const nodeId of new Set(input.nodeIds)) {
      const node = model.nodes.get(nodeId);
      if (node === undefined) return notFound('node', nodeId);
      nodes.push(node);
    }
    const refusals = [...nodes.flatMap(drainRefusals), ...leavingRefusals(model, driver.capabilities, nodes)];
    if (input.confirmName !== model.record.name) refusals.push(refusal('wrong-name', `The typed name is not ${model.record.name}`));
    if (refusals.length > 0) return refused(...refusals.slice(0, REFUSALS_MAX));
    const plan = await this.#evacuationOf(nodes, input.planId);
    if (!plan.ok) return plan;
    const each = (...kinds: StageShape['kind'][]): StageShape[] => nodes.flatMap((node) => kinds.map((kind) => ({ kind, nodeId: node.id })));
    const stages = [...each('cordon'), { kind: 'execute-plan' as const }, ...each('verify-empty'), ...each('leave'), ...returning(this.resources, nodes.map(({ id }) => id))];
    return this.#run(plan.value, input, { kind: 'scale-in', nodeIds: nodes.map((node) => node.id), stages }, context);
  }

  /** The plan back of an operation that has ended, from its journal; nothing moves until it is approved. */
  async reversePlan({ operationId, version }: OperationTarget, context: CommandContext): Promise<CommandResult<Plan>> {
    const { store, model, clusterId } = this.resources;
    const operation = model.operations.find(({ id }) => id === operationId) ?? await store.operation(operationId);
    if (operation?.clusterId !== clusterId) return notFound('operation', operationId);
    if (version !== undefined && version !== operation.version) return err({ code: 'conflict', message: `Built on version ${version}, the operation is at ${operation.version}: ${operation.status}`, current: operation });
    const blind = blindness(this.resources);
    if (blind !== null) return refused(blind);
    if (!isTerminal(operation.status)) return refused(refusal('operation-running', `The operation is ${operation.status}: cancel it first, then what it moved can be taken back`));
    const { moves } = await store.moves(operationId);
    if (moves.length === 0) return refused(refusal('not-reversible', 'The operation moved no data: there is nothing to take back'));
    const made = await this.operationPlans.reverse(operation, moves, context.actor);
    if (!made.ok) return made;
    const plan = made.value;
    if (plan.steps.length > 0) return this.plans.keep(plan, context);
    return refused(...(plan.refusals.length > 0 ? plan.refusals.slice(0, REFUSALS_MAX) : [refusal('nothing-to-move', 'Nothing that it moved is still where it landed')]));
  }

  /** Without a plan that was looked at: while others move shards none can be made that empties the node, and a node that fails does not wait. */
  async #drainAtOnce(node: Node, input: DrainInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const { model, clock } = this.resources;
    const nodeId = node.id;
    const urgencyReason = emergencyOf(model.state, { emptied: [nodeId], steps: [] }, model.settings.safetyLines, Math.round(clock.wallMs()));
    const blind = blindness(this.resources);
    const refusals = [
      ...(blind === null ? [] : [blind]),
      ...(model.freeze === null ? [] : [refusal('frozen', `Frozen: ${model.freeze.reason}`)]),
      ...(input.preempt === true && urgencyReason !== null ? [] : [refusal('not-an-emergency', `${node.name} does not fail: preview a plan that empties it, look at it, and drain by that`, { nodeId })]),
    ];
    if (refusals.length > 0) return refused(...refusals);
    const stages: StageShape[] = [{ kind: 'cordon', nodeId }, { kind: 'plan' }, { kind: 'execute-plan' }, { kind: 'verify-empty', nodeId }];
    const operation = newOperation(this.resources, { kind: 'drain', nodeId, stages, urgencyReason }, { context, throttle: input.throttle });
    return this.runner.enqueue(operation, { moves: [], writes: [], drafts: [], context });
  }

  async #approveReverse(plan: Plan, operationId: string, input: ApproveInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const { store, clusterId } = this.resources;
    const original = await store.operation(operationId);
    if (original?.clusterId !== clusterId) return notFound('operation', operationId);
    return this.#run(plan, input, { kind: 'reverse', reverses: original.id, stages: [{ kind: 'execute-plan' }] }, context, (operation) => {
      const reversed: Operation = { ...original, reversedBy: operation.id, version: original.version + 1 };
      return {
        writes: [{ kind: 'save-operation', operation: reversed, epoch: this.resources.model.state.epoch }],
        drafts: [operationEvent(reversed, 'operation.reversed', context.actor)],
      };
    });
  }

  async #evacuationOf(nodes: readonly Node[], planId: string): Promise<CommandResult<Plan>> {
    const plan = await this.plans.find(planId);
    if (plan === null) return notFound('plan', planId);
    const names = nodes.map(({ name }) => name).join(', ');
    const first = nodes.length === 1 ? nodes[0]!.id : null;
    const emptied = new Set(plan.scope.kind === 'evacuate' ? plan.scope.nodeIds : []);
    if (emptied.size !== nodes.length || nodes.some(({ id }) => !emptied.has(id))) return refused(refusal('out-of-scope', `The plan does not evacuate ${names} and nothing else`.slice(0, 500), { nodeId: first }));
    if (plan.verdict.code !== 'cannot-evacuate') return { ok: true, value: plan };
    return refused(...[refusal('no-eligible-target', plan.verdict.message, { nodeId: first, numbers: plan.verdict.numbers }), ...plan.refusals].slice(0, REFUSALS_MAX));
  }

  async #run(plan: Plan, input: ApproveInput, shape: OperationShape, context: CommandContext, alsoOf: (operation: Operation) => Also = () => ({ writes: [], drafts: [] })): Promise<CommandResult<Operation>> {
    const { model, clock } = this.resources;
    const nowMs = Math.round(clock.wallMs());
    const emptied = shape.nodeIds ?? (shape.nodeId == null ? [] : [shape.nodeId]);
    const urgencyReason = input.preempt === true ? emergencyOf(model.state, { emptied, steps: plan.steps }, model.settings.safetyLines, nowMs) : null;
    const refusals = [
      ...this.#refusalsOf(plan, input.stepCount, emptied.length > 0),
      ...(input.preempt === true && urgencyReason === null ? [refusal('not-an-emergency', 'Nothing is at stake: no node that is emptied fails, and none that data leaves is over its line. It can wait its turn')] : []),
    ];
    if (refusals.length > 0) return refused(...refusals.slice(0, REFUSALS_MAX));
    const steps = plan.steps.slice(0, input.stepCount ?? plan.steps.length);
    // Looked at again: what was dangerous when the plan was made may be mended, and what was not may be now. The nodes answer while it is validated.
    const [invalid, foreseen] = await Promise.all([
      validateInTurns(plan, model.state, { nowMs, safetyLines: model.settings.safetyLines, ignoreExpiry: false }),
      foreseenRisks(this.resources, steps),
    ]);
    if (invalid.length > 0) return refused(...invalid.slice(0, REFUSALS_MAX));
    const dangers = foreseen.filter(({ severity }) => severity === 'danger');
    if (dangers.length > 0) return refused(...dangers.slice(0, REFUSALS_MAX).map((risk) => refusal('dangerous-risk', risk.message, { nodeId: risk.nodeId, shardId: risk.shardId, numbers: risk.numbers ?? {} })));
    const operation = newOperation(this.resources, { ...shape, planId: plan.id, urgencyReason, movesTotal: steps.length, bytesTotal: bytesOf(steps, plan) }, { context, throttle: input.throttle });
    const also = alsoOf(operation);
    this.plans.changing(plan.id);
    return this.runner.enqueue(operation, {
      plan: { ...plan, status: 'approved' },
      moves: movesOf(steps),
      writes: [{ kind: 'set-plan-status', planId: plan.id, expected: 'proposed', status: 'approved' }, ...also.writes],
      drafts: [...also.drafts, { type: 'plan.approved', severity: 'notice', actor: context.actor, planId: plan.id, operationId: operation.id, message: `Plan approved: ${steps.length} steps` }],
      context,
    });
  }

  #refusalsOf(plan: Plan, stepCount: number | undefined, empties: boolean): Refusal[] {
    const { model } = this.resources;
    const refusals: Refusal[] = [];
    const blind = blindness(this.resources);
    if (blind !== null) refusals.push(blind);
    if (model.freeze !== null) refusals.push(refusal('frozen', `Frozen: ${model.freeze.reason}`));
    if (plan.status !== 'proposed') refusals.push(refusal('plan-not-proposed', `The plan is ${plan.status} already`));
    // A node that holds nothing is drained by no steps at all.
    if (plan.steps.length === 0 && !empties) refusals.push(refusal('nothing-to-move', plan.verdict.message));
    if (stepCount !== undefined && stepCount > plan.steps.length) {
      refusals.push(refusal('invalid-number', `The plan has ${plan.steps.length} steps, not ${stepCount}`, { numbers: { stepCount, steps: plan.steps.length } }));
    }
    const { engine, warnings } = model.state;
    if (engine?.serving === false) refusals.push(refusal('engine-not-serving', `${engine.name} itself says that it does not serve: mend that first`));
    const open = warnings.filter((warning) => warning.code === 'open-slot');
    const openSlots = open.reduce((sum, { shardCount = 1 }) => sum + shardCount, 0);
    if (openSlots > 0 && model.operations.length === 0) refusals.push(refusal('open-slots', `${openSlots === 1 ? '1 slot is' : `${openSlots} slots are`} open, left by somebody else: ${open[0]!.message}`.slice(0, 500), { numbers: { openSlots } }));
    return refusals;
  }
}

function drainRefusals(node: Node): Refusal[] {
  if (node.followerOf !== null) return [refusal('follower', `${node.name} mirrors another node and holds no shards of its own`, { nodeId: node.id })];
  if (node.lifecycle === 'active' || node.lifecycle === 'draining') return [];
  return [refusal('illegal-transition', `${node.name} is ${node.lifecycle}; only an active node can be drained`, { nodeId: node.id })];
}
