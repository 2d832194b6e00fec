import * as z from 'zod';
import { CountSchema, IdSchema, TimestampMsSchema } from './primitives';

/** One agent as the console shows it; its secrets are known to nobody but itself. */
export const AgentViewSchema = z.object({
  nodeId: IdSchema,
  name: z.string(),
  address: z.string(),
  zone: z.string().nullable(),
  engine: z.object({ name: z.string(), version: z.string().nullable() }),
  enrolledAtMs: TimestampMsSchema,
  /** `null`: waits to be accepted by adding its address as a node. */
  acceptedAtMs: TimestampMsSchema.nullable(),
  removedAtMs: TimestampMsSchema.nullable(),
  /** Since this server has heard of it; `null` = not yet. */
  lastBeatAgeMs: z.number().min(0).nullable(),
  incarnation: CountSchema,
  /** Beats that were duplicates, late or replayed, and had no effect. */
  ignoredBeats: CountSchema,
}).meta({ id: 'AgentView' });
export type AgentView = z.infer<typeof AgentViewSchema>;

export const TokenRequestSchema = z.strictObject({
  /** The node becomes a member as it enrols; otherwise it waits to be accepted. */
  acceptByRule: z.boolean().default(false),
  ttlMs: z.number().int().min(60_000).max(7 * 86_400_000).default(3_600_000),
});

/** A permission that nobody has used yet; the token itself is known to whoever made it only. */
export const OpenTokenSchema = z.object({
  tokenId: IdSchema,
  acceptByRule: z.boolean(),
  createdAtMs: TimestampMsSchema,
  expiresAtMs: TimestampMsSchema,
  expired: z.boolean(),
}).meta({ id: 'OpenToken' });
export type OpenToken = z.infer<typeof OpenTokenSchema>;

export const IssuedTokenSchema = z.object({
  tokenId: IdSchema,
  /** Shown once; enrols one node. */
  token: z.string(),
  expiresAtMs: TimestampMsSchema,
}).meta({ id: 'IssuedToken' });
