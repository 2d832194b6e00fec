import type { ClusterTotals } from '@/lib/contract/cluster';
import type { Node, NodeStats } from '@/lib/contract/node';
import type { Resource } from '@/lib/contract/resources';
import { isLeader, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { shardDemandOf, type DemandColumn } from './shard-demand';

/**
 * The cluster at a glance. Data and keys count one copy of each shard; operations are
 * what the leaders served; the latency is the worst leader's p99, since a cluster is as
 * slow as its slowest shard; utilizations are those of the pool (used / capacity over the
 * active, living leaders that report both). `null` where nothing is known.
 */
export function totalsOf(state: ClusterState): ClusterTotals {
  const nodes = [...state.nodes.values()].filter((node) => node.lifecycle !== 'decommissioned');
  const leaders = nodes.filter(isLeader);
  const serving = leaders.filter((node) => node.lifecycle === 'active' && node.liveness === 'alive');
  const demand = shardDemandOf(state.shards);
  return {
    nodes: nodes.length,
    leaders: leaders.length,
    shards: state.shards.shardCount,
    operationsPerSecond: sumOf(leaders, 'operationsPerSecond'),
    latencyP99Ms: leaders.reduce<number | null>((worst, node) => largerOf(worst, node.stats.latencyP99Ms), null),
    dataBytes: columnSum(demand.bytes),
    keyCount: columnSum(demand.keys),
    cpu: poolUtilization(serving, 'cpu'),
    memory: poolUtilization(serving, 'memory'),
    disk: poolUtilization(serving, 'disk'),
    network: poolUtilization(serving, 'network'),
  };
}

function sumOf(nodes: readonly Node[], stat: keyof NodeStats): number | null {
  const known = nodes.map((node) => node.stats[stat]).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
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
