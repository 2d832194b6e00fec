import * as z from 'zod';
import { CountSchema, IdSchema, ShardIdSchema } from './primitives';
import { ShardingSchema } from './sharding';
import type { ROUTING_CHOICES } from './vocabulary';

export type RoutingChoice = (typeof ROUTING_CHOICES)[number];

/** How clients and load balancers should treat a node. drain: finish what is there, begin nothing new. */
export const ENDPOINT_STATES = ['ready', 'drain', 'maintenance', 'down'] as const;

export const EndpointSchema = z.object({
  nodeId: IdSchema,
  name: z.string(),
  address: z.string(),
  zone: z.string().nullable(),
  /** leader: holds shards of its own. follower: mirrors `followerOf`. */
  role: z.enum(['leader', 'follower']),
  followerOf: IdSchema.nullable(),
  state: z.enum(ENDPOINT_STATES),
  /** 0..100, in proportion to the capacity: the strongest node has 100. 0 unless it is ready. */
  weight: z.number().int().min(0).max(100),
  primaries: CountSchema,
  replicas: CountSchema,
}).meta({ id: 'Endpoint' });
export type Endpoint = z.infer<typeof EndpointSchema>;

export const RoutingSchema = z.object({
  clusterId: IdSchema,
  /** Of this content: the same content has the same one. It is the ETag, too. */
  revision: z.string(),
  /** How keys find their shard. */
  sharding: ShardingSchema.or(z.object({ method: z.literal('redis-slot') })),
  shardCount: CountSchema,
  endpoints: z.array(EndpointSchema),
  /**
   * Runs of neighbouring shards with the same nodes: `[first, last, primary, ...secondaries]`,
   * nodes as indexes of `endpoints`, -1 = no primary. `null` when there are more than 65,536 runs.
   */
  runs: z.array(z.array(z.number().int().min(-1)).min(3).max(18)).max(65_536).nullable(),
}).meta({ id: 'Routing' });
export type Routing = z.infer<typeof RoutingSchema>;

export const LocatedKeySchema = z.object({
  key: z.string(),
  /** What of it was hashed; the whole key where nothing is marked or nothing is hashed. */
  hashedPart: z.string(),
  method: z.string(),
  shardId: ShardIdSchema,
  primaryNodeId: IdSchema.nullable(),
  secondaryNodeIds: z.array(IdSchema),
  /** Of engines whose nodes mirror each other: those that mirror the primary, and so have the key as well. */
  followerNodeIds: z.array(IdSchema),
  /** Of the primary. */
  address: z.string().nullable(),
  /** A move of the shard is under way, from and to these nodes. */
  moving: z.object({ sourceNodeId: IdSchema, targetNodeId: IdSchema }).nullable(),
}).meta({ id: 'LocatedKey' });
export type LocatedKey = z.infer<typeof LocatedKeySchema>;
