/** Plans whose moves are known from elsewhere: the way back of an operation, and everything of one node to another. */
import type { MoveRecord } from '@/lib/contract/operation';
import type { Plan, Refusal } from '@/lib/contract/plan';
import { replicaNodeIdsOf } from '@/lib/contract/shard-table';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { undoOf } from '@/lib/core/execution/undo';
import { planGivenMoves, type GivenMovesContext, type GivenMovesRequest, type MoveWish } from '@/lib/core/rebalance/plan-given-moves';
import { refusal } from './commands';

/** Of a journal, what the way back is made from. */
export type MadeMove = Pick<MoveRecord, 'index' | 'status' | 'step' | 'finishedAtMs'>;

/** Carried along for the record. */
type Recorded = Pick<GivenMovesRequest, 'strategy' | 'threshold'>;

export interface ReverseWish extends Recorded {
  readonly operationId: string;
  readonly moves: readonly MadeMove[];
}

export interface ReplaceWish extends Recorded {
  readonly nodeId: string;
  readonly targetNodeId: string;
}

export function planReverse(state: ClusterState, { operationId, moves, ...recorded }: ReverseWish, context: GivenMovesContext): Plan {
  const { wishes, movedOn, backAlready } = undoOf(moves, state.shards);
  const refusals: Refusal[] = [];
  if (movedOn > 0) refusals.push({ ...refusal('plan-superseded', `${movedOn} replicas were moved on since and are left where they are`, { numbers: { movedOn } }), count: movedOn });
  if (backAlready > 0) refusals.push({ ...refusal('already-so', `${backAlready} replicas are back already`, { numbers: { backAlready } }), count: backAlready });
  return planGivenMoves(state, { ...recorded, scope: { kind: 'reverse', operationId }, wishes, refusals }, context);
}

export function planReplacement(state: ClusterState, { nodeId, targetNodeId, ...recorded }: ReplaceWish, context: GivenMovesContext): Plan {
  const { shards } = state;
  const wishes: MoveWish[] = [];
  for (let shardId = 0; shardId < shards.shardCount; shardId += 1) {
    if (replicaNodeIdsOf(shards, shardId).includes(nodeId)) wishes.push({ kind: 'move', shardId, sourceNodeId: nodeId, targetNodeId });
  }
  return planGivenMoves(state, { ...recorded, scope: { kind: 'replace', nodeId, targetNodeId }, wishes, refusals: [] }, context);
}
