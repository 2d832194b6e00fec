import type { HealthReason } from '@/lib/contract/health';
import type { ShardTable } from '@/lib/contract/shard-table';
import type { ClusterState } from '../cluster/cluster-state';

/** The first so many shards of a reason are named. */
const NAMED_MAX = 50;

interface Tally {
  count: number;
  readonly shardIds: number[];
}

export interface ShardHealth {
  /** No alive node holds a copy. */
  readonly lost: Tally;
  /** A copy lives, but the primary does not. */
  readonly withoutPrimary: Tally;
  /** One healthy copy left where more are wanted. */
  readonly atRisk: Tally;
  /** Fewer healthy copies than wanted, those at risk and lost among them. */
  readonly underReplicated: Tally;
}

/** What was counted of a table, and for which nodes; it is counted again only when one of them came, went or changed. */
interface Counted {
  readonly wanted: number;
  /** The nodes last asked about. */
  readonly nodes: ClusterState['nodes'];
  readonly copiesAt: readonly number[];
  readonly primaryUp: readonly boolean[];
  readonly health: ShardHealth;
}

const kept = new WeakMap<ShardTable, Counted>();

/** Counts healthy copies per shard: alive holders, each with its alive followers. */
export function shardHealthOf(state: ClusterState): ShardHealth {
  const { shards } = state;
  const wanted = state.engine?.replicationFactor ?? 1;
  const before = kept.get(shards);
  if (before?.wanted === wanted && before.nodes === state.nodes) return before.health;
  const aliveFollowers = new Map<string, number>();
  for (const node of state.nodes.values()) {
    if (node.followerOf !== null && node.liveness === 'alive') aliveFollowers.set(node.followerOf, (aliveFollowers.get(node.followerOf) ?? 0) + 1);
  }
  const copiesAt = shards.nodeIds.map((id) => (state.nodes.get(id)?.liveness === 'alive' ? 1 : 0) + (aliveFollowers.get(id) ?? 0));
  const primaryUp = shards.nodeIds.map((id) => state.nodes.get(id)?.liveness === 'alive' || state.nodes.get(id)?.liveness === 'suspect');
  const isKnown = before?.wanted === wanted && isSame(before.copiesAt, copiesAt) && isSame(before.primaryUp, primaryUp);
  const health = isKnown ? before.health : countCopies(shards, { wanted, copiesAt, primaryUp });
  kept.set(shards, { wanted, nodes: state.nodes, copiesAt, primaryUp, health });
  return health;
}

/**
 * Some shards were moved, and nothing else differs between the two tables: if none of them was or
 * is short of a copy, the later one is as healthy as the earlier.
 */
export function carryShardHealth(before: ShardTable, after: ShardTable, shardIds: Iterable<number>): void {
  const known = kept.get(before);
  if (known === undefined || kept.has(after) || before.nodeIds !== after.nodeIds) return;
  for (const shardId of shardIds) {
    if (shardId >= after.shardCount) continue;
    if (![before, after].every((table) => isWhole(table, shardId, known))) return;
  }
  kept.set(after, known);
}

function isWhole({ replicas, replicaMax }: ShardTable, shardId: number, { wanted, copiesAt, primaryUp }: Counted): boolean {
  const row = replicas.subarray(shardId * replicaMax, (shardId + 1) * replicaMax);
  const copies = row.reduce((sum, index) => sum + (index >= 0 ? copiesAt[index]! : 0), 0);
  return row[0]! >= 0 && primaryUp[row[0]!]! && copies >= wanted && (copies > 1 || wanted <= 1);
}

function isSame<T>(before: readonly T[], now: readonly T[]): boolean {
  return before.length === now.length && before.every((value, index) => value === now[index]);
}

function countCopies(shards: ShardTable, { wanted, copiesAt, primaryUp }: Pick<Counted, 'wanted' | 'copiesAt' | 'primaryUp'>): ShardHealth {
  const health = { lost: emptyTally(), withoutPrimary: emptyTally(), atRisk: emptyTally(), underReplicated: emptyTally() };
  for (let shardId = 0; shardId < shards.shardCount; shardId += 1) {
    const start = shardId * shards.replicaMax;
    const primary = shards.replicas[start]!;
    let copies = 0;
    for (let column = 0; column < shards.replicaMax; column += 1) {
      const index = shards.replicas[start + column]!;
      if (index >= 0) copies += copiesAt[index]!;
    }
    const led = primary >= 0 && primaryUp[primary]!;
    if (copies === 0 && !led) add(health.lost, shardId);
    else if (!led) add(health.withoutPrimary, shardId);
    if (copies < wanted) add(health.underReplicated, shardId);
    if (copies === 1 && wanted > 1) add(health.atRisk, shardId);
  }
  return health;
}

export function shardReasons({ lost, withoutPrimary, atRisk, underReplicated }: ShardHealth): HealthReason[] {
  const reason = (code: HealthReason['code'], severity: HealthReason['severity'], { count, shardIds }: Tally, what: string): HealthReason[] =>
    count === 0 ? [] : [{ code, severity, message: `${count === 1 ? '1 shard' : `${count} shards`} ${what}`, nodeIds: [], shardCount: count, shardIds }];
  return [
    ...reason('shards-lost', 'critical', lost, 'without any living copy'),
    ...reason('shards-without-primary', 'critical', withoutPrimary, 'without a living primary'),
    ...reason('replicas-at-risk', 'warning', atRisk, 'one failure from loss'),
    ...reason('shards-under-replicated', 'warning', underReplicated, 'with fewer healthy copies than wanted'),
  ];
}

function emptyTally(): Tally {
  return { count: 0, shardIds: [] };
}

function add(tally: Tally, shardId: number): void {
  tally.count += 1;
  if (tally.shardIds.length < NAMED_MAX) tally.shardIds.push(shardId);
}
