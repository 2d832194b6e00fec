/**
 * Which nodes a scale-in empties: the zone with most nodes gives first, and in it one that
 * can be given back before one that would be left running, and of those the node with least to move.
 */
export interface VictimCandidate {
  readonly nodeId: string;
  /** `null` = unknown, a zone of its own kind. */
  readonly zone: string | null;
  readonly bytes: number;
  /** A provisioner takes it back: only then does the scale-in save anything. */
  readonly returnable?: boolean;
}

/** `count` nodes, or fewer when there are not so many. */
export function chooseVictims(candidates: readonly VictimCandidate[], count: number): readonly string[] {
  const left = [...candidates];
  const victims: string[] = [];
  while (victims.length < count && left.length > 0) {
    const inZone = new Map<string | null, number>();
    for (const { zone } of left) inZone.set(zone, (inZone.get(zone) ?? 0) + 1);
    const best = left.reduce((a, b) => (compare(a, b, inZone) <= 0 ? a : b));
    victims.push(best.nodeId);
    left.splice(left.indexOf(best), 1);
  }
  return victims;
}

function compare(a: VictimCandidate, b: VictimCandidate, inZone: ReadonlyMap<string | null, number>): number {
  return inZone.get(b.zone)! - inZone.get(a.zone)! || Number(b.returnable ?? false) - Number(a.returnable ?? false) || a.bytes - b.bytes || (a.nodeId < b.nodeId ? -1 : 1);
}
