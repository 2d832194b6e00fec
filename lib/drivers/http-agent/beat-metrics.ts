import type { Heartbeat, HeldShard } from '@/lib/contract/agent-protocol';
import type { NodeObservation } from '@/lib/contract/observation';
import { UNKNOWN_STATS, type NodeStats } from '@/lib/contract/node';
import { RESOURCES, UNKNOWN_RESOURCES, type ResourceVector } from '@/lib/contract/resources';

/** Above these a value is a broken counter and no measurement. */
const ABSURD = {
  cpu: 65_536, memory: 2 ** 60, disk: 2 ** 62, network: 1e13,
  rate: 1e12, connections: 1e8, latencyP99Ms: 3_600_000, keyCount: Number.MAX_SAFE_INTEGER, bytes: 2 ** 62,
} as const;
/** A usage may be measured a little above its capacity, by two clocks that differ; twice as much was not measured. */
const USAGE_OVER_CAPACITY_MAX = 2;

export interface BeatMetrics {
  readonly capacity: ResourceVector;
  readonly usage: ResourceVector;
  readonly stats: NodeStats;
  /** Values that were sent and cannot be; each becomes a flag of the node. */
  readonly rejected: NonNullable<NodeObservation['rejected']>;
}

/** S6: what is missing, not finite, negative or absurd is unknown, and never 0. */
export function metricsOfBeat({ metrics }: Pick<Heartbeat, 'metrics'>): BeatMetrics {
  const rejected: NonNullable<NodeObservation['rejected']> = [];
  const read = (group: string, values: Readonly<Record<string, unknown>>, name: string, max: number): number | null => {
    const value = values[name];
    if (value === undefined || value === null) return null;
    const usable = quantityOf(value, max);
    if (usable === null) rejected.push({ metric: `${group}.${name}`, flag: flagOf(value), came: (typeof value === 'number' ? String(value) : JSON.stringify(value)).slice(0, 64) });
    return usable;
  };
  const capacity: Record<keyof ResourceVector, number | null> = { ...UNKNOWN_RESOURCES };
  const usage: Record<keyof ResourceVector, number | null> = { ...UNKNOWN_RESOURCES };
  for (const resource of RESOURCES) {
    const limit = read('capacity', metrics.capacity, resource, ABSURD[resource]);
    // A node without any of a resource cannot be: that is a limit that was not read.
    capacity[resource] = limit === 0 ? null : limit;
    usage[resource] = read('usage', metrics.usage, resource, Math.min(ABSURD[resource], (capacity[resource] ?? Infinity) * USAGE_OVER_CAPACITY_MAX));
  }
  const stat = (name: keyof NodeStats, max: number) => read('stats', metrics.stats, name, max);
  const stats: NodeStats = {
    ...UNKNOWN_STATS,
    readsPerSecond: stat('readsPerSecond', ABSURD.rate),
    writesPerSecond: stat('writesPerSecond', ABSURD.rate),
    operationsPerSecond: stat('operationsPerSecond', ABSURD.rate),
    connections: stat('connections', ABSURD.connections),
    latencyP99Ms: stat('latencyP99Ms', ABSURD.latencyP99Ms),
    keyCount: stat('keyCount', ABSURD.keyCount),
    replicationLagBytes: stat('replicationLagBytes', ABSURD.bytes),
  };
  return { capacity, usage, stats, rejected };
}

export interface ShardMetrics {
  readonly keyCount: number | null;
  readonly sizeBytes: number | null;
  readonly readsPerSecond: number | null;
  readonly writesPerSecond: number | null;
  readonly networkBytesPerSecond: number | null;
  readonly cpuCores: number | null;
}

export function metricsOfShard(shard: HeldShard): ShardMetrics {
  return {
    keyCount: quantityOf(shard.keyCount, ABSURD.keyCount),
    sizeBytes: quantityOf(shard.sizeBytes, ABSURD.bytes),
    readsPerSecond: quantityOf(shard.readsPerSecond, ABSURD.rate),
    writesPerSecond: quantityOf(shard.writesPerSecond, ABSURD.rate),
    networkBytesPerSecond: quantityOf(shard.networkBytesPerSecond, ABSURD.network),
    cpuCores: quantityOf(shard.cpuCores, ABSURD.cpu),
  };
}

/** Texts and labels of the machine's own numbers, for the node's page. */
export function labelsOfMachine(machine: Readonly<Record<string, unknown>>): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(machine).slice(0, 16)) {
    if (typeof value === 'number' && Number.isFinite(value)) labels[`machine.${name}`] = String(Math.round(value * 100) / 100);
    else if (typeof value === 'string') labels[`machine.${name}`] = value.slice(0, 100);
  }
  return labels;
}

function flagOf(value: unknown): 'not-a-number' | 'negative' | 'absurd' {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'not-a-number';
  return value < 0 ? 'negative' : 'absurd';
}

function quantityOf(value: unknown, max: number): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= max ? value : null;
}
