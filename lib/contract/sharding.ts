import * as z from 'zod';

const shardCount = z.number().int().min(1).max(1_048_576);

/**
 * How the keys of an agent cluster find their shard. Fixed for the life of the cluster:
 * changing it would move every key.
 */
export const ShardingSchema = z.discriminatedUnion('method', [
  /** hash of the key modulo the number of shards; the text between the first `{` and the next `}`, when there is some, stands for the key. */
  z.strictObject({ method: z.literal('hash'), shardCount }),
]).meta({ id: 'Sharding' });
export type Sharding = z.infer<typeof ShardingSchema>;
