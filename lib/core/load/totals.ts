import type { ClusterTotals } from '@/lib/contract/cluster';
import type { Node, NodeStats } from '@/lib/contract/node';
import type { Resource } from '@/lib/contract/resources';
import { isLeader, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { shardDemandOf, type DemandColumn, type ShardDemand } from './shard-demand';

/** Nodes and columns are never written to, and stay the same while shards move between two readings: then so do the totals. */
const kept = new WeakMap<ClusterState['nodes'], { readonly bytes: DemandColumn; readonly keys: DemandColumn; readonly totals: ClusterTotals }>();

/**
 * The cluster at a glance. Data and keys count one copy of each shard; operations are
 * what the leaders served; the latency is the worst leader's p99, since a cluster is as
 * slow as its slowest shard; utilizations are those of the pool (used / capacity over the
 * active, living leaders that report both). `null` where nothing is known. The same object
 * for as long as it would say the same of the same nodes.
 */
export function totalsOf({ nodes, shards }: ClusterState): ClusterTotals {
  const { bytes, keys } = shardDemandOf(shards);
  const before = kept.get(nodes);
  if (before?.bytes === bytes && before.keys === keys) return before.totals;
  const totals = sumUp(nodes, { bytes, keys });
  kept.set(nodes, { bytes, keys, totals });
  return totals;
}

function sumUp(all: ClusterState['nodes'], { bytes, keys }: Pick<ShardDemand, 'bytes' | 'keys'>): ClusterTotals {
  const leaders: Node[] = [];
  const serving: Node[] = [];
  let nodes = 0;
  for (const node of all.values()) {
    if (node.lifecycle === 'decommissioned') continue;
    nodes += 1;
    if (!isLeader(node)) continue;
    leaders.push(node);
    if (node.lifecycle === 'active' && node.liveness === 'alive') serving.push(node);
  }
  return {
    nodes,
    leaders: leaders.length,
    shards: bytes.values.length,
    operationsPerSecond: sumOf(leaders, 'operationsPerSecond'),
    latencyP99Ms: leaders.reduce<number | null>((worst, node) => largerOf(worst, node.stats.latencyP99Ms), null),
    dataBytes: columnSum(bytes),
    keyCount: columnSum(keys),
    cpu: poolUtilization(serving, 'cpu'),
    memory: poolUtilization(serving, 'memory'),
    disk: poolUtilization(serving, 'disk'),
    network: poolUtilization(serving, 'network'),
  };
}

function sumOf(nodes: readonly Node[], stat: keyof NodeStats): number | null {
  let sum = 0;
  let isKnown = false;
  for (const { stats } of nodes) {
    const value = stats[stat];
    if (value === null) continue;
    sum += value;
    isKnown = true;
  }
  return isKnown ? sum : null;
}

function largerOf(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

function columnSum({ known, total }: DemandColumn): number | null {
  return known ? total : null;
}

function poolUtilization(nodes: readonly Node[], resource: Resource): number | null {
  let used = 0;
  let capacity = 0;
  for (const node of nodes) {
    const usedHere = node.usage[resource];
    const capacityHere = node.capacity[resource];
    if (usedHere === null || capacityHere === null || capacityHere <= 0) continue;
    used += usedHere;
    capacity += capacityHere;
  }
  return capacity > 0 ? used / capacity : null;
}
