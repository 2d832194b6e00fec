import type { HeldShard } from '@/lib/contract/agent-protocol';
import type { AgentRecord } from '@/lib/contract/storage';

/** What a node says it holds, without what others were given while it was taken for dead. */
export function trustedShards({ fence }: Pick<AgentRecord, 'fence'>, held: readonly HeldShard[]): readonly HeldShard[] {
  if (fence == null) return held;
  const floors = new Map(fence.shards.map(({ shardId, epoch }) => [shardId, epoch]));
  return held.filter((shard) => shard.epoch >= (floors.get(shard.shardId) ?? 0));
}
