import { mixColors } from './color';
import { ownerStyleOf, OWNER_PATTERNS, OWNER_STYLE_COUNT } from './owner-style';
import type { MapPicture, Stencil } from './shard-canvas';
import { CODE_NO_PRIMARY, encodeOwners, fadedColorTable, metricColorTable, ownerColorTable, SURFACES, type Palette, type Scheme } from './shard-colors';
import type { ShardLayout, ShardPlacement } from './shard-layout';
import { EMPHASIS_FADED, EMPHASIS_FULL, EMPHASIS_HALF, joinColorTables, type ColorTables } from './shard-pixels';
import { CODE_UNKNOWN, encodeMetric, logDomainOf, type LogDomain, type Rounding } from './shard-scale';

const FADED_SHARE = 0.85;
const HALF_SHARE = 0.5;

function opaqueFor(codes: readonly number[]): Uint32Array {
  const opaque = new Uint32Array(256);
  for (const code of codes) opaque[code] = 0xff_ff_ff_ff;
  return opaque;
}

const HATCH_UNKNOWN: Stencil = { look: 'hatch', opaque: opaqueFor([CODE_UNKNOWN]) };
const CROSS_NO_PRIMARY: Stencil = { look: 'cross', opaque: opaqueFor([CODE_NO_PRIMARY]) };
const ownerPatternStencils: readonly Stencil[] = OWNER_PATTERNS.flatMap((pattern) => {
  if (pattern === 'solid') return [];
  const codes = Array.from({ length: OWNER_STYLE_COUNT }, (_, look) => look).filter((look) => ownerStyleOf(look).pattern === pattern);
  return [{ look: pattern, opaque: opaqueFor(codes.map((look) => 1 + look)) }];
});

function tablesOf(full: Uint32Array, scheme: Scheme): ColorTables {
  return joinColorTables(fadedColorTable(full, scheme, FADED_SHARE), fadedColorTable(full, scheme, HALF_SHARE), full);
}

/** The colours of an owner map. Made once per theme, not per redraw. */
export function ownerTables(scheme: Scheme): ColorTables {
  return tablesOf(ownerColorTable(scheme), scheme);
}

/** The colours of a metric map. Made once per look, not per redraw. */
export function metricTables(look: { scheme: Scheme; palette: Palette; brightness: number }): ColorTables {
  return tablesOf(metricColorTable(look), look.scheme);
}

export interface PictureOptions {
  readonly scheme: Scheme;
  /** Of `ownerTables` or `metricTables`. */
  readonly colors: ColorTables;
  readonly emphasis: Uint8Array | null;
  readonly blockLabels: MapPicture['blockLabels'];
}

/** The map by owner of the primaries. */
export function ownerPicture(table: ShardPlacement, options: PictureOptions): MapPicture {
  const codes = new Uint8Array(table.shardCount);
  encodeOwners(table, codes);
  return {
    codes,
    emphasis: options.emphasis,
    colors: options.colors,
    surface: SURFACES[options.scheme],
    stencils: [...ownerPatternStencils, CROSS_NO_PRIMARY],
    uniformBlocks: true,
    blockLabels: options.blockLabels,
  };
}

export interface MetricPicture {
  readonly picture: MapPicture;
  /** `null` when no value is positive. */
  readonly domain: LogDomain | null;
  readonly unknownCount: number;
}

/** The map by one metric on a log scale. */
export function metricPicture(column: Float32Array | Float64Array, rounding: Rounding, options: PictureOptions): MetricPicture {
  const domain = logDomainOf(column, rounding);
  const codes = new Uint8Array(column.length);
  encodeMetric(column, domain, codes);
  let unknownCount = 0;
  for (const code of codes) if (code === CODE_UNKNOWN) unknownCount += 1;
  return {
    domain,
    unknownCount,
    picture: {
      codes,
      emphasis: options.emphasis,
      colors: options.colors,
      surface: SURFACES[options.scheme],
      stencils: [HATCH_UNKNOWN],
      uniformBlocks: false,
      blockLabels: options.blockLabels,
    },
  };
}

/** What one node holds stands out: its primaries in full, its other replicas half. */
export function emphasisOfNode(table: ShardPlacement, nodeIndex: number): Uint8Array {
  const emphasis = new Uint8Array(table.shardCount).fill(EMPHASIS_FADED);
  const { replicas, replicaMax } = table;
  // One walk over the replicas; a view per shard would cost ten times the comparison itself.
  for (let at = 0, shardId = 0, role = 0; at < replicas.length; at += 1) {
    if (replicas[at] === nodeIndex && nodeIndex >= 0) emphasis[shardId] = role === 0 ? EMPHASIS_FULL : EMPHASIS_HALF;
    role += 1;
    if (role === replicaMax) {
      role = 0;
      shardId += 1;
    }
  }
  return emphasis;
}

/** How a shard differs between two tables. */
export const CHANGE_NONE = 0;
/** Only secondaries differ. */
export const CHANGE_SECONDARY = 1;
export const CHANGE_PRIMARY = 2;

/**
 * One of the CHANGE_ constants per shard. The tables may have different dictionaries
 * (a plan's target may have joined since): replicas are compared by node id. The order
 * of secondaries means nothing.
 */
export function changesBetween(before: ShardPlacement, after: ShardPlacement): Uint8Array {
  const toAfter = indexTranslation(before.nodeIds, after.nodeIds);
  const changes = new Uint8Array(after.shardCount);
  for (let shardId = 0; shardId < after.shardCount; shardId += 1) {
    if (shardId >= before.shardCount) changes[shardId] = CHANGE_PRIMARY;
    else if ((toAfter.get(primaryIndexOf(before, shardId)) ?? -1) !== primaryIndexOf(after, shardId)) changes[shardId] = CHANGE_PRIMARY;
    else if (!sameReplicas(before, after, shardId, toAfter)) changes[shardId] = CHANGE_SECONDARY;
  }
  return changes;
}

function primaryIndexOf(table: ShardPlacement, shardId: number): number {
  return table.replicas[shardId * table.replicaMax]!;
}

function indexTranslation(from: readonly string[], to: readonly string[]): ReadonlyMap<number, number> {
  const places = new Map(to.map((nodeId, index) => [nodeId, index]));
  return new Map(from.map((nodeId, index) => [index, places.get(nodeId) ?? -2]));
}

function sameReplicas(before: ShardPlacement, after: ShardPlacement, shardId: number, toAfter: ReadonlyMap<number, number>): boolean {
  const held = (table: ShardPlacement) => [...table.replicas.subarray(shardId * table.replicaMax, (shardId + 1) * table.replicaMax)].filter((index) => index >= 0);
  const now = new Set(held(after));
  const then = held(before).map((index) => toAfter.get(index) ?? -2);
  return then.length === now.size && then.every((index) => now.has(index));
}

/** Only what changes keeps its colour: a primary that moves in its new owner's, a moved secondary half; the rest is one quiet grey. */
export function changePicture(after: ShardPlacement, changes: Uint8Array, options: Pick<PictureOptions, 'scheme' | 'blockLabels'>): MapPicture {
  const picture = ownerPicture(after, { ...options, emphasis: null, colors: new Uint32Array(768) });
  const full = ownerColorTable(options.scheme);
  const quiet = new Uint32Array(256).fill(mixColors(SURFACES[options.scheme].background, SURFACES[options.scheme].unknown, 0.7));
  const codes = picture.codes.slice();
  // An unchanged shard loses its code, so that no owner pattern is drawn on it.
  for (let shardId = 0; shardId < codes.length; shardId += 1) if (changes[shardId] === CHANGE_NONE) codes[shardId] = CODE_UNKNOWN;
  return { ...picture, uniformBlocks: false, codes, emphasis: changes, colors: joinColorTables(quiet, fadedColorTable(full, options.scheme, HALF_SHARE), full) };
}

/** Names and counts over the blocks of a grouped layout; none where it keeps no rows free for them. */
export function blockLabelsOf(layout: ShardLayout, nameOf: (nodeIndex: number) => string): MapPicture['blockLabels'] {
  if ((layout.blocks[0]?.row ?? 0) === 0) return [];
  return layout.blocks.map((block) => ({ text: block.nodeIndex < 0 ? 'No primary' : nameOf(block.nodeIndex), detail: String(block.shardCount) }));
}
