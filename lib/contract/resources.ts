import * as z from 'zod';
import { QuantitySchema } from './primitives';
import { RESOURCES } from './vocabulary';

export { utilizationOf, utilizationOfOne } from './utilization';
export { RESOURCES } from './vocabulary';

export const ResourceSchema = z.enum(RESOURCES);
export type Resource = z.infer<typeof ResourceSchema>;

/**
 * One quantity per resource. Units: cpu in cores, memory and disk in bytes, network in
 * bytes per second. `null` is unknown: it never counts as 0 and never allows a scale-in.
 */
export const ResourceVectorSchema = z.object({
  cpu: QuantitySchema,
  memory: QuantitySchema,
  disk: QuantitySchema,
  network: QuantitySchema,
}).meta({ id: 'ResourceVector' });
export type ResourceVector = z.infer<typeof ResourceVectorSchema>;

export const UNKNOWN_RESOURCES: ResourceVector = { cpu: null, memory: null, disk: null, network: null };
