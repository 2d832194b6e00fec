import type { RESOURCES } from './vocabulary';

type Resource = (typeof RESOURCES)[number];
type PerResource = { [R in Resource]: number | null };

/** usage / capacity per resource, 0..1 and above when overcommitted; `null` where either is unknown or the capacity is 0. */
export function utilizationOf(node: { usage: PerResource; capacity: PerResource }): PerResource {
  const ratio = (resource: Resource) => {
    const used = node.usage[resource];
    const capacity = node.capacity[resource];
    return used === null || capacity === null || capacity <= 0 ? null : used / capacity;
  };
  return { cpu: ratio('cpu'), memory: ratio('memory'), disk: ratio('disk'), network: ratio('network') };
}
