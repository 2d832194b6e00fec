/**
 * A pool as the scaler sees it, from the state of the cluster. Leaders count; a node that
 * holds less than half of an even share of the data is new and left out of the figures
 * until it does its part, and meanwhile the pool is worth 1 / the largest share (see
 * `move-model.ts`), not its node count.
 */
import type { NodeHolding } from '@/lib/contract/imbalance';
import type { Node } from '@/lib/contract/node';
import { utilizationOfOne } from '@/lib/contract/resources';
import type { SafetyLines } from '@/lib/contract/settings';
import { UTILIZATION_METRICS, type ScalingMetric } from '@/lib/contract/scaling-rules';
import { atOnce, isShortList } from '@/lib/platform/in-turns';
import { isLeader, type ClusterState } from '../cluster/cluster-state';
import { holdingsOf } from '../load/holdings';
import { demandAt, shardDemandOf } from '../load/shard-demand';
import { known, type MetricReading, type PoolReading } from './pool-reading';
import type { HottestNode } from './situation';
import type { VictimCandidate } from './victims';

export interface PoolObservation {
  readonly reading: PoolReading;
  readonly failedNodes: number;
  readonly doubtfulNodes: number;
  readonly hottest: HottestNode | null;
  /** Nodes that could be emptied. */
  readonly candidates: readonly VictimCandidate[];
  /** Of the pool, one copy counted per replica. */
  readonly dataBytes: number;
  /** Resources that at least one node reports. */
  readonly reported: readonly (typeof UTILIZATION_METRICS)[number][];
}

export interface ObservationTime {
  readonly wallMs: number;
  readonly monotonicMs: number;
  /** Values of a node that are older are unknown. */
  readonly valuesMaxAgeMs: number;
}

const NEW_BELOW_SHARE = 0.5;
/** Fewer nodes known than this share of them is not known. */
const KNOWN_SHARE = 0.8;

export function poolsOf(state: ClusterState): readonly string[] {
  return [...new Set(membersOf(state, null).map((node) => node.pool))].sort();
}

export function observePool(state: ClusterState, pool: string, time: ObservationTime, lines: SafetyLines): PoolObservation {
  return atOnce(observingPool(state, pool, time, lines));
}

/** The same with rests, where there are many nodes. */
export function* observingPool(state: ClusterState, pool: string, time: ObservationTime, lines: SafetyLines): Generator<void, PoolObservation> {
  const members = membersOf(state, pool);
  const holdings = new Map(holdingsOf(state).map((holding) => [holding.nodeId, holding]));
  if (!isShortList(members)) yield;
  const weights = weightsOf(members, holdings);
  const even = members.length === 0 ? 0 : weights.total / members.length;
  const alive = members.filter((node) => node.liveness === 'alive');
  const settled = alive.filter((node) => even === 0 || weights.of(node) >= NEW_BELOW_SHARE * even);
  const serving = settled.length > 0 ? settled : alive;
  const isFresh = (node: Node) => node.observedAtMs !== null && time.wallMs - node.observedAtMs <= time.valuesMaxAgeMs;
  const fresh = serving.filter(isFresh);
  const filling = settled.length < alive.length || state.inFlight.length > 0;
  const heaviest = Math.max(0, ...alive.map((node) => weights.of(node)));
  const worth = filling && heaviest > 0 ? Math.min(alive.length, weights.total / heaviest) : alive.length;
  const failed = members.filter((node) => node.liveness === 'dead' || node.liveness === 'unreachable').length;
  const newcomers = settled.length === alive.length ? [] : alive.filter((node) => !serving.includes(node) && isFresh(node));
  if (!isShortList(members)) yield;
  const metrics = metricsOf({ fresh, servingCount: serving.length, newcomers, worth });
  if (!isShortList(members)) yield;
  return {
    reading: { wallMs: time.wallMs, monotonicMs: time.monotonicMs, nodeCount: members.length, effectiveNodes: worth, metrics },
    failedNodes: failed,
    doubtfulNodes: members.filter((node) => node.liveness === 'suspect' || isHeld(node.maintenanceUntilMs, time.wallMs) || isHeld(node.quarantinedUntilMs, time.wallMs)).length,
    hottest: hottestOf(state, fresh, lines),
    candidates: alive.filter((node) => node.lifecycle === 'active').map((node) => ({ nodeId: node.id, zone: node.domain.zone, bytes: holdings.get(node.id)?.dataBytes ?? holdings.get(node.id)?.shards ?? 0 })),
    dataBytes: members.reduce((sum, node) => sum + (holdings.get(node.id)?.dataBytes ?? 0), 0),
    reported: UTILIZATION_METRICS.filter((metric) => members.some((node) => utilizationOfOne(node, metric) !== null)),
  };
}

function membersOf(state: ClusterState, pool: string | null): readonly Node[] {
  return [...state.nodes.values()].filter((node) => isLeader(node) && (node.lifecycle === 'active' || node.lifecycle === 'joining') && (pool === null || node.pool === pool));
}

function isHeld(untilMs: number | null, wallMs: number): boolean {
  return untilMs !== null && untilMs > wallMs;
}

/** What each node holds: bytes, or shards where sizes are unknown. */
function weightsOf(members: readonly Node[], holdings: ReadonlyMap<string, NodeHolding>): { readonly total: number; readonly of: (node: Node) => number } {
  const bytes = members.every((node) => (holdings.get(node.id)?.dataBytes ?? null) !== null);
  const of = (node: Node) => (bytes ? holdings.get(node.id)?.dataBytes : holdings.get(node.id)?.shards) ?? 0;
  return { total: members.reduce((sum, node) => sum + of(node), 0), of };
}

interface Measured {
  readonly fresh: readonly Node[];
  readonly servingCount: number;
  readonly newcomers: readonly Node[];
  readonly worth: number;
}

function metricsOf(measured: Measured): PoolReading['metrics'] {
  const reading = (valueOf: (node: Node) => number | null): MetricReading => aggregated(valueOf, measured);
  const metrics: Partial<Record<ScalingMetric, MetricReading>> = {
    queriesPerSecond: reading((node) => node.stats.operationsPerSecond),
    // What changes data: no engine that is driven here reports transactions as such.
    transactionsPerSecond: reading((node) => node.stats.writesPerSecond),
    connections: reading((node) => node.stats.connections),
    // No amount that is shared out: the plain mean of those that do their part.
    latencyP99Ms: aggregated((node) => node.stats.latencyP99Ms, { ...measured, newcomers: [], worth: measured.servingCount }),
  };
  for (const metric of UTILIZATION_METRICS) metrics[metric] = reading((node) => utilizationOfOne(node, metric));
  return metrics;
}

/**
 * The mean is per node's worth: all the load, newcomers' part included, on what the pool
 * is worth, so that it is what the nodes that hold most are at while data is moving.
 */
function aggregated(valueOf: (node: Node) => number | null, { fresh, servingCount, newcomers, worth }: Measured): MetricReading {
  const values = fresh.map((node) => known(valueOf(node))).filter((value) => value !== null);
  if (values.length === 0 || values.length < servingCount * KNOWN_SHARE) return { mean: null, max: null, p90: null };
  const sorted = [...values].sort((a, b) => a - b);
  return {
    mean: ((values.reduce((sum, value) => sum + value, 0) / values.length) * servingCount + newcomers.reduce((sum, node) => sum + (known(valueOf(node)) ?? 0), 0)) / worth,
    max: sorted.at(-1)!,
    p90: sorted[Math.min(sorted.length - 1, Math.ceil(0.9 * sorted.length) - 1)]!,
  };
}

/** The node furthest above its cpu line, with how much of its work is one shard. Only cpu is attributed to shards well enough. */
function hottestOf(state: ClusterState, nodes: readonly Node[], lines: SafetyLines): HottestNode | null {
  let hottest: { readonly node: Node; readonly value: number } | null = null;
  for (const node of nodes) {
    const value = utilizationOfOne(node, 'cpu');
    if (value !== null && value > lines.cpu && (hottest === null || value > hottest.value)) hottest = { node, value };
  }
  if (hottest === null) return null;
  return { nodeId: hottest.node.id, metric: 'cpu', value: hottest.value, largestShardShare: largestShardShare(state, hottest.node.id) };
}

function largestShardShare({ shards: table }: ClusterState, nodeId: string): number {
  const index = table.nodeIds.indexOf(nodeId);
  const demand = shardDemandOf(table);
  let total = 0;
  let largest = 0;
  for (let shardId = 0, at = 0; shardId < table.shardCount; shardId += 1, at += table.replicaMax) {
    if (table.replicas[at] !== index) continue;
    const cpu = demandAt(demand.cpu, shardId);
    total += cpu;
    largest = Math.max(largest, cpu);
  }
  return total > 0 ? largest / total : 0;
}
