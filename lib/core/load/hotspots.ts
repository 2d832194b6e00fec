import type { BalanceDimension } from '@/lib/contract/imbalance';
import { RESOURCES, utilizationOf, type Resource } from '@/lib/contract/resources';
import type { SafetyLines } from '@/lib/contract/settings';
import { primaryNodeIdOf } from '@/lib/contract/shard-table';
import { isLeader, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { demandAt, shardDemandOf, type DemandColumn } from './shard-demand';

export interface HotspotLines {
  /** Utilization at which a node is hot, 0..1 per resource. */
  readonly node: SafetyLines;
  /** Share of the mean leader's load at which one shard alone is hot, above 0; 0.5 = half a node's work in one shard. */
  readonly shardShareOfMeanNode: number;
}

export type Hotspot =
  | { readonly kind: 'node'; readonly nodeId: string; readonly resource: Resource; readonly utilization: number; readonly line: number }
  | {
    readonly kind: 'shard'; readonly shardId: number; readonly nodeId: string | null; readonly dimension: BalanceDimension;
    /** Multiple of the mean leader's load in that dimension. */
    readonly shareOfMeanNode: number; readonly line: number;
  };

const SHARD_HOTSPOTS_MAX = 100;

/**
 * Nodes at or above their line and shards that alone carry a large part of a node's
 * load, as of this one reading, hottest first (nodes before shards, shards at most 100).
 * How long it has been so is for the caller to count. Unknown is never hot.
 */
export function hotspotsOf(state: ClusterState, lines: HotspotLines): Hotspot[] {
  return [...nodeHotspots(state, lines.node), ...shardHotspots(state, lines.shardShareOfMeanNode)];
}

function nodeHotspots(state: ClusterState, lines: SafetyLines): Hotspot[] {
  const hot: Extract<Hotspot, { kind: 'node' }>[] = [];
  for (const node of state.nodes.values()) {
    const utilizations = utilizationOf(node);
    for (const resource of RESOURCES) {
      const utilization = utilizations[resource];
      if (utilization !== null && utilization >= lines[resource]) {
        hot.push({ kind: 'node', nodeId: node.id, resource, utilization, line: lines[resource] });
      }
    }
  }
  return hot.sort((a, b) => b.utilization / b.line - a.utilization / a.line);
}

function shardHotspots(state: ClusterState, line: number): Hotspot[] {
  const leaderCount = [...state.nodes.values()].filter((node) => isLeader(node) && node.liveness === 'alive').length;
  if (leaderCount < 2 || !(line > 0)) return [];
  const demand = shardDemandOf(state.shards);
  const dimensions: (readonly [BalanceDimension, readonly DemandColumn[]])[] = [
    ['cpu', [demand.cpu]], ['operations', [demand.reads, demand.writes]], ['network', [demand.network]], ['data', [demand.bytes]],
  ];
  const hottest = new Map<number, Extract<Hotspot, { kind: 'shard' }>>();
  for (const [dimension, columns] of dimensions) {
    if (!columns.every((column) => column.known)) continue;
    const loadOf = (shardId: number) => columns.reduce((sum, column) => sum + demandAt(column, shardId), 0);
    let total = 0;
    for (let shardId = 0; shardId < state.shards.shardCount; shardId += 1) total += loadOf(shardId);
    const meanNode = total / leaderCount;
    if (!(meanNode > 0)) continue;
    for (let shardId = 0; shardId < state.shards.shardCount; shardId += 1) {
      const shareOfMeanNode = loadOf(shardId) / meanNode;
      if (shareOfMeanNode < line || shareOfMeanNode <= (hottest.get(shardId)?.shareOfMeanNode ?? 0)) continue;
      hottest.set(shardId, { kind: 'shard', shardId, nodeId: primaryNodeIdOf(state.shards, shardId), dimension, shareOfMeanNode, line });
    }
  }
  return [...hottest.values()].sort((a, b) => b.shareOfMeanNode - a.shareOfMeanNode).slice(0, SHARD_HOTSPOTS_MAX);
}
