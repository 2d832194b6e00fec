import * as z from 'zod';
import { CountSchema, IdSchema, TimestampMsSchema } from './primitives';

export const HealthReasonSchema = z.object({
  code: z.enum([
    'nodes-suspect', 'nodes-unreachable', 'nodes-dead', 'shards-without-primary', 'replicas-at-risk', 'shards-under-replicated',
    'over-safety-line', 'engine-not-serving', 'engine-warning', 'observation-stale', 'observation-failing', 'never-observed',
  ]),
  severity: z.enum(['notice', 'warning', 'critical']),
  message: z.string().max(500),
  nodeIds: z.array(IdSchema).max(1000),
  shardCount: CountSchema,
}).meta({ id: 'HealthReason' });
export type HealthReason = z.infer<typeof HealthReasonSchema>;

/** `unknown` whenever the picture is stale: never computed from old data without saying so. */
export const ClusterHealthSchema = z.object({
  status: z.enum(['healthy', 'degraded', 'critical', 'unknown']),
  /** Most severe first. */
  reasons: z.array(HealthReasonSchema).max(200),
  nodesTotal: CountSchema,
  nodesAlive: CountSchema,
  /** Shards whose next failure of a node would leave no healthy replica. */
  shardsAtRisk: CountSchema,
}).meta({ id: 'ClusterHealth' });
export type ClusterHealth = z.infer<typeof ClusterHealthSchema>;

/** Automation stopped, by a human or by a rule. */
export const FreezeSchema = z.object({
  cause: z.enum(['operator', 'mass-failure', 'invariant-violated', 'all-unreachable']),
  reason: z.string().min(1).max(500),
  sinceMs: TimestampMsSchema,
  by: z.string().max(128),
}).meta({ id: 'Freeze' });
export type Freeze = z.infer<typeof FreezeSchema>;
