import * as z from 'zod';
import { IdSchema, QuantitySchema, TimestampMsSchema } from './primitives';

/** Names of the series kept per node and per cluster. Utilizations are 0..1, rates per second, sizes bytes. */
export const METRICS = ['cpu', 'memory', 'disk', 'network', 'operationsPerSecond', 'latencyP99Ms', 'dataBytes', 'keyCount', 'connections', 'imbalance', 'nodes', 'leaders'] as const;
export const MetricSchema = z.enum(METRICS);
export type Metric = z.infer<typeof MetricSchema>;

/** One bucket of one series: what was seen in [atMs, atMs + stepMs). */
export const MetricPointSchema = z.object({
  atMs: TimestampMsSchema,
  mean: QuantitySchema,
  max: QuantitySchema,
  sampleCount: z.number().int().min(0),
}).meta({ id: 'MetricPoint' });
export type MetricPoint = z.infer<typeof MetricPointSchema>;

export const MetricSeriesSchema = z.object({
  metric: MetricSchema,
  /** `null`: the cluster as a whole. */
  nodeId: IdSchema.nullable(),
  stepMs: z.number().int().min(1_000),
  points: z.array(MetricPointSchema).max(2_000),
}).meta({ id: 'MetricSeries' });
export type MetricSeries = z.infer<typeof MetricSeriesSchema>;

/** Roll-ups: how long a bucket is and how long it is kept. */
export const ROLL_UPS = [
  { stepMs: 10_000, keepMs: 2 * 3_600_000 },
  { stepMs: 60_000, keepMs: 24 * 3_600_000 },
  { stepMs: 600_000, keepMs: 30 * 86_400_000 },
] as const;
