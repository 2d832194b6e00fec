import type { PlanStep } from '@/lib/contract/plan';
import { primaryNodeIdOf, type ShardTable } from '@/lib/contract/shard-table';

/** Shards that the plan moved and that nobody is known to serve, ascending. */
export function unservedOf(shards: ShardTable, steps: readonly PlanStep[]): number[] {
  const moved = new Set(steps.map(({ shardId }) => shardId));
  return [...moved].filter((shardId) => shardId >= shards.shardCount || primaryNodeIdOf(shards, shardId) === null).sort((a, b) => a - b);
}
