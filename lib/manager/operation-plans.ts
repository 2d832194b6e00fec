/** Plans that operations make themselves: on the way, back, and anew when the cluster changed under them. */
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Plan, PlanRequest, PlanScope, Refusal } from '@/lib/contract/plan';
import type { Actor } from '@/lib/contract/primitives';
import { replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { estimateSeconds } from '@/lib/core/execution/estimate';
import { undoOf } from '@/lib/core/execution/undo';
import { planGivenMoves, type GivenMovesRequest, type MoveWish } from '@/lib/core/rebalance/plan-given-moves';
import { refusal } from './commands';
import type { ManagerResources } from './manager-resources';
import { PLAN_EXPIRES_AFTER_MS, type PlanCommands } from './plan-commands';

export class OperationPlans {
  constructor(private readonly resources: ManagerResources, private readonly plans: PlanCommands) {}

  /** What a scale-out or a replacement moves, once its nodes have joined, and a drain that could not wait for a plan. */
  async make(operation: Operation): Promise<Plan> {
    const { settings } = this.resources.model;
    const joined = operation.stages.find((stage) => stage.kind === 'join')?.nodeId ?? null;
    if (operation.kind === 'replace' && operation.nodeId !== null && joined !== null) return this.#replacement(operation.nodeId, joined, operation.createdBy);
    const { strategy } = settings.rebalancing;
    // A search has nothing to weigh here: where the copies that are gone are made again is a matter of room and zones.
    if (operation.kind === 'repair') return this.plans.make({ strategy: strategy === 'optimal' ? 'load-based' : strategy, scope: { kind: 'evacuate', nodeIds: operation.nodeIds }, seed: 1 }, operation.createdBy);
    if (operation.kind === 'drain') return this.plans.make({ strategy, scope: { kind: 'evacuate', nodeIds: operation.nodeIds }, seed: 1 }, operation.createdBy);
    // New nodes are to be filled, so that an imbalance under the usual threshold is worth moving for.
    return this.plans.make({ strategy, scope: { kind: 'cluster' }, threshold: settings.rebalancing.imbalanceThreshold / 2, seed: 1 }, operation.createdBy);
  }

  /** The way back of an operation that has ended. */
  reverse(operation: Operation, moves: readonly MoveRecord[], actor: Actor): Plan {
    const { wishes, movedOn, backAlready } = undoOf(moves, this.resources.model.state.shards);
    const refusals: Refusal[] = [];
    if (movedOn > 0) refusals.push({ ...refusal('plan-superseded', `${movedOn} replicas were moved on since and are left where they are`, { numbers: { movedOn } }), count: movedOn });
    if (backAlready > 0) refusals.push({ ...refusal('already-so', `${backAlready} replicas are back already`, { numbers: { backAlready } }), count: backAlready });
    return this.#given({ kind: 'reverse', operationId: operation.id }, wishes, refusals, actor);
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
        return original === null ? null : this.reverse(original, (await this.resources.store.moves(original.id)).moves, actor);
      }
      // What the new node has is its own by now, and the old one serves again: the rest is the operator's to decide.
      case 'replace': return null;
    }
  }

  #replacement(nodeId: string, targetNodeId: string, actor: Actor): Plan {
    const { shards } = this.resources.model.state;
    const wishes: MoveWish[] = [];
    for (let shardId = 0; shardId < shards.shardCount; shardId += 1) {
      if (replicaNodeIdsOf(shards, shardId).includes(nodeId)) wishes.push({ kind: 'move', shardId, sourceNodeId: nodeId, targetNodeId });
    }
    return this.#given({ kind: 'replace', nodeId, targetNodeId }, wishes, [], actor);
  }

  #given(scope: GivenMovesRequest['scope'], wishes: readonly MoveWish[], refusals: readonly Refusal[], actor: Actor): Plan {
    const { model, clock, nextId, driver } = this.resources;
    const { strategy, imbalanceThreshold } = model.settings.rebalancing;
    return planGivenMoves(model.state, { scope, wishes, refusals, strategy, threshold: imbalanceThreshold }, {
      planId: nextId('plan'),
      nowMs: Math.round(clock.wallMs()),
      expiresAfterMs: PLAN_EXPIRES_AFTER_MS,
      createdBy: actor,
      safetyLines: model.settings.safetyLines,
      estimateSeconds: (work) => estimateSeconds(work, model.settings.throttle, model.speed),
      capabilities: { transferPrimary: driver.capabilities.transferPrimary },
    });
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
