import type { DrainHoldup } from '@/lib/contract/health';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Refusal } from '@/lib/contract/plan';
import { NO_REPLICA, type ShardTable } from '@/lib/contract/shard-table';

const NAMED_MAX = 50;
const CAUSES_MAX = 50;

export interface DrainFacts {
  readonly shards: ShardTable;
  readonly nodeId: string;
  /** The drain that runs, waits or ended last; `null`: none is known. */
  readonly operation: Pick<Operation, 'status' | 'statusReason'> | null;
  readonly moves: readonly MoveRecord[];
  /** Of its plan. */
  readonly refusals: readonly Refusal[];
}

export interface DrainState {
  readonly shards: number;
  readonly primaries: number;
  /** Most shards first. */
  readonly holdups: readonly DrainHoldup[];
}

/** Which shards are still on a node that is to be emptied, and for each of them why. Shards with the same cause are one entry. */
export function drainStateOf(facts: DrainFacts): DrainState {
  const { shards, nodeId } = facts;
  const nodeIndex = shards.nodeIds.indexOf(nodeId);
  const openMoves = new Map<number, MoveRecord>();
  for (const move of facts.moves) {
    if (move.step.sourceNodeId === nodeId && move.status !== 'done' && !openMoves.has(move.step.shardId)) openMoves.set(move.step.shardId, move);
  }
  const refusals = new Map<number, Refusal>();
  for (const refusal of facts.refusals) if (refusal.shardId !== null && !refusals.has(refusal.shardId)) refusals.set(refusal.shardId, refusal);
  const causes = new Map<string, { readonly code: DrainHoldup['code']; readonly why: string; count: number; readonly shardIds: number[] }>();
  let held = 0;
  let primaries = 0;
  for (let shardId = 0; nodeIndex !== NO_REPLICA && shardId < shards.shardCount; shardId += 1) {
    const column = columnOf(shards, shardId, nodeIndex);
    if (column < 0) continue;
    held += 1;
    if (column === 0) primaries += 1;
    const { code, why } = causeOf(facts.operation, openMoves.get(shardId), refusals.get(shardId));
    const cause = causes.get(`${code} ${why}`) ?? { code, why, count: 0, shardIds: [] };
    cause.count += 1;
    if (cause.shardIds.length < NAMED_MAX) cause.shardIds.push(shardId);
    causes.set(`${code} ${why}`, cause);
  }
  const holdups = [...causes.values()].sort((a, b) => b.count - a.count).slice(0, CAUSES_MAX)
    .map(({ code, why, count, shardIds }): DrainHoldup => ({ code, message: `${count === 1 ? '1 shard' : `${count} shards`} ${why}`.slice(0, 500), shardCount: count, shardIds }));
  return { shards: held, primaries, holdups };
}

function causeOf(operation: DrainFacts['operation'], move: MoveRecord | undefined, refusal: Refusal | undefined): { code: DrainHoldup['code']; why: string } {
  if (move?.status === 'failed' || move?.status === 'reverted') {
    return { code: 'move-failed', why: `could not be moved: ${move.failure?.message ?? 'the move was taken back'}` };
  }
  if (move !== undefined && move.status !== 'pending') return { code: 'moving', why: 'on the way' };
  if (move !== undefined) {
    if (operation === null || ENDED.has(operation.status)) return { code: 'ended', why: `left behind: the drain ended${operation?.statusReason == null ? '' : ` (${operation.statusReason})`}` };
    if (operation.status === 'paused' || operation.status === 'pausing') return { code: 'paused', why: `held: the drain is paused${operation.statusReason === null ? '' : ` (${operation.statusReason})`}` };
    return { code: 'waiting', why: 'waiting their turn under the limits of the drain' };
  }
  if (refusal !== undefined) return { code: 'refused-by-planner', why: `with no place to go: ${refusal.message}` };
  return { code: 'not-planned', why: operation === null ? 'not planned yet: no drain has been started' : 'not in the plan of the drain: come since, or in need of another plan' };
}

const ENDED: ReadonlySet<Operation['status']> = new Set(['canceled', 'succeeded', 'failed', 'expired', 'superseded']);

function columnOf({ replicas, replicaMax }: ShardTable, shardId: number, nodeIndex: number): number {
  for (let column = 0; column < replicaMax; column += 1) if (replicas[shardId * replicaMax + column] === nodeIndex) return column;
  return -1;
}
