import { NO_REPLICA, type ShardTable } from '@/lib/contract/shard-table';
import { atOnce, ROWS_PER_TURN } from '@/lib/platform/in-turns';
import type { ClusterState } from './cluster-state';

/** A rule of SPEC.md that does not hold. Freezes the cluster's automation and raises an alarm; nothing is thrown. */
export interface InvariantViolation {
  readonly rule: string;
  readonly message: string;
}

const REPORTED_MAX = 10;

/**
 * The rules a state must keep by construction. What the world may break (a slot without
 * an owner, a dead node) is not here: that is health, and shown as health.
 */
export function checkInvariants(state: ClusterState, previous: ClusterState | null): InvariantViolation[] {
  const violations: InvariantViolation[] = [];
  if (previous !== null && previous.epoch === state.epoch && state.revision <= previous.revision) {
    violations.push({ rule: 'R1', message: `Revision ${state.revision} does not follow ${previous.revision}` });
  }
  if (previous !== null && !previous.shards.nodeIds.every((id, index) => state.shards.nodeIds[index] === id)) {
    violations.push({ rule: 'C1', message: 'A node index changed its node' });
  }
  violations.push(...atOnce(checkingShardRows(state.shards)), ...checkInFlight(state));
  return violations.slice(0, REPORTED_MAX);
}

/** Tables in which nothing was found; they are never written to. */
const sound = new WeakSet<ShardTable>();

/** Looks through all rows of a table with rests, so that `checkInvariants` need not. */
export function* checkingShardRows(table: ShardTable): Generator<void, InvariantViolation[]> {
  const violations: InvariantViolation[] = [];
  if (sound.has(table)) return violations;
  for (let shardId = 0; shardId < table.shardCount && violations.length < REPORTED_MAX; shardId += 1) {
    if (shardId % ROWS_PER_TURN === ROWS_PER_TURN - 1) yield;
    checkRow(table, shardId, violations);
  }
  if (violations.length === 0) sound.add(table);
  return violations;
}

/** Some shards were moved, and nothing else differs between the two tables: only their rows are looked at. */
export function carrySoundness(before: ShardTable, after: ShardTable, shardIds: readonly number[]): void {
  if (!sound.has(before) || before.shardCount !== after.shardCount || after.nodeIds.length < before.nodeIds.length) return;
  const violations: InvariantViolation[] = [];
  for (const shardId of shardIds) if (shardId < after.shardCount) checkRow(after, shardId, violations);
  if (violations.length === 0) sound.add(after);
}

function checkRow({ replicaMax, replicas, nodeIds }: ShardTable, shardId: number, violations: InvariantViolation[]): void {
  const start = shardId * replicaMax;
  for (let column = 0; column < replicaMax; column += 1) {
    const index = replicas[start + column]!;
    if (index === NO_REPLICA) continue;
    if (index < 0 || index >= nodeIds.length) violations.push({ rule: 'C2', message: `Shard ${shardId} names node index ${index} of ${nodeIds.length}` });
    for (let other = 0; other < column; other += 1) {
      if (replicas[start + other] === index) violations.push({ rule: 'P3', message: `Shard ${shardId} has two replicas on ${nodeIds[index] ?? index}` });
    }
  }
}

function checkInFlight(state: ClusterState): InvariantViolation[] {
  const seen = new Set<number>();
  const violations: InvariantViolation[] = [];
  for (const move of state.inFlight) {
    if (seen.has(move.shardId)) violations.push({ rule: 'M1', message: `Shard ${move.shardId} has two moves in flight` });
    seen.add(move.shardId);
  }
  return violations;
}
