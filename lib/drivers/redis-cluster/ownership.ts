import { isPrimary, ownersInView, SLOT_COUNT, type ClusterView } from './topology';

/**
 * Who owns which slot. Each primary's claim about itself comes first, since it is what
 * that primary serves; only slots of primaries that did not answer are taken from the
 * others. Where two claim a slot, the higher config epoch wins, as in Redis' own rule.
 */
export interface Ownership {
  /** Node id per slot; `null` = nobody. */
  readonly owners: readonly (string | null)[];
  /** Config epoch of the owner, per slot; 0 when nobody owns it. */
  readonly epochs: Float64Array;
  readonly uncovered: readonly number[];
  /**
   * Slots about which the primaries that answered do not agree. One that owns nothing and knows
   * no owner of a slot has not heard of it yet: a node is met before it is told, and for that
   * second it contradicts nobody.
   */
  readonly disagreed: readonly number[];
}

export function resolveOwnership(views: readonly ClusterView[]): Ownership {
  const owners = new Array<string | null>(SLOT_COUNT).fill(null);
  const epochs = new Float64Array(SLOT_COUNT);
  const contested = new Set<number>();
  const primaryViews = views.filter((view) => isPrimary(view.self));
  for (const { self } of primaryViews) {
    forEachSlot(self.slots, (slot) => {
      if (owners[slot] !== null) contested.add(slot);
      if (owners[slot] === null || self.configEpoch > epochs[slot]!) {
        owners[slot] = self.id;
        epochs[slot] = self.configEpoch;
      }
    });
  }
  fillFromHearsay({ owners, epochs, views });
  for (const view of primaryViews) markDisagreement({ view, owners, contested });
  const uncovered: number[] = [];
  owners.forEach((owner, slot) => { if (owner === null) uncovered.push(slot); });
  return { owners, epochs, uncovered, disagreed: [...contested].sort((a, b) => a - b) };
}

function fillFromHearsay({ owners, epochs, views }: { owners: (string | null)[]; epochs: Float64Array; views: readonly ClusterView[] }): void {
  const answered = new Set(views.map((view) => view.self.id));
  const settled = owners.map((owner) => owner !== null);
  for (const view of views) {
    for (const node of view.nodes.values()) {
      if (answered.has(node.id)) continue;
      forEachSlot(node.slots, (slot) => {
        if (settled[slot] === true || (owners[slot] !== null && node.configEpoch <= epochs[slot]!)) return;
        owners[slot] = node.id;
        epochs[slot] = node.configEpoch;
      });
    }
  }
}

function markDisagreement({ view, owners, contested }: { view: ClusterView; owners: readonly (string | null)[]; contested: Set<number> }): void {
  const seen = ownersInView(view);
  const mayBeNew = view.self.slots.length === 0;
  for (let slot = 0; slot < SLOT_COUNT; slot += 1) {
    if (seen[slot] !== owners[slot] && !(mayBeNew && seen[slot] === null)) contested.add(slot);
  }
}

export function forEachSlot(ranges: readonly { first: number; last: number }[], visit: (slot: number) => void): void {
  for (const { first, last } of ranges) {
    for (let slot = first; slot <= last; slot += 1) visit(slot);
  }
}
