import * as z from 'zod';
import { ActorSchema, CountSchema, IdSchema, ShardIdSchema, TimestampMsSchema } from './primitives';
import { EVENT_TYPES } from './vocabulary';

export { EVENT_TYPES } from './vocabulary';

export const EventTypeSchema = z.enum(EVENT_TYPES);
export type EventType = z.infer<typeof EventTypeSchema>;

/** A past fact. The log is append-only; each row carries the hash of the one before it. */
export const DomainEventSchema = z.object({
  id: IdSchema,
  clusterId: IdSchema,
  /** Position in the cluster's log, from 1, without gaps. */
  sequence: z.number().int().min(1),
  type: EventTypeSchema,
  atMs: TimestampMsSchema,
  actor: ActorSchema,
  severity: z.enum(['info', 'notice', 'warning', 'critical']),
  /** One sentence for people, with the numbers. */
  message: z.string().min(1).max(1000),
  nodeId: IdSchema.nullable(),
  shardId: ShardIdSchema.nullable(),
  planId: IdSchema.nullable(),
  operationId: IdSchema.nullable(),
  data: z.record(z.string(), z.union([z.string().max(2000), z.number(), z.boolean(), z.null()])),
}).meta({ id: 'DomainEvent' });
export type DomainEvent = z.infer<typeof DomainEventSchema>;

/** A replica arrived; published to subscribers, kept in the execution's journal and not in the event log. */
export const ShardMovedSchema = z.object({
  clusterId: IdSchema, operationId: IdSchema, shardId: ShardIdSchema,
  sourceNodeId: IdSchema, targetNodeId: IdSchema, atMs: TimestampMsSchema, bytes: z.number().min(0), keyCount: CountSchema,
});
export type ShardMoved = z.infer<typeof ShardMovedSchema>;
