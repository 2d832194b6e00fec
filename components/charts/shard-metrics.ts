import type { ShardTable } from '@/lib/contract/shard-table';

import type { Rounding } from './shard-scale';

/** What a shard map can show besides owners, and how its numbers are written. */
export const SHARD_METRICS = ['size', 'keys', 'cpu', 'reads', 'writes', 'network'] as const;
export type ShardMetric = (typeof SHARD_METRICS)[number];

export type Quality = 'measured' | 'sampled' | 'estimated' | 'unknown';

interface ShardMetricFacts {
  readonly label: string;
  /** How `formatShardMetric` writes it. */
  readonly unit: 'bytes' | 'bytesPerSecond' | 'count' | 'perSecond' | 'cores';
  readonly column: (table: ShardTable) => Float32Array | Float64Array;
  readonly quality: (table: ShardTable) => Quality;
}

/** What the ends of a metric's scale are round in. */
export function roundingOf(metric: ShardMetric): Rounding {
  const { unit } = SHARD_METRIC_FACTS[metric];
  return unit === 'bytes' || unit === 'bytesPerSecond' ? 'binary' : 'decimal';
}

export const SHARD_METRIC_FACTS: Readonly<Record<ShardMetric, ShardMetricFacts>> = {
  size: { label: 'Size', unit: 'bytes', column: (table) => table.sizeBytes, quality: (table) => table.quality.size },
  keys: { label: 'Keys', unit: 'count', column: (table) => table.keyCount, quality: () => 'measured' },
  cpu: { label: 'CPU', unit: 'cores', column: (table) => table.load.cpu, quality: (table) => table.quality.load },
  reads: { label: 'Reads', unit: 'perSecond', column: (table) => table.load.readsPerSecond, quality: (table) => table.quality.load },
  writes: { label: 'Writes', unit: 'perSecond', column: (table) => table.load.writesPerSecond, quality: (table) => table.quality.load },
  network: { label: 'Network', unit: 'bytesPerSecond', column: (table) => table.load.networkBytesPerSecond, quality: (table) => table.quality.load },
};
