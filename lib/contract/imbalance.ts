import * as z from 'zod';
import { CountSchema, IdSchema, QuantitySchema } from './primitives';
import { BALANCE_DIMENSIONS } from './vocabulary';

export { BALANCE_DIMENSIONS } from './vocabulary';

export const BalanceDimensionSchema = z.enum(BALANCE_DIMENSIONS);
export type BalanceDimension = z.infer<typeof BalanceDimensionSchema>;

/** (max - mean) / mean of utilization over eligible leaders, 0 = even; `null` = unknown or nothing to compare. */
export const ImbalanceSchema = z.record(BalanceDimensionSchema, QuantitySchema).meta({ id: 'Imbalance' });
export type Imbalance = z.infer<typeof ImbalanceSchema>;

/** What one node holds, as attributed from its shards; the same numbers before and after a plan. */
export const NodeHoldingSchema = z.object({
  nodeId: IdSchema,
  shards: CountSchema,
  primaries: CountSchema,
  dataBytes: QuantitySchema,
  keyCount: QuantitySchema,
  operationsPerSecond: QuantitySchema,
  /** Cores served for its shards. */
  cpuCores: QuantitySchema,
  networkBytesPerSecond: QuantitySchema,
}).meta({ id: 'NodeHolding' });
export type NodeHolding = z.infer<typeof NodeHoldingSchema>;
