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
  const zoneSizes = new Map<string | null, { left: number }>();
  const left = new Set<Choice>();
  for (const candidate of candidates) {
    const zone = zoneSizes.get(candidate.zone) ?? { left: 0 };
    zoneSizes.set(candidate.zone, zone);
    zone.left += 1;
    left.add({ candidate, zone });
  }
  const victims: string[] = [];
  while (victims.length < count) {
    let best: Choice | null = null;
    for (const choice of left) if (best === null || compare(best, choice) > 0) best = choice;
    if (best === null) break;
    victims.push(best.candidate.nodeId);
    best.zone.left -= 1;
    left.delete(best);
  }
  return victims;
}

interface Choice {
  readonly candidate: VictimCandidate;
  /** Shared by all of its zone. */
  readonly zone: { left: number };
}

function compare({ candidate: a, zone: zoneOfA }: Choice, { candidate: b, zone: zoneOfB }: Choice): number {
  return zoneOfB.left - zoneOfA.left || Number(b.returnable ?? false) - Number(a.returnable ?? false) || a.bytes - b.bytes || (a.nodeId < b.nodeId ? -1 : 1);
}
