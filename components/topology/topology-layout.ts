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

export const LEADER_WIDTH = 224;
export const LEADER_HEIGHT = 138;
export const FOLLOWER_HEIGHT = 40;
const GAP = 14;
const ZONE_HEADER = 34;
const ZONE_PADDING = 14;
const ZONE_GAP = 28;
/** Width to height that the whole drawing aims at: a screen's. */
const ASPECT = 1.8;
export const BOXES_MAX = 300;
const ZONE_CARD = { width: 320, height: 220 };

/** Zones side by side, leaders in each as a grid, followers right below their leader. */
export function layoutTopology(zones: readonly ZoneBranch[]): TopologyLayout {
  const perLine = columnsFor(zones);
  const placed: { key: string; box: Box }[] = [];
  const boxes = new Map<string, Box>();
  let x = 0;
  let height = 0;
  for (const zone of zones) {
    const columns = Math.min(perLine, Math.max(1, zone.leaders.length));
    const width = columns * LEADER_WIDTH + (columns - 1) * GAP + 2 * ZONE_PADDING;
    let y = ZONE_HEADER;
    for (let first = 0; first < zone.leaders.length; first += columns) {
      const line = zone.leaders.slice(first, first + columns);
      line.forEach(({ node, followers }, column) => {
        const left = x + ZONE_PADDING + column * (LEADER_WIDTH + GAP);
        boxes.set(node.id, { x: left, y, width: LEADER_WIDTH, height: LEADER_HEIGHT });
        followers.forEach((follower, place) => {
          boxes.set(follower.id, { x: left + GAP, y: y + LEADER_HEIGHT + 4 + place * (FOLLOWER_HEIGHT + 4), width: LEADER_WIDTH - GAP, height: FOLLOWER_HEIGHT });
        });
      });
      const tallest = Math.max(...line.map(({ followers }) => followers.length));
      y += LEADER_HEIGHT + tallest * (FOLLOWER_HEIGHT + 4) + GAP;
    }
    const zoneHeight = y - GAP + ZONE_PADDING;
    placed.push({ key: zone.key, box: { x, y: 0, width, height: zoneHeight } });
    x += width + ZONE_GAP;
    height = Math.max(height, zoneHeight);
  }
  // Zones end on one line, so that a small one does not look cut off.
  return { width: Math.max(0, x - ZONE_GAP), height, zones: placed.map(({ key, box }) => ({ key, box: { ...box, height } })), boxes };
}

/** Beyond BOXES_MAX: one card per zone, in a grid. */
export function layoutZoneCards(zones: readonly ZoneBranch[]): TopologyLayout {
  const columns = Math.max(1, Math.ceil(Math.sqrt(zones.length)));
  const placed = zones.map(({ key }, index) => ({
    key,
    box: { ...ZONE_CARD, x: (index % columns) * (ZONE_CARD.width + ZONE_GAP), y: Math.floor(index / columns) * (ZONE_CARD.height + ZONE_GAP) },
  }));
  const rows = Math.ceil(zones.length / columns);
  return { width: columns * (ZONE_CARD.width + ZONE_GAP) - ZONE_GAP, height: rows * (ZONE_CARD.height + ZONE_GAP) - ZONE_GAP, zones: placed, boxes: new Map() };
}

/** Leaders per line in every zone: the number whose drawing comes nearest to ASPECT. */
function columnsFor(zones: readonly ZoneBranch[]): number {
  const largest = Math.max(1, ...zones.map((zone) => zone.leaders.length));
  let best = 1;
  let bestDistance = Infinity;
  for (let columns = 1; columns <= largest; columns += 1) {
    const width = zones.length * (columns * (LEADER_WIDTH + GAP) + 2 * ZONE_PADDING + ZONE_GAP);
    const height = ZONE_HEADER + Math.max(...zones.map((zone) => linesHeight(zone, columns)), 0);
    const distance = Math.abs(Math.log(width / height / ASPECT));
    if (distance < bestDistance) {
      bestDistance = distance;
      best = columns;
    }
  }
  return best;
}

function linesHeight(zone: ZoneBranch, columns: number): number {
  let height = 0;
  for (let first = 0; first < zone.leaders.length; first += columns) {
    const followers = zone.leaders.slice(first, first + columns).map((leader) => leader.followers.length);
    height += LEADER_HEIGHT + Math.max(...followers) * (FOLLOWER_HEIGHT + 4) + GAP;
  }
  return height;
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
