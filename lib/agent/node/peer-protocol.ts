import { PeerSchema } from '@/lib/contract/agent-protocol';
import * as z from 'zod';
import { WireRowSchema } from './rows';

/**
 * What reference nodes say to each other. Not part of the protocol with the manager: another
 * database has ways of its own to bring data from one node to another. Every call is POST
 * /peer/v1/shards/{shardId}/{action} with the caller's key as bearer token.
 */
export const PEER_BASE_PATH = '/peer/v1/shards';
export const PEER_BODY_BYTES_MAX = 16 * 1024 * 1024;

const epoch = z.number().int().min(0);
const version = z.number().int().min(0);

/** What a copy is, so that the primary knows how to go on. */
export const CopyStateSchema = z.object({
  role: z.enum(['primary', 'secondary', 'importing', 'leaving', 'absent']),
  epoch, version,
  lineage: z.string(),
  keyCount: z.number().int().min(0),
  sizeBytes: z.number().min(0),
  digest: z.string(),
});
export type CopyState = z.infer<typeof CopyStateSchema>;

export const PEER_ACTIONS = {
  /** What is here? */
  state: z.object({}),
  /**
   * Begin, or go on with, being filled. What is here of another lineage, or too old to catch up, is
   * deleted first; so is all that a primary of a lower epoch has, for it was taken for dead. Of the
   * ancestor's lineage is kept what has no write beyond its version: the rest nobody acknowledged.
   */
  import: z.object({ epoch, lineage: z.string().min(1), gcFloor: version, primary: PeerSchema, ancestor: z.object({ lineage: z.string(), version }).nullable() }),
  /** The rows that follow `previousVersion`, in order of their versions. */
  rows: z.object({ epoch, primary: PeerSchema, previousVersion: version, gcFloor: version, rows: z.array(WireRowSchema).max(100_000), checksum: z.string() }),
  /** Read every row from the disk and say what they add up to. */
  verify: z.object({}),
  /** Become the primary: everything up to `version` is here, and the old primary serves no more. */
  activate: z.object({ epoch, version, digest: z.string(), keyCount: z.number().int().min(0), gcFloor: version, secondaries: z.array(z.object({ peer: PeerSchema, inSync: z.boolean() })) }),
  /** Become a secondary. */
  follow: z.object({ epoch, version, primary: PeerSchema }),
} as const;
export type PeerAction = keyof typeof PEER_ACTIONS;
export type PeerRequest<A extends PeerAction> = z.infer<(typeof PEER_ACTIONS)[A]>;

export const PEER_REFUSALS = ['unknown-peer', 'absent', 'stale-epoch', 'gap', 'checksum', 'draining', 'busy', 'malformed', 'no-answer'] as const;
export const PeerRefusalSchema = z.object({ code: z.enum(PEER_REFUSALS), message: z.string().max(500) });
export type PeerRefusal = z.infer<typeof PeerRefusalSchema>;
