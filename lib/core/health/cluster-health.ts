/**
 * Is the cluster healthy, in one word and its reasons? Counted over leaders, followers
 * and shards; never from a stale picture without saying so: then the word is `unknown`.
 */
import type { ClusterHealth, HealthReason, ZoneHealth } from '@/lib/contract/health';
import type { Node } from '@/lib/contract/node';
import { RESOURCES, utilizationOfOne } from '@/lib/contract/resources';
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
  const { nodes, nodesAlive, zones, reasons: ofNodes } = nodeHealthOf(state, context);
  const shards = shardHealthOf(state);
  const reasons = [
    ...observationReasons(state, context),
    ...ofNodes.belief,
    ...shardReasons(shards),
    ...engineReasons(state),
    ...ofNodes.numbers,
    ...placementReasons(state, context),
  ].sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
  const blind = isStale(state, context);
  const worst = reasons[0]?.severity;
  return {
    status: blind ? 'unknown' : worst === 'critical' ? 'critical' : worst === 'warning' ? 'degraded' : 'healthy',
    reasons,
    nodesTotal: nodes.length,
    nodesAlive,
    shardsAtRisk: shards.atRisk.count,
    zones,
  };
}

/** What nodes alone say, and what it was concluded from besides. */
interface NodeHealth {
  readonly safetyLines: SafetyLines;
  readonly observedAtMs: number | null;
  readonly observationIntervalMs: number;
  readonly nodes: readonly Node[];
  readonly nodesAlive: number;
  readonly zones: ZoneHealth[];
  readonly reasons: { readonly belief: readonly HealthReason[]; readonly numbers: readonly HealthReason[] };
}

/** Nodes are never written to, and stay the same while shards move and operations go on. */
const kept = new WeakMap<ClusterState['nodes'], NodeHealth>();

function nodeHealthOf({ nodes: all, observedAtMs }: ClusterState, { safetyLines, observationIntervalMs }: HealthContext): NodeHealth {
  const before = kept.get(all);
  if (before?.safetyLines === safetyLines && before.observedAtMs === observedAtMs && before.observationIntervalMs === observationIntervalMs) return before;
  const nodes = [...all.values()].filter((node) => node.lifecycle !== 'decommissioned');
  const zones = zonesOf(nodes);
  const health: NodeHealth = {
    safetyLines, observedAtMs, observationIntervalMs, nodes, zones,
    nodesAlive: nodes.reduce((count, node) => count + (node.liveness === 'alive' ? 1 : 0), 0),
    reasons: {
      belief: [...nodeReasons(nodes), ...zoneReasons(zones)],
      numbers: [...lineReasons(nodes, safetyLines), ...flagReasons(nodes), ...ageReasons(nodes, { observedAtMs, observationIntervalMs })],
    },
  };
  kept.set(all, health);
  return health;
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

// What this verdict itself rests on that is not sound: numbers that were turned down, old values, an old placement.

function flagReasons(nodes: readonly Node[]): HealthReason[] {
  const flagged = nodes.filter((node) => node.flags.length > 0);
  if (flagged.length === 0) return [];
  const count = flagged.reduce((sum, node) => sum + node.flags.length, 0);
  const message = `${nameList(flagged)}: ${count === 1 ? '1 number is' : `${count} numbers are`} unknown, as what came is not to be believed`;
  return [{ code: 'metrics-flagged', severity: 'notice', message, nodeIds: idsOf(flagged), ...NO_SHARDS }];
}

function ageReasons(nodes: readonly Node[], { observedAtMs, observationIntervalMs }: Pick<NodeHealth, 'observedAtMs' | 'observationIntervalMs'>): HealthReason[] {
  const late = observedAtMs === null ? [] : nodes.filter((node) => (node.liveness === 'alive' || node.liveness === 'suspect')
    && (node.observedAtMs === null || observedAtMs - node.observedAtMs > 2 * observationIntervalMs + 1_000));
  if (late.length === 0) return [];
  return [{ code: 'values-stale', severity: 'notice', message: `The numbers of ${nameList(late)} are older than two readings`, nodeIds: idsOf(late), ...NO_SHARDS }];
}

function placementReasons({ placementMonotonicMs }: ClusterState, context: HealthContext): HealthReason[] {
  const ageMs = placementMonotonicMs === null ? 0 : context.monotonicMs - placementMonotonicMs;
  if (ageMs <= Math.max(PLACEMENT_OLD_MS, 10 * context.observationIntervalMs)) return [];
  return [{ code: 'placement-stale', severity: 'notice', message: `Shards are counted by a placement read ${Math.round(ageMs / 1_000)} s ago`, nodeIds: [], ...NO_SHARDS }];
}

function lineReasons(nodes: readonly Node[], lines: SafetyLines): HealthReason[] {
  return RESOURCES.flatMap((resource) => {
    const line = lines[resource];
    const found: Node[] = [];
    let highest = 0;
    for (const node of nodes) {
      const utilization = isLeader(node) ? utilizationOfOne(node, resource) ?? 0 : 0;
      if (utilization <= line) continue;
      found.push(node);
      highest = Math.max(highest, utilization);
    }
    if (found.length === 0) return [];
    const message = `${namesText(found)} over the ${resource} line of ${percent(line)}, highest ${percent(highest)}`;
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
