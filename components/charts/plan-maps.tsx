'use client';

import { SegmentedControl, Stack, Text, useComputedColorScheme } from '@mantine/core';
import { useMemo, useState, type ReactNode } from 'react';
import type { ShardTable } from '@/lib/contract/shard-table';
import { Legend, type LegendItem } from './legend';
import { changePicture, changesBetween, CHANGE_PRIMARY, CHANGE_SECONDARY, ownerPicture, ownerTables } from './map-pictures';
import { ownerStyleOf } from './owner-style';
import type { MapPicture } from './shard-canvas';
import { gridLayout, groupedLayout, suitableLayout, type ShardLayout } from './shard-layout';
import { ShardPicture } from './shard-picture';
import classes from './plan-maps.module.css';

export interface PlanMapsProps {
  readonly before: ShardTable;
  /** The same shards after the plan's steps. */
  readonly after: ShardTable;
  /** What people call a node; the id when absent. */
  readonly nameOf?: (nodeId: string) => string;
  /** `after` is only after the first so many moves; `null` = after all. */
  readonly moveCount?: number | null;
}

const idItself = (nodeId: string) => nodeId;
const LEGEND_MAX = 16;

/**
 * Before, after and what changes, side by side; on a phone in one place, to flip between. Long
 * ranges stay in the places of their ids; scattered shards are grouped by owner, every
 * owner's block in the same place in all three.
 */
export function PlanMaps({ before, after, nameOf = idItself, moveCount = null }: PlanMapsProps) {
  const scheme = useComputedColorScheme('light');
  const [shown, setShown] = useState<Which>('changes');
  const layouts = useMemo(() => planLayouts(before, after), [before, after]);
  const pictures = useMemo(() => {
    const options = { scheme, colors: ownerTables(scheme), emphasis: null, blockLabels: [] };
    return { before: ownerPicture(before, options), after: ownerPicture(after, options) };
  }, [before, after, scheme]);
  const changes = useMemo(() => changesBetween(before, after), [before, after]);
  const delta = useMemo(() => changePicture(after, changes, { scheme, blockLabels: [] }), [after, changes, scheme]);
  const gains = useMemo(() => gainsOf(before, after), [before, after]);

  let primaries = 0;
  let secondaries = 0;
  for (const change of changes) {
    if (change === CHANGE_PRIMARY) primaries += 1;
    if (change === CHANGE_SECONDARY) secondaries += 1;
  }
  const total = after.shardCount.toLocaleString('en-US');
  const changed = `${primaries.toLocaleString('en-US')} ${primaries === 1 ? 'primary' : 'primaries'} change owner${secondaries === 0 ? '' : `, ${secondaries.toLocaleString('en-US')} more shards move a secondary`}`;
  return (
    <Stack gap="sm">
      <SegmentedControl className={classes.choice ?? ''} aria-label="Which map" value={shown} onChange={setShown} data={[{ value: 'before', label: 'Before' }, { value: 'after', label: 'After' }, { value: 'changes', label: 'What changes' }]} />
      <div className={classes.maps} data-shown={shown}>
        <MapFigure name="before" title="Before" description={`${total} shards by owner of the primary, as they are now`} layout={layouts.before} picture={pictures.before} />
        <MapFigure name="after" title="After" description={`${total} shards by owner of the primary, ${moveCount === null ? 'when the plan is done' : `after ${moveCount.toLocaleString('en-US')} moves`}`} layout={layouts.after} picture={pictures.after} />
        <MapFigure name="changes" title="What changes" description={`${changed}; coloured by the new owner, the rest is grey`} layout={layouts.after} picture={delta} />
      </div>
      <Legend label="Owners, with primaries before and after" items={ownerItems(after, gains, nameOf)} />
    </Stack>
  );
}

type Which = 'before' | 'after' | 'changes';

function MapFigure({ name, title, description, layout, picture }: { name: Which; title: string; description: ReactNode; layout: ShardLayout; picture: MapPicture }) {
  return (
    <figure className={classes.map} data-name={name}>
      <ShardPicture layout={layout} picture={picture} heightMax="min(60vh, 420px)" />
      <figcaption>
        <Text fw={600} size="sm" mt={4}>{title}</Text>
        <Text size="xs" c="dimmed">{description}</Text>
      </figcaption>
    </figure>
  );
}

function planLayouts(before: ShardTable, after: ShardTable): { before: ShardLayout; after: ShardLayout } {
  if (suitableLayout(before) === 'id') {
    const layout = gridLayout(after.shardCount);
    return { before: layout, after: layout };
  }
  const owned = [before, after].map((table) => {
    const counts = new Map<number, number>();
    for (let shardId = 0; shardId < table.shardCount; shardId += 1) {
      const owner = table.replicas[shardId * table.replicaMax]!;
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    return counts;
  });
  const nodeIndexes = [...new Set(owned.flatMap((counts) => [...counts.keys()]))];
  const options = { aspect: 1, labelRows: 0, nodeIndexes, blockShardsMin: Math.max(...owned.flatMap((counts) => [...counts.values()]), 1) };
  return { before: groupedLayout(before, options), after: groupedLayout(after, options) };
}

interface Gain { readonly before: number; readonly after: number }

function gainsOf(before: ShardTable, after: ShardTable): ReadonlyMap<string, Gain> {
  const gains = new Map<string, { before: number; after: number }>();
  for (const [side, table] of [['before', before], ['after', after]] as const) {
    for (let shardId = 0; shardId < table.shardCount; shardId += 1) {
      const nodeId = table.nodeIds[table.replicas[shardId * table.replicaMax]!];
      if (nodeId === undefined) continue;
      const gain = gains.get(nodeId) ?? { before: 0, after: 0 };
      gain[side] += 1;
      gains.set(nodeId, gain);
    }
  }
  return gains;
}

/** Those who gain or lose most come first; the rest is counted, not dropped in silence. */
function ownerItems(after: ShardTable, gains: ReadonlyMap<string, Gain>, nameOf: (nodeId: string) => string): LegendItem[] {
  const rows = after.nodeIds
    .map((nodeId, index) => ({ nodeId, index, gain: gains.get(nodeId) ?? { before: 0, after: 0 } }))
    .filter(({ gain }) => gain.before + gain.after > 0)
    .sort((a, b) => Math.abs(b.gain.after - b.gain.before) - Math.abs(a.gain.after - a.gain.before) || a.index - b.index);
  const items = rows.slice(0, LEGEND_MAX).map(({ nodeId, index, gain }): LegendItem => {
    const style = ownerStyleOf(index);
    return { key: nodeId, label: nameOf(nodeId), detail: gain.before === gain.after ? String(gain.after) : `${gain.before} → ${gain.after}`, color: style.css, pattern: style.pattern };
  });
  const left = rows.length - items.length;
  return left > 0 ? [...items, { key: 'more', label: `${left} more nodes`, detail: 'with smaller changes', color: 'transparent', pattern: 'solid' }] : items;
}
