/**
 * N5: when much fails at once the likelier cause is the network, a shared dependency or
 * ourselves, and repairing would move data in the wrong world. Then all automation stops
 * until a human has looked. Four signs, each enough:
 *
 * - every node is unreachable: our own connection is the likelier cause;
 * - more than max(1, 30 % of the nodes) would die within 15 min (the one too many is not
 *   declared dead, see `deathsAllowed`);
 * - 55 % of the nodes of a zone are gone (the share at which Kubernetes' node controller
 *   calls a zone disrupted);
 * - nodes of two zones fell silent within a minute of each other.
 *
 * What a human has seen when lifting a freeze is acknowledged: it freezes nothing again
 * until it has come back once. Otherwise the freeze could not be lifted before the repair.
 */
import type { Freeze } from '@/lib/contract/health';
import type { Node } from '@/lib/contract/node';
import { zoneText } from './zone-text';

/** Deaths older than this no longer count. */
export const DEATH_WINDOW_MS = 900_000;
const DEATHS_SHARE = 0.3;
const ZONE_SHARE = 0.55;
/** Silences that begin so close to each other are "at once". */
export const AT_ONCE_MS = 60_000;

export interface FreezeWatch {
  /** Of the deaths that nobody has acknowledged, within the window. */
  readonly deathsMonotonicMs: readonly number[];
  /** Since when a node is unreachable or dead. */
  readonly silentSinceMonotonicMs: ReadonlyMap<string, number>;
  /** Silent nodes that a human has seen. */
  readonly acknowledged: ReadonlySet<string>;
}

export const UNWATCHED: FreezeWatch = { deathsMonotonicMs: [], silentSinceMonotonicMs: new Map(), acknowledged: new Set() };

export interface FreezeRound {
  readonly nodes: readonly Node[];
  readonly maintenance: ReadonlySet<string>;
  /** How many were declared dead in this round, without those acknowledged. */
  readonly deaths: number;
  /** Nodes that would have been the next to die. */
  readonly withheld: readonly string[];
  readonly monotonicMs: number;
}

export type MassFailure = Pick<Freeze, 'cause' | 'reason'> & { readonly cause: 'mass-failure' | 'all-unreachable' };

/** More automatic deaths than this within the window are a mass failure. */
export function deathsMax(nodeCount: number): number {
  return Math.max(1, Math.floor(nodeCount * DEATHS_SHARE));
}

/** How many nodes may be declared dead now. Frozen: none. */
export function deathsAllowed(watch: FreezeWatch, of: { nodeCount: number; monotonicMs: number; frozen: boolean }): number {
  return of.frozen ? 0 : Math.max(0, deathsMax(of.nodeCount) - recentDeaths(watch, of.monotonicMs).length);
}

/** The watch after a round, and whether automation must stop. */
export function watchMassFailure(watch: FreezeWatch, round: FreezeRound): { readonly watch: FreezeWatch; readonly failure: MassFailure | null } {
  const watched = round.nodes.filter((node) => node.lifecycle !== 'decommissioned' && !round.maintenance.has(node.id));
  const silent = watched.filter((node) => node.liveness === 'unreachable' || node.liveness === 'dead');
  const next: FreezeWatch = {
    deathsMonotonicMs: [...recentDeaths(watch, round.monotonicMs), ...Array.from({ length: round.deaths }, () => round.monotonicMs)],
    silentSinceMonotonicMs: new Map(silent.map((node) => [node.id, watch.silentSinceMonotonicMs.get(node.id) ?? round.monotonicMs])),
    // Also while it is not known to be silent yet, as after a restart of ours: it has come back when it is alive.
    acknowledged: new Set(watched.filter((node) => node.liveness !== 'alive' && watch.acknowledged.has(node.id)).map((node) => node.id)),
  };
  return { watch: next, failure: massFailure(next, watched, silent.filter((node) => !next.acknowledged.has(node.id)), round) };
}

/** A human lifts the freeze, having seen what is silent now. */
export function acknowledgeSilence(watch: FreezeWatch): FreezeWatch {
  return { deathsMonotonicMs: [], silentSinceMonotonicMs: watch.silentSinceMonotonicMs, acknowledged: new Set(watch.silentSinceMonotonicMs.keys()) };
}

/** After a restart: what a human had seen when they lifted the last freeze. */
export function recallAcknowledged(watch: FreezeWatch, nodeIds: readonly string[]): FreezeWatch {
  return { ...watch, acknowledged: new Set(nodeIds) };
}

function recentDeaths(watch: FreezeWatch, monotonicMs: number): readonly number[] {
  return watch.deathsMonotonicMs.filter((at) => monotonicMs - at < DEATH_WINDOW_MS);
}

function massFailure(watch: FreezeWatch, watched: readonly Node[], silent: readonly Node[], round: FreezeRound): MassFailure | null {
  if (watched.length < 2 || silent.length === 0) return null;
  if (silent.length === watched.length) {
    return { cause: 'all-unreachable', reason: `All ${watched.length} nodes are unreachable: this manager's own connection is the likelier cause` };
  }
  const allowed = deathsMax(watched.length);
  if (round.withheld.length > 0 && watch.deathsMonotonicMs.length >= allowed) {
    const count = watch.deathsMonotonicMs.length + round.withheld.length;
    return { cause: 'mass-failure', reason: `${count} of ${watched.length} nodes are silent long enough to be dead within 15 min; more than ${allowed} is a mass failure` };
  }
  return lostZone(watched, silent) ?? zonesAtOnce(watch, silent);
}

function lostZone(watched: readonly Node[], silent: readonly Node[]): MassFailure | null {
  const totals = countByZone(watched);
  if (totals.size < 2) return null;
  for (const [zone, gone] of countByZone(silent)) {
    const total = totals.get(zone)!;
    if (total > 1 && gone / total >= ZONE_SHARE) {
      return { cause: 'mass-failure', reason: `${gone} of ${total} nodes of ${zoneText(zone)} are unreachable: the zone, not its nodes, is the likelier cause` };
    }
  }
  return null;
}

function zonesAtOnce(watch: FreezeWatch, silent: readonly Node[]): MassFailure | null {
  const zoned = silent.filter((node) => node.domain.zone !== null)
    .map((node) => ({ node, sinceMs: watch.silentSinceMonotonicMs.get(node.id)! }))
    .sort((a, b) => a.sinceMs - b.sinceMs);
  for (let index = 1; index < zoned.length; index += 1) {
    const [one, other] = [zoned[index - 1]!, zoned[index]!];
    if (one.node.domain.zone === other.node.domain.zone || other.sinceMs - one.sinceMs > AT_ONCE_MS) continue;
    return {
      cause: 'mass-failure',
      reason: `${one.node.name} of ${zoneText(one.node.domain.zone!)} and ${other.node.name} of ${zoneText(other.node.domain.zone!)} became unreachable within ${Math.round(AT_ONCE_MS / 1_000)} s of each other: two zones at once point to something they share`,
    };
  }
  return null;
}

function countByZone(nodes: readonly Node[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { domain: { zone } } of nodes) if (zone !== null) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return counts;
}
