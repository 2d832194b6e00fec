/**
 * Is the cluster healthy, in one word and its reasons? Counted over leaders, followers
 * and shards; never from a stale picture without saying so: then the word is `unknown`.
 */
import type { ClusterHealth, HealthReason } from '@/lib/contract/health';
import type { Node } from '@/lib/contract/node';
import { RESOURCES, utilizationOf } from '@/lib/contract/resources';
import type { SafetyLines } from '@/lib/contract/settings';
import { isLeader, type ClusterState } from '../cluster/cluster-state';

export interface HealthContext {
  readonly monotonicMs: number;
  readonly observationIntervalMs: number;
  /** Why the last reading failed; `null` when it did not. */
  readonly observationError: string | null;
  readonly safetyLines: SafetyLines;
}

/** Older than two intervals is stale; never less than 2 s, so that one slow reading is not. */
export function isStale(state: Pick<ClusterState, 'observedMonotonicMs'>, context: Pick<HealthContext, 'monotonicMs' | 'observationIntervalMs'>): boolean {
  return state.observedMonotonicMs === null
    || context.monotonicMs - state.observedMonotonicMs > Math.max(2 * context.observationIntervalMs, 2_000) + 1_000;
}

export function assessClusterHealth(state: ClusterState, context: HealthContext): ClusterHealth {
  const nodes = [...state.nodes.values()].filter((node) => node.lifecycle !== 'decommissioned');
  const shards = countShards(state);
  const reasons = [
    ...observationReasons(state, context),
    ...nodeReasons(nodes),
    ...shardReasons(shards),
    ...engineReasons(state),
    ...lineReasons(nodes, context.safetyLines),
  ].sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
  const blind = isStale(state, context);
  const worst = reasons[0]?.severity;
  return {
    status: blind ? 'unknown' : worst === 'critical' ? 'critical' : worst === 'warning' ? 'degraded' : 'healthy',
    reasons,
    nodesTotal: nodes.length,
    nodesAlive: nodes.filter((node) => node.liveness === 'alive').length,
    shardsAtRisk: shards.atRisk,
  };
}

const SEVERITIES = ['notice', 'warning', 'critical'];

interface ShardCounts {
  readonly withoutPrimary: number;
  /** Served by nobody: no alive node holds a copy. */
  readonly dark: number;
  readonly underReplicated: number;
  readonly atRisk: number;
}

/** Counts healthy copies per shard: alive holders, each with its alive followers. */
function countShards(state: ClusterState): ShardCounts {
  const { shards } = state;
  const wanted = state.engine?.replicationFactor ?? 1;
  const aliveFollowers = new Map<string, number>();
  for (const node of state.nodes.values()) {
    if (node.followerOf !== null && node.liveness === 'alive') aliveFollowers.set(node.followerOf, (aliveFollowers.get(node.followerOf) ?? 0) + 1);
  }
  const copiesAt = shards.nodeIds.map((id) => (state.nodes.get(id)?.liveness === 'alive' ? 1 : 0) + (aliveFollowers.get(id) ?? 0));
  const primaryUp = shards.nodeIds.map((id) => state.nodes.get(id)?.liveness === 'alive' || state.nodes.get(id)?.liveness === 'suspect');
  let withoutPrimary = 0, dark = 0, underReplicated = 0, atRisk = 0;
  for (let shardId = 0; shardId < shards.shardCount; shardId += 1) {
    const start = shardId * shards.replicaMax;
    const primary = shards.replicas[start]!;
    let copies = 0;
    for (let column = 0; column < shards.replicaMax; column += 1) {
      const index = shards.replicas[start + column]!;
      if (index >= 0) copies += copiesAt[index]!;
    }
    if (primary < 0 || !primaryUp[primary]) withoutPrimary += 1;
    if (copies === 0) dark += 1;
    if (copies < wanted) underReplicated += 1;
    if (copies === 1 && wanted > 1) atRisk += 1;
  }
  return { withoutPrimary, dark, underReplicated, atRisk };
}

function shardReasons(counts: ShardCounts): HealthReason[] {
  const reason = (code: HealthReason['code'], severity: HealthReason['severity'], shardCount: number, message: string): HealthReason[] =>
    shardCount === 0 ? [] : [{ code, severity, message, nodeIds: [], shardCount }];
  return [
    ...reason('shards-without-primary', 'critical', counts.withoutPrimary, `${shardsText(counts.withoutPrimary)} without a living primary`),
    ...reason('replicas-at-risk', 'warning', counts.atRisk, `${shardsText(counts.atRisk)} one failure from loss`),
    ...reason('shards-under-replicated', 'warning', counts.underReplicated, `${shardsText(counts.underReplicated)} with fewer healthy copies than wanted`),
  ];
}

function nodeReasons(nodes: readonly Node[]): HealthReason[] {
  const expected = nodes.filter((node) => node.maintenanceUntilMs === null || node.liveness === 'alive');
  const listed = (liveness: Node['liveness'], code: HealthReason['code'], severity: HealthReason['severity']): HealthReason[] => {
    const found = expected.filter((node) => node.liveness === liveness);
    if (found.length === 0) return [];
    return [{ code, severity, message: `${namesText(found)} ${liveness}`, nodeIds: found.map((node) => node.id), shardCount: 0 }];
  };
  return [
    ...listed('dead', 'nodes-dead', 'critical'),
    ...listed('unreachable', 'nodes-unreachable', 'warning'),
    ...listed('suspect', 'nodes-suspect', 'notice'),
  ];
}

function lineReasons(nodes: readonly Node[], lines: SafetyLines): HealthReason[] {
  return RESOURCES.flatMap((resource) => {
    const over = nodes.filter((node) => isLeader(node) && (utilizationOf(node)[resource] ?? 0) > lines[resource]);
    if (over.length === 0) return [];
    const highest = Math.max(...over.map((node) => utilizationOf(node)[resource] ?? 0));
    const message = `${namesText(over)} over the ${resource} line of ${percent(lines[resource])}, highest ${percent(highest)}`;
    return [{ code: 'over-safety-line' as const, severity: 'warning' as const, message, nodeIds: over.map((node) => node.id), shardCount: 0 }];
  });
}

function engineReasons(state: ClusterState): HealthReason[] {
  const reasons: HealthReason[] = [];
  if (state.engine?.serving === false) {
    reasons.push({ code: 'engine-not-serving', severity: 'critical', message: `${state.engine.name} itself says that it does not serve`, nodeIds: [], shardCount: 0 });
  }
  for (const warning of state.warnings) {
    if (warning.code !== 'open-slot' && warning.code !== 'views-disagree') continue;
    reasons.push({ code: 'engine-warning', severity: 'notice', message: warning.message.slice(0, 500), nodeIds: warning.nodeId === null ? [] : [warning.nodeId], shardCount: warning.shardId === null ? 0 : 1 });
  }
  return reasons.slice(0, 20);
}

function observationReasons(state: ClusterState, context: HealthContext): HealthReason[] {
  const about = { nodeIds: [], shardCount: 0 };
  if (state.observedMonotonicMs === null) {
    return [{ code: 'never-observed', severity: 'critical', message: context.observationError ?? 'No reading yet', ...about }];
  }
  const ageSeconds = Math.round((context.monotonicMs - state.observedMonotonicMs) / 1_000);
  if (context.observationError !== null) {
    return [{ code: 'observation-failing', severity: 'critical', message: `No reading since ${ageSeconds} s: ${context.observationError}`.slice(0, 500), ...about }];
  }
  if (!isStale(state, context)) return [];
  return [{ code: 'observation-stale', severity: 'critical', message: `The last reading is ${ageSeconds} s old`, ...about }];
}

function namesText(nodes: readonly Node[]): string {
  const shown = nodes.slice(0, 3).map((node) => node.name).join(', ');
  const more = nodes.length > 3 ? ` and ${nodes.length - 3} more` : '';
  return `${shown}${more} ${nodes.length === 1 ? 'is' : 'are'}`;
}

function shardsText(count: number): string {
  return count === 1 ? '1 shard' : `${count} shards`;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
