/**
 * Is the cluster healthy, in one word and its reasons? Counted over leaders, followers
 * and shards; never from a stale picture without saying so: then the word is `unknown`.
 */
import type { ClusterHealth, HealthReason, ZoneHealth } from '@/lib/contract/health';
import type { Node } from '@/lib/contract/node';
import { RESOURCES, utilizationOf } from '@/lib/contract/resources';
import type { SafetyLines } from '@/lib/contract/settings';
import { isLeader, type ClusterState } from '../cluster/cluster-state';
import { shardHealthOf, shardReasons } from './shard-health';
import { zoneText } from './zone-text';

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
  const shards = shardHealthOf(state);
  const zones = zonesOf(nodes);
  const reasons = [
    ...observationReasons(state, context),
    ...nodeReasons(nodes),
    ...zoneReasons(zones),
    ...shardReasons(shards),
    ...engineReasons(state),
    ...lineReasons(nodes, context.safetyLines),
    ...doubtfulReasons(state, nodes, context),
  ].sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
  const blind = isStale(state, context);
  const worst = reasons[0]?.severity;
  return {
    status: blind ? 'unknown' : worst === 'critical' ? 'critical' : worst === 'warning' ? 'degraded' : 'healthy',
    reasons,
    nodesTotal: nodes.length,
    nodesAlive: nodes.filter((node) => node.liveness === 'alive').length,
    shardsAtRisk: shards.atRisk.count,
    zones,
  };
}

const SEVERITIES = ['notice', 'warning', 'critical'];
const NO_SHARDS: Pick<HealthReason, 'shardCount' | 'shardIds'> = { shardCount: 0, shardIds: [] };
/** A placement read longer ago than this is said to be old. Sizes and loads are read more rarely than nodes. */
const PLACEMENT_OLD_MS = 60_000;

function nodeReasons(nodes: readonly Node[]): HealthReason[] {
  const expected = nodes.filter((node) => node.maintenanceUntilMs === null || node.liveness === 'alive');
  const listed = (liveness: Node['liveness'], code: HealthReason['code'], severity: HealthReason['severity']): HealthReason[] => {
    const found = expected.filter((node) => node.liveness === liveness);
    if (found.length === 0) return [];
    return [{ code, severity, message: `${namesText(found)} ${liveness}`, nodeIds: idsOf(found), ...NO_SHARDS }];
  };
  return [
    ...listed('dead', 'nodes-dead', 'critical'),
    ...listed('unreachable', 'nodes-unreachable', 'warning'),
    ...listed('suspect', 'nodes-suspect', 'notice'),
    ...quarantineReasons(expected),
  ];
}

function quarantineReasons(nodes: readonly Node[]): HealthReason[] {
  const held = nodes.filter((node) => node.quarantinedUntilMs !== null);
  if (held.length === 0) return [];
  const message = `${namesText(held)} in quarantine after falling over again and again: nothing new is placed there`;
  return [{ code: 'nodes-quarantined', severity: 'warning', message, nodeIds: idsOf(held), ...NO_SHARDS }];
}

/** Nodes per zone and how many of them live; without those in maintenance among the silent. */
function zonesOf(nodes: readonly Node[]): ZoneHealth[] {
  const zones = new Map<string, { -readonly [K in keyof ZoneHealth]: ZoneHealth[K] }>();
  for (const node of nodes) {
    const { zone } = node.domain;
    if (zone === null) continue;
    const counts = zones.get(zone) ?? { zone, nodesTotal: 0, nodesAlive: 0, nodesSilent: 0 };
    zones.set(zone, counts);
    counts.nodesTotal += 1;
    if (node.liveness === 'alive') counts.nodesAlive += 1;
    if ((node.liveness === 'unreachable' || node.liveness === 'dead') && node.maintenanceUntilMs === null) counts.nodesSilent += 1;
  }
  return [...zones.values()].sort((a, b) => (a.zone < b.zone ? -1 : 1)).slice(0, 1_000);
}

function zoneReasons(zones: readonly ZoneHealth[]): HealthReason[] {
  if (zones.length < 2) return [];
  return zones.filter((zone) => zone.nodesSilent === zone.nodesTotal)
    .map(({ zone, nodesTotal }) => ({ code: 'zone-lost', severity: 'critical', message: nodesTotal === 1 ? `The only node of ${zoneText(zone)} is silent` : `All ${nodesTotal} nodes of ${zoneText(zone)} are silent`, nodeIds: [], ...NO_SHARDS }));
}

/** What this verdict itself rests on that is not sound: old values, an old placement, numbers that were turned down. */
function doubtfulReasons(state: ClusterState, nodes: readonly Node[], context: HealthContext): HealthReason[] {
  const reasons: HealthReason[] = [];
  const flagged = nodes.filter((node) => node.flags.length > 0);
  if (flagged.length > 0) {
    const count = flagged.reduce((sum, node) => sum + node.flags.length, 0);
    const message = `${nameList(flagged)}: ${count === 1 ? '1 number is' : `${count} numbers are`} unknown, as what came is not to be believed`;
    reasons.push({ code: 'metrics-flagged', severity: 'notice', message, nodeIds: idsOf(flagged), ...NO_SHARDS });
  }
  const late = state.observedAtMs === null ? [] : nodes.filter((node) => (node.liveness === 'alive' || node.liveness === 'suspect')
    && (node.observedAtMs === null || state.observedAtMs! - node.observedAtMs > 2 * context.observationIntervalMs + 1_000));
  if (late.length > 0) reasons.push({ code: 'values-stale', severity: 'notice', message: `The numbers of ${nameList(late)} are older than two readings`, nodeIds: idsOf(late), ...NO_SHARDS });
  const { placementMonotonicMs } = state;
  const placementAgeMs = placementMonotonicMs === null ? 0 : context.monotonicMs - placementMonotonicMs;
  if (placementAgeMs > Math.max(PLACEMENT_OLD_MS, 10 * context.observationIntervalMs)) {
    reasons.push({ code: 'placement-stale', severity: 'notice', message: `Shards are counted by a placement read ${Math.round(placementAgeMs / 1_000)} s ago`, nodeIds: [], ...NO_SHARDS });
  }
  return reasons;
}

function lineReasons(nodes: readonly Node[], lines: SafetyLines): HealthReason[] {
  const leaders = nodes.filter(isLeader).map((node) => ({ node, utilization: utilizationOf(node) }));
  return RESOURCES.flatMap((resource) => {
    const over = leaders.filter(({ utilization }) => (utilization[resource] ?? 0) > lines[resource]);
    if (over.length === 0) return [];
    const highest = Math.max(...over.map(({ utilization }) => utilization[resource] ?? 0));
    const found = over.map(({ node }) => node);
    const message = `${namesText(found)} over the ${resource} line of ${percent(lines[resource])}, highest ${percent(highest)}`;
    return [{ code: 'over-safety-line' as const, severity: 'warning' as const, message, nodeIds: idsOf(found), ...NO_SHARDS }];
  });
}

/** Warnings of the engine that are about shards. */
const TOLD: ReadonlySet<string> = new Set(['open-slot', 'stray-keys', 'views-disagree']);

function engineReasons(state: ClusterState): HealthReason[] {
  const reasons: HealthReason[] = [];
  if (state.engine?.serving === false) {
    reasons.push({ code: 'engine-not-serving', severity: 'critical', message: `${state.engine.name} itself says that it does not serve`, nodeIds: [], ...NO_SHARDS });
  }
  for (const warning of state.warnings) {
    if (!TOLD.has(warning.code)) continue;
    reasons.push({ code: 'engine-warning', severity: 'notice', message: warning.message.slice(0, 500), nodeIds: warning.nodeId === null ? [] : [warning.nodeId], ...(warning.shardId === null ? NO_SHARDS : { shardCount: warning.shardCount ?? 1, shardIds: [warning.shardId] }) });
  }
  return reasons.slice(0, 20);
}

function observationReasons(state: ClusterState, context: HealthContext): HealthReason[] {
  const about = { nodeIds: [], ...NO_SHARDS };
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

function nameList(nodes: readonly Node[]): string {
  const shown = nodes.slice(0, 3).map((node) => node.name).join(', ');
  return nodes.length > 3 ? `${shown} and ${nodes.length - 3} more` : shown;
}

function namesText(nodes: readonly Node[]): string {
  return `${nameList(nodes)} ${nodes.length === 1 ? 'is' : 'are'}`;
}

function idsOf(nodes: readonly Node[]): string[] {
  return nodes.slice(0, 1_000).map((node) => node.id);
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
