/** Plans that operations make themselves: on the way, back, and anew when the cluster changed under them. */
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Plan, PlanRequest, PlanScope, Strategy } from '@/lib/contract/plan';
import type { Actor } from '@/lib/contract/primitives';
import type { CommandResult } from './commands';
import type { ManagerResources } from './manager-resources';
import type { PlanCommands } from './plan-commands';
import type { PlanWish } from './planner';

export class OperationPlans {
  constructor(private readonly resources: ManagerResources, private readonly plans: PlanCommands) {}

  /** What a scale-out or a replacement moves, once its nodes have joined, and a drain that could not wait for a plan. */
  async make(operation: Operation): Promise<Plan> {
    const { settings } = this.resources.model;
    const joined = operation.stages.find((stage) => stage.kind === 'join')?.nodeId ?? null;
    if (operation.kind === 'replace' && operation.nodeId !== null && joined !== null) return this.plans.carryOut({ kind: 'replace', nodeId: operation.nodeId, targetNodeId: joined, ...this.#recorded() }, operation.createdBy);
    const { strategy } = settings.rebalancing;
    // A search has nothing to weigh here: where the copies that are gone are made again is a matter of room and zones.
    if (operation.kind === 'repair') return this.plans.make({ strategy: strategy === 'optimal' ? 'load-based' : strategy, scope: { kind: 'evacuate', nodeIds: operation.nodeIds }, seed: 1 }, operation.createdBy);
    if (operation.kind === 'drain') return this.plans.make({ strategy, scope: { kind: 'evacuate', nodeIds: operation.nodeIds }, seed: 1 }, operation.createdBy);
    // New nodes are to be filled, so that an imbalance under the usual threshold is worth moving for.
    return this.plans.make({ strategy, scope: { kind: 'cluster' }, threshold: settings.rebalancing.imbalanceThreshold / 2, seed: 1 }, operation.createdBy);
  }

  /** The way back of an operation that has ended, for somebody who asks. */
  reverse(operation: Operation, moves: readonly MoveRecord[], actor: Actor): Promise<CommandResult<Plan>> {
    return this.plans.known(this.#wayBack(operation, moves), actor);
  }

  /** What is left of an operation that stopped because the cluster changed, planned anew from what is true now; `null` when nothing is. */
  async again(operation: Operation, plan: Plan, moves: readonly MoveRecord[]): Promise<Plan | null> {
    const made = await this.#again(operation, plan, moves);
    return made === null || made.verdict.code === 'invalid' || made.steps.length === 0 ? null : made;
  }

  async #again(operation: Operation, plan: Plan, moves: readonly MoveRecord[]): Promise<Plan | null> {
    const { scope } = plan;
    const { nodes } = this.resources.model;
    const actor = operation.createdBy;
    switch (scope.kind) {
      case 'cluster': return this.plans.make(requestOf(plan, scope, nodes), actor);
      case 'evacuate': {
        const nodeIds = scope.nodeIds.filter((nodeId) => nodes.get(nodeId)?.followerOf === null);
        return nodeIds.length === 0 ? null : this.plans.make(requestOf(plan, { kind: 'evacuate', nodeIds }, nodes), actor);
      }
      case 'shards': {
        const left = new Set(moves.filter((move) => move.status !== 'done').map((move) => move.step.shardId));
        const shardIds = scope.shardIds.filter((shardId) => left.has(shardId));
        const targetNodeId = scope.targetNodeId !== null && nodes.has(scope.targetNodeId) ? scope.targetNodeId : null;
        return shardIds.length === 0 ? null : this.plans.make(requestOf(plan, { ...scope, shardIds, targetNodeId }, nodes), actor);
      }
      case 'reverse': {
        const original = await this.resources.store.operation(scope.operationId);
        return original === null ? null : this.plans.carryOut(this.#wayBack(original, (await this.resources.store.moves(original.id)).moves), actor);
      }
      // What the new node has is its own by now, and the old one serves again: the rest is the operator's to decide.
      case 'replace': return null;
    }
  }

  #wayBack(operation: Operation, moves: readonly MoveRecord[]): Extract<PlanWish, { kind: 'reverse' }> {
    return { kind: 'reverse', operationId: operation.id, moves, ...this.#recorded() };
  }

  #recorded(): { readonly strategy: Strategy; readonly threshold: number } {
    const { strategy, imbalanceThreshold: threshold } = this.resources.model.settings.rebalancing;
    return { strategy, threshold };
  }
}

/** The wish that a plan was made from, over what is left of its scope and of the nodes it names. */
function requestOf({ strategy, threshold, seed, options }: Plan, scope: PlanScope, nodes: ReadonlyMap<string, unknown>): PlanRequest {
  const { preset, weights, constraints, safetyLines } = options;
  return {
    strategy, scope, threshold, seed,
    // Only the strategy that weighs takes them.
    ...(strategy === 'optimal' && { weights, ...(preset !== null && { preset }) }),
    constraints: { ...constraints, excludedNodeIds: constraints.excludedNodeIds.filter((nodeId) => nodes.has(nodeId)) },
    ...(safetyLines !== null && { safetyLines }),
  };
}
