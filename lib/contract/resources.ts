import * as z from 'zod';
import { QuantitySchema } from './primitives';

export const RESOURCES = ['cpu', 'memory', 'disk', 'network'] as const;
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

/** usage / capacity per resource, 0..1 and above when overcommitted; `null` where either is unknown or the capacity is 0. */
export function utilizationOf(node: { usage: ResourceVector; capacity: ResourceVector }): ResourceVector {
  const ratio = (resource: Resource) => {
    const used = node.usage[resource];
    const capacity = node.capacity[resource];
    return used === null || capacity === null || capacity <= 0 ? null : used / capacity;
  };
  return { cpu: ratio('cpu'), memory: ratio('memory'), disk: ratio('disk'), network: ratio('network') };
}
