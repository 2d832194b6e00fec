import * as z from 'zod';
import { CountSchema, TimestampMsSchema } from './primitives';
import { ResourceSchema } from './resources';
import { AggregateSchema } from './scaling-rules';

/** What one rule wanted, with its numbers. */
export const ScalingConditionSchema = z.object({
  resource: ResourceSchema,
  /** Over which nodes. The mean is of all the load on what the nodes are worth while some of them hold less than their share. */
  aggregate: AggregateSchema,
  /** `null` = unknown, which holds. */
  utilization: z.number().min(0).nullable(),
  target: z.number().min(0).max(1),
  nodeCountWanted: CountSchema.nullable(),
}).meta({ id: 'ScalingCondition' });

/** What the scaler concluded, also when it is "hold", and the guard that bound it. */
export const ScalingDecisionSchema = z.object({
  atMs: TimestampMsSchema,
  action: z.enum(['hold', 'scale-out', 'scale-in', 'rebalance']),
  nodeCount: CountSchema,
  /** What the nodes are worth: fewer than there are while data is still on its way to some. */
  effectiveNodes: z.number().min(0),
  /** Before and after stabilising and limits. */
  nodeCountRecommended: CountSchema,
  nodeCountDecided: CountSchema,
  /** The rule that had the last word. */
  boundBy: z.enum([
    'within-target', 'target-utilization', 'minimum', 'maximum', 'unknown-metrics', 'unhealthy', 'operation-running', 'frozen', 'skew', 'off', 'stale-observation',
    'prediction', 'schedule', 'override', 'stabilization', 'rate-limit', 'zone-multiple', 'cooldown', 'safety-line', 'rehearsal', 'approval',
  ]),
  message: z.string().max(500),
  conditions: z.array(ScalingConditionSchema).max(16),
}).meta({ id: 'ScalingDecision' });
export type ScalingDecision = z.infer<typeof ScalingDecisionSchema>;
