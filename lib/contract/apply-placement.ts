import { NO_REPLICA, type ShardTable } from './shard-table';
import type { PlanStep } from './plan';

/** What a step says about placement; any plan step is one. */
export type PlacementChange =
  | Pick<Extract<PlanStep, { kind: 'move' }>, 'kind' | 'shardId' | 'role' | 'sourceNodeId' | 'targetNodeId'>
  | Pick<Extract<PlanStep, { kind: 'transfer' }>, 'kind' | 'shardId' | 'sourceNodeId' | 'targetNodeId'>;

/**
 * The placement after finished steps, ahead of the next reading: a move replaces source
 * by target in its column, a transfer swaps target into column 0. A step whose source
 * no longer holds the shard changes nothing: the reading knows better.
 */
export function applyPlacement(table: ShardTable, steps: readonly PlacementChange[]): ShardTable {
  const applicable = steps.filter((step) => step.shardId < table.shardCount);
  if (applicable.length === 0) return table;
  const replicas = table.replicas.slice();
  const nodeIds = [...table.nodeIds];
  const indexOf = new Map(nodeIds.map((id, index) => [id, index]));
  for (const step of applicable) {
    const source = indexOf.get(step.sourceNodeId);
    if (source === undefined) continue;
    let target = indexOf.get(step.targetNodeId);
    if (target === undefined) {
      target = nodeIds.push(step.targetNodeId) - 1;
      indexOf.set(step.targetNodeId, target);
    }
    const start = step.shardId * table.replicaMax;
    const row = replicas.subarray(start, start + table.replicaMax);
    const sourceColumn = row.indexOf(source);
    const targetColumn = row.indexOf(target);
    if (step.kind === 'move' && sourceColumn !== NO_REPLICA && targetColumn === -1) row[sourceColumn] = target;
    if (step.kind === 'transfer' && sourceColumn === 0 && targetColumn > 0) {
      row[0] = target;
      row[targetColumn] = source;
    }
  }
  return { ...table, nodeIds: nodeIds.length === table.nodeIds.length ? table.nodeIds : nodeIds, replicas };
}
