import { SHARD_METRIC_FACTS, SHARD_METRICS, type Quality, type ShardMetric } from '@/components/charts/shard-metrics';
import { formatByteRate, formatBytes, formatCores, formatCount, formatCountShort, formatRate, UNKNOWN } from '@/lib/client/format';
import type { LiveMove } from '@/lib/contract/live';
import { primaryNodeIdOf, replicaNodeIdsOf, type ShardTable } from '@/lib/contract/shard-table';
import { assertNever } from '@/lib/platform/assert';

/** Everything the screen says about one shard; the tooltip, the details and the table read it alike. */
export interface ShardFacts {
  readonly shardId: number;
  /** `null`: nobody serves it. */
  readonly primaryNodeId: string | null;
  readonly secondaryNodeIds: readonly string[];
  readonly metrics: readonly ShardMetricFact[];
  readonly move: LiveMove | null;
}

export interface ShardMetricFact {
  readonly metric: ShardMetric;
  readonly label: string;
  readonly text: string;
  /** How the number was come by when it is not simply measured; empty when it is, or is unknown. */
  readonly quality: string;
}

/** A metric's value in its unit; NaN is unknown. */
export function formatShardMetric(metric: ShardMetric, value: number): string {
  const known = Number.isNaN(value) ? null : value;
  const { unit } = SHARD_METRIC_FACTS[metric];
  switch (unit) {
    case 'bytes': return formatBytes(known);
    case 'bytesPerSecond': return formatByteRate(known);
    case 'count': return formatCountShort(known);
    case 'perSecond': return formatRate(known);
    case 'cores': return formatCores(known);
    default: return assertNever(unit);
  }
}

/** "sampled from 16 keys", "estimated", or empty for what was measured. */
export function qualityWords(table: Pick<ShardTable, 'quality'>, quality: Quality): string {
  if (quality === 'estimated') return 'estimated';
  if (quality === 'sampled') return `sampled from ${formatCount(table.quality.sizeSampleCount)} keys`;
  return '';
}

export function factsOf(table: ShardTable, shardId: number, moves: readonly LiveMove[] | null): ShardFacts {
  const primaryNodeId = primaryNodeIdOf(table, shardId);
  return {
    shardId,
    primaryNodeId,
    secondaryNodeIds: replicaNodeIdsOf(table, shardId).filter((nodeId) => nodeId !== primaryNodeId),
    metrics: SHARD_METRICS.map((metric): ShardMetricFact => {
      const { label, column, quality } = SHARD_METRIC_FACTS[metric];
      const value = column(table)[shardId]!;
      return { metric, label, text: formatShardMetric(metric, value), quality: Number.isNaN(value) ? '' : qualityWords(table, quality(table)) };
    }),
    move: moves?.find((move) => move.shardId === shardId) ?? null,
  };
}

/** One line for the read-out: who holds it and how big it is. */
export function readOutOf(facts: ShardFacts, nameOf: (nodeId: string) => string): string {
  const owner = facts.primaryNodeId === null ? 'no primary' : nameOf(facts.primaryNodeId);
  const secondaries = facts.secondaryNodeIds.length === 0 ? '' : `, secondaries ${facts.secondaryNodeIds.map(nameOf).join(', ')}`;
  const known = facts.metrics.filter(({ text }) => text !== UNKNOWN).map(({ label, text, quality }) => `${label.toLowerCase()} ${text}${quality === '' ? '' : ` (${quality})`}`);
  const moving = facts.move === null ? '' : `, moving to ${nameOf(facts.move.targetNodeId)}`;
  return `Shard ${formatCount(facts.shardId)}: ${owner}${secondaries}${moving}; ${known.length === 0 ? 'size and load unknown' : known.join(', ')}`;
}

export interface SelectionSums {
  readonly count: number;
  /** `null` when the size of none is known. */
  readonly bytes: number | null;
  /** Selected shards whose size is unknown and not in the sum. */
  readonly unknownCount: number;
}

export function sumsOf(table: ShardTable, selected: Uint8Array): SelectionSums {
  let count = 0;
  let bytes = 0;
  let unknownCount = 0;
  for (let shardId = 0; shardId < table.shardCount; shardId += 1) {
    if (selected[shardId] !== 1) continue;
    count += 1;
    const size = table.sizeBytes[shardId]!;
    if (Number.isNaN(size)) unknownCount += 1;
    else bytes += size;
  }
  return { count, bytes: count > unknownCount ? bytes : null, unknownCount };
}
