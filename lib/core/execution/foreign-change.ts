import type { MoveRecord } from '@/lib/contract/operation';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { isLeader, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { isMoveTerminal } from './transitions';

/** Looking at one takes a quarter of a microsecond. */
const MOVES_PER_TURN = 1_000;

/** Somebody besides us changed the cluster: what, in words with the names. */
export interface ForeignChange {
  readonly kind: 'resharded' | 'failed-over' | 'met';
  readonly message: string;
}

/**
 * Did somebody else reshard, fail over or meet a node since the plan was made? Looks only
 * at what the rest of the plan rests on: the sources and targets of moves that have not
 * begun, and whether there are leaders that the plan knows nothing of. What our own moves
 * do is no foreign change: shards that moved as planned, a node that was emptied and no
 * longer leads, one that joined because an operation of ours made it.
 *
 * @param known nodes that may lead: those of the plan and those that we let join
 */
export function* findForeignChange(state: ClusterState, moves: Iterable<MoveRecord>, known: ReadonlySet<string>): Generator<void, ForeignChange | null> {
  for (const node of state.nodes.values()) {
    if (isLeader(node) && node.lifecycle !== 'joining' && !known.has(node.id)) {
      return { kind: 'met', message: `${node.name} carries shards, or may, and is not in the plan: it was added or promoted by somebody else` };
    }
  }
  const before = new Set<number>();
  let looked = 0;
  for (const move of moves) {
    looked += 1;
    if (looked % MOVES_PER_TURN === 0) yield;
    const { shardId } = move.step;
    // A later move of the same shard begins where the earlier one, which may have failed, ends.
    if (move.status === 'pending' && !before.has(shardId)) {
      const change = changeAround(state, move);
      if (change !== null) return change;
    }
    if (!isMoveTerminal(move.status) || move.status === 'failed') before.add(shardId);
  }
  return null;
}

function changeAround(state: ClusterState, { step }: MoveRecord): ForeignChange | null {
  const { shardId, sourceNodeId, targetNodeId } = step;
  for (const nodeId of [sourceNodeId, targetNodeId]) {
    const node = state.nodes.get(nodeId);
    if (node === undefined) return { kind: 'failed-over', message: `${nodeId} is no member of the cluster any more` };
    if (!isLeader(node)) return { kind: 'failed-over', message: `${node.name} follows another node now: it was failed over` };
  }
  if (shardId >= state.shards.shardCount) return { kind: 'resharded', message: `There is no shard ${shardId} any more` };
  const holders = replicaNodeIdsOf(state.shards, shardId);
  const primary = primaryNodeIdOf(state.shards, shardId);
  const asPlanned = step.kind === 'move'
    ? holders.includes(sourceNodeId) && (primary === sourceNodeId) === (step.role === 'primary')
    : primary === sourceNodeId && holders.includes(targetNodeId);
  const doneAlready = step.kind === 'move' ? holders.includes(targetNodeId) && !holders.includes(sourceNodeId) : primary === targetNodeId;
  if (asPlanned || doneAlready) return null;
  if (step.kind === 'transfer' && primary === sourceNodeId) return { kind: 'resharded', message: `${targetNodeId} holds no replica of shard ${shardId} any more: it is on ${holders.join(', ')}` };
  if (holders.includes(sourceNodeId)) return { kind: 'failed-over', message: `The primary of shard ${shardId} is ${primary ?? 'nobody'} now, which the plan does not have so: it was failed over` };
  return { kind: 'resharded', message: `Shard ${shardId} is not where the plan takes it from: it is on ${holders.join(', ') || 'no node'}, the plan has it on ${sourceNodeId}` };
}
