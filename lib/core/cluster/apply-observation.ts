import type { Lifecycle, MetricFlag, Node } from '@/lib/contract/node';
import type { NodeObservation, Observation } from '@/lib/contract/observation';
import type { NodeVerdict } from '../health/failure-detector';
import { adoptShardTable } from './adopt-shard-table';
import type { ClusterState } from './cluster-state';
import type { NodeWish } from './node-wish';

/** What an observation changed, for events; the numbers are the state's. */
export type StateChange =
  | { readonly kind: 'node-added'; readonly node: Node }
  | { readonly kind: 'node-removed'; readonly node: Node }
  | { readonly kind: 'node-restarted'; readonly node: Node; readonly incarnationBefore: number }
  | { readonly kind: 'liveness-changed'; readonly node: Node; readonly before: Node['liveness'] }
  | { readonly kind: 'quarantine-changed'; readonly node: Node; readonly quarantined: boolean }
  /** Numbers that became unknown because what came is not to be believed. */
  | { readonly kind: 'metrics-flagged'; readonly node: Node; readonly flags: readonly MetricFlag[] }
  | { readonly kind: 'ownership-changed'; readonly shardsChanged: number };

export interface ObservationContext {
  readonly nowMs: number;
  readonly monotonicMs: number;
  /** What we want of nodes, by id; a node without an entry is wanted as it is found. */
  readonly wishes: ReadonlyMap<string, NodeWish>;
  /** What the failure detector concluded from this very reading, by id. */
  readonly verdicts: ReadonlyMap<string, NodeVerdict>;
  /** Numbers of this very reading that are not to be believed, by node id. */
  readonly flags: ReadonlyMap<string, MetricFlag[]>;
}

/**
 * The next state from one reading. A node that did not answer keeps its last known
 * values with their age; a node the engine no longer knows is gone; a reading without
 * shard columns keeps the shards.
 */
export function applyObservation(state: ClusterState, observation: Observation, context: ObservationContext): { state: ClusterState; changes: StateChange[] } {
  const changes: StateChange[] = [];
  const nodes = new Map<string, Node>();
  for (const observed of [...observation.nodes].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const before = state.nodes.get(observed.id);
    const node = nodeFrom(observed, before, context);
    nodes.set(node.id, node);
    if (before === undefined) changes.push({ kind: 'node-added', node });
    else {
      if (node.incarnation > before.incarnation) changes.push({ kind: 'node-restarted', node, incarnationBefore: before.incarnation });
      changes.push(...changesOfBelief(before, node));
      const fresh = node.flags.filter((flag) => !before.flags.some((other) => other.metric === flag.metric && other.flag === flag.flag));
      if (fresh.length > 0) changes.push({ kind: 'metrics-flagged', node, flags: fresh });
    }
  }
  for (const before of state.nodes.values()) {
    if (!nodes.has(before.id)) changes.push({ kind: 'node-removed', node: before });
  }
  const adopted = observation.shards === null ? null : adoptShardTable(state.shards, observation.shards);
  if (adopted !== null && adopted.shardsChanged > 0) changes.push({ kind: 'ownership-changed', shardsChanged: adopted.shardsChanged });
  return {
    state: {
      ...state,
      revision: state.revision + 1,
      nodes,
      shards: adopted?.table ?? state.shards,
      engine: observation.engine,
      warnings: observation.warnings,
      observedAtMs: context.nowMs,
      observedMonotonicMs: context.monotonicMs,
      placementMonotonicMs: observation.shards === null ? state.placementMonotonicMs : context.monotonicMs,
    },
    changes,
  };
}

/**
 * The next state when nothing could be read: what is known stays with its age, only what
 * is believed of the nodes moves on.
 */
export function applyVerdicts(state: ClusterState, verdicts: ReadonlyMap<string, NodeVerdict>): { state: ClusterState; changes: StateChange[] } {
  const changes: StateChange[] = [];
  const nodes = new Map(state.nodes);
  for (const before of state.nodes.values()) {
    const verdict = verdicts.get(before.id);
    if (verdict === undefined) continue;
    const node: Node = { ...before, liveness: verdict.liveness, livenessReason: verdict.reason, livenessSinceMs: verdict.sinceMs, quarantinedUntilMs: verdict.quarantinedUntilMs };
    nodes.set(before.id, node);
    changes.push(...changesOfBelief(before, node));
  }
  return { state: { ...state, revision: state.revision + 1, nodes }, changes };
}

function changesOfBelief(before: Node, node: Node): StateChange[] {
  const changes: StateChange[] = [];
  if (node.liveness !== before.liveness) changes.push({ kind: 'liveness-changed', node, before: before.liveness });
  const quarantined = node.quarantinedUntilMs !== null;
  if (quarantined !== (before.quarantinedUntilMs !== null) || (quarantined && node.quarantinedUntilMs! > before.quarantinedUntilMs!)) {
    changes.push({ kind: 'quarantine-changed', node, quarantined });
  }
  return changes;
}

/** Whoever is a member has joined, also without our doing. The other way round nothing is concluded: engines lose sight of a member for a moment. */
function lifecycleOf(observed: NodeObservation, wanted: Lifecycle | undefined): Lifecycle {
  if (wanted !== undefined && !(wanted === 'joining' && observed.member)) return wanted;
  return observed.member ? 'active' : 'joining';
}

function nodeFrom(observed: NodeObservation, before: Node | undefined, context: ObservationContext): Node {
  const wish = context.wishes.get(observed.id);
  const verdict = context.verdicts.get(observed.id);
  const fresh = observed.answered || before === undefined;
  return {
    id: observed.id,
    name: observed.name,
    address: observed.address,
    domain: toldAgain(before?.domain, observed.domain),
    pool: observed.pool,
    lifecycle: lifecycleOf(observed, wish?.lifecycle ?? before?.lifecycle),
    liveness: verdict?.liveness ?? before?.liveness ?? 'suspect',
    livenessReason: verdict?.reason ?? before?.livenessReason ?? { code: 'first-seen', silentMs: 0, limitMs: 0 },
    livenessSinceMs: verdict?.sinceMs ?? before?.livenessSinceMs ?? context.nowMs,
    incarnation: fresh ? observed.incarnation : Math.max(before.incarnation, observed.incarnation),
    capacity: fresh ? toldAgain(before?.capacity, observed.capacity) : before.capacity,
    usage: fresh ? toldAgain(before?.usage, observed.usage) : before.usage,
    stats: fresh ? toldAgain(before?.stats, observed.stats) : before.stats,
    version: fresh ? observed.version : before.version,
    labels: fresh ? toldAgain(before?.labels, observed.labels) : before.labels,
    cordoned: wish?.cordoned ?? false,
    maintenanceUntilMs: wish?.maintenanceUntilMs ?? null,
    quarantinedUntilMs: verdict?.quarantinedUntilMs ?? null,
    flags: fresh ? toldAgain(before?.flags, context.flags.get(observed.id) ?? []) : before.flags,
    followerOf: observed.followerOf,
    observedAtMs: observed.answered ? context.nowMs : before?.observedAtMs ?? null,
  };
}

/**
 * The object from before where the new one says the same, field by field. So whoever compares
 * two states sees at once what stayed, and what a reading only repeats does not outlive it.
 */
function toldAgain<T extends object>(before: T | undefined, now: T): T {
  return before !== undefined && sameFields(before, now) ? before : now;
}

function sameFields<T extends object>(before: T, now: T): boolean {
  let fieldsMore = 0;
  for (const field in now) {
    if (before[field] !== now[field]) return false;
    fieldsMore += 1;
  }
  for (const _ in before) fieldsMore -= 1;
  return fieldsMore === 0;
}
