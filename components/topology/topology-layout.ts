import type { ZoneBranch } from './topology-tree';

/** Positions in pixels of an unzoomed drawing. The same tree gives the same drawing, to the pixel. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface TopologyLayout {
  readonly width: number;
  readonly height: number;
  readonly zones: readonly { readonly key: string; readonly box: Box }[];
  /** Leader and follower boxes by node id. */
  readonly boxes: ReadonlyMap<string, Box>;
}

export type Density = 'full' | 'compact';

interface Sizes {
  readonly leader: { readonly width: number; readonly height: number };
  readonly followerHeight: number;
  readonly gap: number;
  readonly zoneHeader: number;
  readonly zonePadding: number;
  readonly zoneGap: number;
}

/** compact: name, status and the fullest resource only, so that a hundred boxes can be read without zooming. */
const SIZES: Readonly<Record<Density, Sizes>> = {
  full: { leader: { width: 224, height: 138 }, followerHeight: 40, gap: 14, zoneHeader: 34, zonePadding: 14, zoneGap: 28 },
  compact: { leader: { width: 142, height: 50 }, followerHeight: 24, gap: 7, zoneHeader: 30, zonePadding: 8, zoneGap: 12 },
};
const FOLLOWER_GAP = 4;
/** More boxes than this are drawn compact. */
const FULL_BOXES_MAX = 40;
/** Width to height that the whole drawing aims at: a screen's. */
const ASPECT = 1.8;
export const BOXES_MAX = 300;
const ZONE_CARD = { width: 320, height: 150, gap: 28 };

export function densityFor(boxCount: number): Density {
  return boxCount > FULL_BOXES_MAX ? 'compact' : 'full';
}

/** Zones side by side, leaders in each as a grid, followers right below their leader. */
export function layoutTopology(zones: readonly ZoneBranch[], density: Density): TopologyLayout {
  const sizes = SIZES[density];
  const { leader, followerHeight, gap, zonePadding } = sizes;
  const perLine = columnsFor(zones, sizes);
  const placed: { key: string; box: Box }[] = [];
  const boxes = new Map<string, Box>();
  let x = 0;
  let height = 0;
  for (const zone of zones) {
    const columns = Math.min(perLine, Math.max(1, zone.leaders.length));
    const width = columns * leader.width + (columns - 1) * gap + 2 * zonePadding;
    let y = sizes.zoneHeader;
    for (let first = 0; first < zone.leaders.length; first += columns) {
      const line = zone.leaders.slice(first, first + columns);
      line.forEach(({ node, followers }, column) => {
        const left = x + zonePadding + column * (leader.width + gap);
        boxes.set(node.id, { x: left, y, width: leader.width, height: leader.height });
        followers.forEach((follower, place) => {
          boxes.set(follower.id, { x: left + gap, y: y + leader.height + FOLLOWER_GAP + place * (followerHeight + FOLLOWER_GAP), width: leader.width - gap, height: followerHeight });
        });
      });
      y += lineHeight(line, sizes);
    }
    const zoneHeight = y - gap + zonePadding;
    placed.push({ key: zone.key, box: { x, y: 0, width, height: zoneHeight } });
    x += width + sizes.zoneGap;
    height = Math.max(height, zoneHeight);
  }
  // Zones end on one line, so that a small one does not look cut off.
  return { width: Math.max(0, x - sizes.zoneGap), height, zones: placed.map(({ key, box }) => ({ key, box: { ...box, height } })), boxes };
}

/** Beyond BOXES_MAX: one card per zone, in a grid. */
export function layoutZoneCards(zones: readonly ZoneBranch[]): TopologyLayout {
  const columns = Math.max(1, Math.ceil(Math.sqrt(zones.length)));
  const placed = zones.map(({ key }, index) => ({
    key,
    box: { width: ZONE_CARD.width, height: ZONE_CARD.height, x: (index % columns) * (ZONE_CARD.width + ZONE_CARD.gap), y: Math.floor(index / columns) * (ZONE_CARD.height + ZONE_CARD.gap) },
  }));
  const rows = Math.ceil(zones.length / columns);
  return { width: columns * (ZONE_CARD.width + ZONE_CARD.gap) - ZONE_CARD.gap, height: rows * (ZONE_CARD.height + ZONE_CARD.gap) - ZONE_CARD.gap, zones: placed, boxes: new Map() };
}

/** Leaders per line in every zone: the number whose drawing comes nearest to ASPECT. */
function columnsFor(zones: readonly ZoneBranch[], sizes: Sizes): number {
  const largest = Math.max(1, ...zones.map((zone) => zone.leaders.length));
  let best = 1;
  let bestDistance = Infinity;
  for (let columns = 1; columns <= largest; columns += 1) {
    const width = zones.length * (columns * (sizes.leader.width + sizes.gap) + 2 * sizes.zonePadding + sizes.zoneGap);
    const height = sizes.zoneHeader + Math.max(...zones.map((zone) => linesHeight(zone, columns, sizes)), 0);
    const distance = Math.abs(Math.log(width / height / ASPECT));
    if (distance < bestDistance) {
      bestDistance = distance;
      best = columns;
    }
  }
  return best;
}

function linesHeight(zone: ZoneBranch, columns: number, sizes: Sizes): number {
  let height = 0;
  for (let first = 0; first < zone.leaders.length; first += columns) height += lineHeight(zone.leaders.slice(first, first + columns), sizes);
  return height;
}

function lineHeight(line: ZoneBranch['leaders'], { leader, followerHeight, gap }: Sizes): number {
  const tallest = Math.max(...line.map(({ followers }) => followers.length));
  return leader.height + tallest * (followerHeight + FOLLOWER_GAP) + gap;
}

export interface FlowPath {
  /** SVG path data. */
  readonly path: string;
  readonly labelX: number;
  readonly labelY: number;
}

/** How far a flow bends from the straight line; A to B and B to A bend to different sides and stay apart. */
const BEND = 0.2;

/** A bent line from the edge of one box to the edge of another. */
export function flowPath(source: Box, target: Box): FlowPath {
  const from = centerOf(source);
  const to = centerOf(target);
  const control = { x: (from.x + to.x) / 2 - (to.y - from.y) * BEND, y: (from.y + to.y) / 2 + (to.x - from.x) * BEND };
  const start = edgePoint(source, control);
  const end = edgePoint(target, control);
  return {
    path: `M${round(start.x)},${round(start.y)} Q${round(control.x)},${round(control.y)} ${round(end.x)},${round(end.y)}`,
    labelX: round((start.x + 2 * control.x + end.x) / 4),
    labelY: round((start.y + 2 * control.y + end.y) / 4),
  };
}

interface Point { readonly x: number; readonly y: number }

function centerOf(box: Box): Point {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Where the line from a box's centre to a point outside leaves the box. */
function edgePoint(box: Box, toward: Point): Point {
  const center = centerOf(box);
  const dx = toward.x - center.x;
  const dy = toward.y - center.y;
  const scale = Math.min(dx === 0 ? Infinity : box.width / 2 / Math.abs(dx), dy === 0 ? Infinity : box.height / 2 / Math.abs(dy), 1);
  return { x: center.x + dx * scale, y: center.y + dy * scale };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
