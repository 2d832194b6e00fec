import { ageOf, isNodeStale, type StaleRule } from '@/components/charts/node-facts';
import type { ShardCounts } from '@/components/charts/shard-counts';
import type { ExportRow } from '@/lib/client/export-file';
import { nodeWords, type StatusWords } from '@/lib/client/status';
import type { Node } from '@/lib/contract/node';
import { RESOURCES, utilizationOf, type Resource, type ResourceVector } from '@/lib/contract/resources';

/** One line of the nodes table: the node and what is derived from it. */
export interface NodeRow {
  readonly node: Node;
  readonly status: StatusWords;
  readonly utilization: ResourceVector;
  /** `null` while the shard table is not known. */
  readonly counts: ShardCounts | null;
  readonly excess: Excess | null;
  readonly leaderName: string | null;
  readonly followerCount: number;
  readonly stale: boolean;
  /** Of values that are stale; `null` for fresh ones and for those never read. */
  readonly staleMs: number | null;
  /** Place in the shard table's dictionary, which the colour hangs on; -1 = none. */
  readonly colorIndex: number;
}

/** A node's share of the imbalance in one number: how far its worst resource is above the mean of the leaders, 0.3 = 30 % above. */
export interface Excess {
  readonly resource: Resource;
  readonly ratio: number;
}

export interface RowSources {
  readonly nodes: readonly Node[];
  readonly counts: ReadonlyMap<string, ShardCounts> | null;
  readonly nodeIds: readonly string[];
  readonly nowMs: number;
  readonly rule: StaleRule;
}

const NOTHING_HELD: ShardCounts = { primaries: 0, shards: 0 };

export function nodeRows({ nodes, counts, nodeIds, nowMs, rule }: RowSources): readonly NodeRow[] {
  const names = new Map(nodes.map((node) => [node.id, node.name]));
  const colors = new Map(nodeIds.map((nodeId, index) => [nodeId, index]));
  const followerCounts = new Map<string, number>();
  for (const { followerOf } of nodes) if (followerOf !== null) followerCounts.set(followerOf, (followerCounts.get(followerOf) ?? 0) + 1);
  const means = meansOf(nodes);
  return nodes.map((node): NodeRow => {
    const utilization = utilizationOf(node);
    const stale = isNodeStale(node, rule);
    return {
      node,
      status: nodeWords(node, nowMs),
      utilization,
      counts: counts === null || node.followerOf !== null ? null : counts.get(node.id) ?? NOTHING_HELD,
      // Who is joining has no share of the load that could be uneven.
      excess: node.followerOf === null && node.lifecycle !== 'joining' ? excessOf(utilization, means) : null,
      leaderName: node.followerOf === null ? null : names.get(node.followerOf) ?? node.followerOf,
      followerCount: followerCounts.get(node.id) ?? 0,
      stale,
      staleMs: stale ? ageOf(node, nowMs) : null,
      colorIndex: colors.get(node.id) ?? -1,
    };
  });
}

function meansOf(nodes: readonly Node[]): ResourceVector {
  const leaders = nodes.filter((node) => node.followerOf === null && node.liveness === 'alive' && node.lifecycle === 'active').map(utilizationOf);
  const mean = (resource: Resource) => {
    const known = leaders.flatMap((utilization) => utilization[resource] ?? []);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return { cpu: mean('cpu'), memory: mean('memory'), disk: mean('disk'), network: mean('network') };
}

function excessOf(utilization: ResourceVector, means: ResourceVector): Excess | null {
  const all = RESOURCES.flatMap((resource): Excess[] => {
    const value = utilization[resource];
    const mean = means[resource];
    return value === null || mean === null || mean === 0 ? [] : [{ resource, ratio: value / mean - 1 }];
  });
  return all.reduce<Excess | null>((worst, one) => (worst === null || one.ratio > worst.ratio ? one : worst), null);
}

/** Would both be drawn alike? Ages of fresh values are not drawn, so a tick of the clock alone changes nothing. */
export function isSameRow(before: NodeRow, next: NodeRow): boolean {
  return before.node === next.node && before.status.label === next.status.label && before.staleMs === next.staleMs && before.stale === next.stale
    && before.counts?.shards === next.counts?.shards && before.counts?.primaries === next.counts?.primaries && before.excess?.ratio === next.excess?.ratio
    && before.leaderName === next.leaderName && before.followerCount === next.followerCount && before.colorIndex === next.colorIndex;
}

export interface NodeFilter {
  /** Looked for in name, address, id, zone, version and labels. */
  readonly search: string;
  /** Status words; empty = all. */
  readonly statuses: readonly string[];
  /** Zones; empty = all. "" stands for an unknown zone. */
  readonly zones: readonly string[];
}

export function filterNodeRows(rows: readonly NodeRow[], filter: NodeFilter): readonly NodeRow[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return rows.filter(({ node, status }) => {
    if (filter.statuses.length > 0 && !filter.statuses.includes(status.label)) return false;
    if (filter.zones.length > 0 && !filter.zones.includes(node.domain.zone ?? '')) return false;
    if (words.length === 0) return true;
    const text = [node.name, node.address, node.id, node.domain.zone ?? '', node.version ?? '', ...Object.entries(node.labels).flat()].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export const NODE_EXPORT_COLUMNS = [
  'id', 'name', 'address', 'zone', 'status', 'lifecycle', 'liveness', 'cordoned', 'followerOf', 'primaries', 'shards',
  'cpuUtilization', 'memoryUtilization', 'diskUtilization', 'networkUtilization', 'operationsPerSecond', 'readsPerSecond', 'writesPerSecond',
  'latencyP99Ms', 'keyCount', 'connections', 'replicationLagBytes', 'version', 'observedAt', 'stale',
] as const;

/** Rows of the export; what is unknown is null. */
export function nodeExportRows(rows: readonly NodeRow[]): ExportRow[] {
  return rows.map(({ node, status, utilization, counts, stale }): Record<(typeof NODE_EXPORT_COLUMNS)[number], ExportRow[string]> => ({
    id: node.id,
    name: node.name,
    address: node.address,
    zone: node.domain.zone,
    status: status.label,
    lifecycle: node.lifecycle,
    liveness: node.liveness,
    cordoned: node.cordoned,
    followerOf: node.followerOf,
    primaries: counts?.primaries ?? null,
    shards: counts?.shards ?? null,
    cpuUtilization: utilization.cpu,
    memoryUtilization: utilization.memory,
    diskUtilization: utilization.disk,
    networkUtilization: utilization.network,
    operationsPerSecond: node.stats.operationsPerSecond,
    readsPerSecond: node.stats.readsPerSecond,
    writesPerSecond: node.stats.writesPerSecond,
    latencyP99Ms: node.stats.latencyP99Ms,
    keyCount: node.stats.keyCount,
    connections: node.stats.connections,
    replicationLagBytes: node.stats.replicationLagBytes,
    version: node.version,
    observedAt: node.observedAtMs === null ? null : new Date(node.observedAtMs).toISOString(),
    stale,
  }));
}
