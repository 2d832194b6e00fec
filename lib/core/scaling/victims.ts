/** Which nodes a scale-in empties: the zone with most nodes gives first, and in it the node with least to move. */
export interface VictimCandidate {
  readonly nodeId: string;
  /** `null` = unknown, a zone of its own kind. */
  readonly zone: string | null;
  readonly bytes: number;
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
  return inZone.get(b.zone)! - inZone.get(a.zone)! || a.bytes - b.bytes || (a.nodeId < b.nodeId ? -1 : 1);
}
