import type { RESOURCES } from './vocabulary';

type Resource = (typeof RESOURCES)[number];
type PerResource = { [R in Resource]: number | null };

/** usage / capacity per resource, 0..1 and above when overcommitted; `null` where either is unknown or the capacity is 0. */
export function utilizationOf(node: { usage: PerResource; capacity: PerResource }): PerResource {
  return { cpu: utilizationOfOne(node, 'cpu'), memory: utilizationOfOne(node, 'memory'), disk: utilizationOfOne(node, 'disk'), network: utilizationOfOne(node, 'network') };
}

/** The same of one resource. */
export function utilizationOfOne(node: { usage: PerResource; capacity: PerResource }, resource: Resource): number | null {
  const used = node.usage[resource];
  const capacity = node.capacity[resource];
  return used === null || capacity === null || capacity <= 0 ? null : used / capacity;
}
