import * as z from 'zod';

const shardCount = z.number().int().min(1).max(1_048_576);
/** Compared by their UTF-8 bytes. */
const key = z.string().min(1).max(1_024);

/**
 * How the keys of a cluster find their shard. Fixed for the life of the cluster: changing it
 * would move every key. docs/agent-protocol.md says each of them so that it can be written in
 * another language, with examples to check by.
 */
export const ShardingSchema = z.discriminatedUnion('method', [
  /** A hash of the key modulo the number of shards. */
  z.strictObject({ method: z.literal('hash'), shardCount }),
  /** A hash ring of shards, each with so many points: another number of shards would move few keys. */
  z.strictObject({ method: z.literal('ring'), shardCount, pointsPerShard: z.number().int().min(1).max(1_024).default(64) }),
  /** Shard i holds the keys from boundary i - 1 (inclusive) to boundary i (exclusive); there is one shard more than boundaries. */
  z.strictObject({ method: z.literal('range'), boundaries: z.array(key).min(1).max(4_096) }),
  /** The longest prefix that a key begins with says its shard; keys without one are hashed over all shards. */
  z.strictObject({ method: z.literal('directory'), shardCount, entries: z.array(z.strictObject({ prefix: key, shardId: z.number().int().min(0) })).max(4_096) }),
]).superRefine((sharding, context) => {
  if (sharding.method === 'range' && sharding.boundaries.some((boundary, index) => index > 0 && compareKeys(sharding.boundaries[index - 1]!, boundary) >= 0)) {
    context.addIssue({ code: 'custom', path: ['boundaries'], message: 'In ascending order of their UTF-8 bytes, none twice' });
  }
  if (sharding.method !== 'directory') return;
  if (sharding.entries.some((entry) => entry.shardId >= sharding.shardCount)) context.addIssue({ code: 'custom', path: ['entries'], message: 'Every shardId is below shardCount' });
  if (new Set(sharding.entries.map((entry) => entry.prefix)).size !== sharding.entries.length) context.addIssue({ code: 'custom', path: ['entries'], message: 'No prefix twice' });
}).meta({ id: 'Sharding' });
export type Sharding = z.infer<typeof ShardingSchema>;

export function shardCountOf(sharding: Sharding): number {
  return sharding.method === 'range' ? sharding.boundaries.length + 1 : sharding.shardCount;
}

/** Order of the UTF-8 bytes, which is the order of code points and not of JavaScript's code units. */
export function compareKeys(a: string, b: string): number {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) if (left[index] !== right[index]) return left[index]! - right[index]!;
  return left.length - right.length;
}
