import * as z from 'zod';
import { ImbalanceSchema } from './imbalance';
import { CountSchema, QuantitySchema } from './primitives';

/** Client latency around an operation, milliseconds: 99th percentile over the whole cluster as the nodes report it. `null` = unknown. */
export const LatencyComparisonSchema = z.object({
  /** The newest reading before it began. */
  beforeP99Ms: QuantitySchema,
  /** Mean and worst of the readings while data moved. */
  duringP99Ms: QuantitySchema,
  duringWorstP99Ms: QuantitySchema,
  /** Readings that `during` is made of. */
  duringSamples: CountSchema,
  /** The first reading after its end. */
  afterP99Ms: QuantitySchema,
}).meta({ id: 'LatencyComparison' });
export type LatencyComparison = z.infer<typeof LatencyComparisonSchema>;

export const UNKNOWN_LATENCY: LatencyComparison = { beforeP99Ms: null, duringP99Ms: null, duringWorstP99Ms: null, duringSamples: 0, afterP99Ms: null };

/** Predicted against actual, kept with the operation. */
export const ReportSchema = z.object({
  secondsPredicted: z.object({ low: z.number().min(0), high: z.number().min(0) }),
  /** From begin to end; `secondsMoving` is the part of it in which moves ran, without pauses and restarts. */
  secondsActual: z.number().min(0),
  secondsMoving: z.number().min(0).default(0),
  bytesPredicted: z.number().min(0),
  bytesActual: z.number().min(0),
  keysPredicted: z.number().min(0).default(0),
  keysActual: z.number().min(0).default(0),
  imbalanceBefore: ImbalanceSchema,
  imbalancePredicted: ImbalanceSchema,
  /** As observed after the last move. */
  imbalanceAfter: ImbalanceSchema,
  movesTotal: CountSchema.default(0),
  movesDone: CountSchema,
  movesFailed: CountSchema,
  movesReverted: CountSchema,
  /** While data moved, pauses left out; `null` when too little moved to tell. Feeds the next estimates. */
  bytesPerSecond: QuantitySchema.default(null),
  movesPerSecond: QuantitySchema.default(null),
  latency: LatencyComparisonSchema.default(UNKNOWN_LATENCY),
}).meta({ id: 'Report' });
export type Report = z.infer<typeof ReportSchema>;
