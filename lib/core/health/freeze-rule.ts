import type { Freeze } from '@/lib/contract/health';
import type { Node } from '@/lib/contract/node';

/** Deaths older than this no longer count. */
export const DEATH_WINDOW_MS = 900_000;

/**
 * N5: when much fails at once the likelier cause is the network, a shared dependency or
 * ourselves, and repairing would move data in the wrong world. Then all automation
 * stops until a human has looked.
 *
 * @param deathsMonotonicMs when nodes were lately declared dead, this round included
 */
export function massFailure(nodes: readonly Node[], deathsMonotonicMs: readonly number[], monotonicMs: number): Pick<Freeze, 'cause' | 'reason'> | null {
  const watched = nodes.filter((node) => node.lifecycle !== 'decommissioned');
  if (watched.length < 2) return null;
  const silent = watched.filter((node) => node.liveness === 'unreachable' || node.liveness === 'dead');
  if (silent.length === watched.length) {
    return { cause: 'all-unreachable', reason: `All ${watched.length} nodes are unreachable: this manager's own connection is the likelier cause` };
  }
  const allowed = Math.max(1, Math.floor(watched.length * 0.3));
  const recent = deathsMonotonicMs.filter((at) => monotonicMs - at < DEATH_WINDOW_MS).length;
  if (recent > allowed) {
    return { cause: 'mass-failure', reason: `${recent} of ${watched.length} nodes died within 15 min; more than ${allowed} is a mass failure` };
  }
  return lostZone(watched);
}

function lostZone(nodes: readonly Node[]): Pick<Freeze, 'cause' | 'reason'> | null {
  const zones = new Map<string, { total: number; silent: number }>();
  for (const node of nodes) {
    if (node.domain.zone === null) continue;
    const zone = zones.get(node.domain.zone) ?? { total: 0, silent: 0 };
    zone.total += 1;
    if (node.liveness === 'unreachable' || node.liveness === 'dead') zone.silent += 1;
    zones.set(node.domain.zone, zone);
  }
  if (zones.size < 2) return null;
  for (const [name, zone] of zones) {
    if (zone.total > 1 && zone.silent / zone.total >= 0.55) {
      return { cause: 'mass-failure', reason: `${zone.silent} of ${zone.total} nodes of zone ${name} are unreachable: the zone, not its nodes, is the likelier cause` };
    }
  }
  return null;
}
