import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { Node } from '@/lib/contract/node';
import type { Resource } from '@/lib/contract/resources';

/**
 * What a node's share of each dimension is measured against. Evenness means equal
 * value / divisor on all nodes: utilization where capacities are known, the plain value
 * where they are not. Counts are never weighted.
 */
export interface BalanceBasis {
  readonly divisors: Readonly<Record<BalanceDimension, Float64Array>>;
  /** Bytes of memory and of disk that a byte of shard data takes; `null` where the engine reports nothing of that resource. */
  readonly memoryPerByte: number | null;
  readonly diskPerByte: number | null;
}

/**
 * Where data lives decides what moving it costs: on disk where the engine reports a disk
 * (memory is then a cache that follows the data), otherwise in memory. `data` is weighed
 * by the capacity of that place, `operations` by cpu, and `network` too where no node
 * tells its bandwidth: a node of twice the cores is meant to serve twice as much. A
 * capacity counts only when every eligible leader has one: half-weighted nodes compare
 * nothing.
 */
export function balanceBasisOf(leaders: readonly Node[], eligible: ArrayLike<number>, totalBytes: number): BalanceBasis {
  const ones = new Float64Array(leaders.length).fill(1);
  const byCapacity = (resource: Resource): Float64Array | null => {
    const divisors = new Float64Array(leaders.length);
    for (let index = 0; index < divisors.length; index += 1) {
      const capacity = leaders[index]!.capacity[resource];
      if (eligible[index] !== 0 && !((capacity ?? 0) > 0)) return null;
      divisors[index] = positiveOr(capacity, 1);
    }
    return divisors;
  };
  const reported = (resource: Resource) => leaders.some((node, index) => eligible[index] === 1 && (node.capacity[resource] !== null || node.usage[resource] !== null));
  const onDisk = reported('disk');
  const memory = byCapacity('memory') ?? ones;
  const disk = byCapacity('disk') ?? ones;
  const cpu = byCapacity('cpu') ?? ones;
  return {
    divisors: {
      cpu, memory, disk, network: byCapacity('network') ?? cpu,
      operations: cpu, data: onDisk ? disk : memory, shards: ones, primaries: ones,
    },
    memoryPerByte: !reported('memory') ? null : onDisk ? memoryShareOf(leaders, totalBytes) : 1,
    diskPerByte: onDisk ? 1 : null,
  };
}

function memoryShareOf(leaders: readonly Node[], totalBytes: number): number {
  const used = leaders.reduce((sum, node) => sum + positiveOr(node.usage.memory, 0), 0);
  return totalBytes > 0 ? Math.min(1, used / totalBytes) : 1;
}

function positiveOr(value: number | null, otherwise: number): number {
  return value !== null && value > 0 && value < Infinity ? value : otherwise;
}
