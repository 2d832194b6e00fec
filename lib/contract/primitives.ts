import * as z from 'zod';

/** Ids are opaque text: engine ids for nodes, prefixed time-ordered ids for what we make. */
export const IdSchema = z.string().min(1).max(128).regex(/^[A-Za-z0-9_.:@-]+$/, 'Letters, digits and _ . : @ - only');
/** A shard's index in the cluster's ShardTable, 0-based; for Redis the hash slot. */
export const ShardIdSchema = z.number().int().min(0).max(1_048_575);
/** Wall-clock milliseconds since the Unix epoch. For people and records, never for decisions. */
export const TimestampMsSchema = z.number().int().min(0);
export const CountSchema = z.number().int().min(0);
/** Bytes, keys, rates: finite and not negative; `null` means unknown and is never read as 0. */
export const QuantitySchema = z.number().min(0).nullable();

export const ActorSchema = z.object({
  kind: z.enum(['operator', 'automation', 'system']),
  /** Who: an operator's name, the name of the rule, or the part of the system. */
  name: z.string().min(1).max(128),
}).meta({ id: 'Actor' });
export type Actor = z.infer<typeof ActorSchema>;
