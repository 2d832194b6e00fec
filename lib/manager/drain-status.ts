import type { DrainStatus } from '@/lib/contract/health';
import type { Operation } from '@/lib/contract/operation';
import { drainStateOf } from '@/lib/core/cluster/drain-holdups';
import { ok } from '@/lib/platform/result';
import { notFound, type CommandResult } from './commands';
import type { ManagerResources } from './manager-resources';

/** How many operations back a drain of the node is looked for. */
const OPERATIONS_BACK = 100;

/** What is still on a node that is to be emptied, and why: read from the drain that runs or ran last. */
export async function drainStatusOf(resources: ManagerResources, nodeId: string): Promise<CommandResult<DrainStatus>> {
  const { model, store } = resources;
  if (!model.nodes.has(nodeId)) return notFound('node', nodeId);
  const operation = await drainOf(resources, nodeId);
  const stored = operation === null ? [] : (await store.moves(operation.id)).moves;
  const live = new Map(model.movesInFlight().filter((move) => move.operationId === operation?.id).map((move) => [move.index, move]));
  const plan = operation?.planId == null ? null : await store.plan(operation.planId);
  const state = drainStateOf({
    shards: model.state.shards, nodeId, operation,
    moves: stored.map((move) => live.get(move.index) ?? move),
    refusals: plan?.refusals ?? [],
  });
  return ok({ operationId: operation?.id ?? null, status: operation?.status ?? null, shards: state.shards, primaries: state.primaries, holdups: [...state.holdups] });
}

async function drainOf({ model, store, clusterId }: ManagerResources, nodeId: string): Promise<Operation | null> {
  const empties = (operation: Operation) => operation.nodeId === nodeId && operation.stages.some((stage) => stage.kind === 'execute-plan');
  const open = model.operations.find(empties);
  if (open !== undefined) return open;
  const { items } = await store.operations(clusterId, { limit: OPERATIONS_BACK, cursor: null });
  return items.find(empties) ?? null;
}
