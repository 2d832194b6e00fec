'use client';

import { Paper, VisuallyHidden } from '@mantine/core';
import { useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { MapPicture, ShardCanvas } from '@/components/charts/shard-canvas';
import type { ShardLayout } from '@/components/charts/shard-layout';
import { ShardPicture } from '@/components/charts/shard-picture';
import { formatCount } from '@/lib/client/format';
import { ShardTooltip } from './shard-details';
import { readOutOf, type ShardFacts } from './shard-facts';
import type { NodeNames } from '@/components/charts/node-names';
import type { ShardSelection } from './use-shard-selection';
import classes from './shard-map.module.css';

interface MapGridProps {
  readonly layout: ShardLayout;
  readonly picture: MapPicture;
  readonly heightPx: number;
  readonly selection: ShardSelection;
  readonly factsOf: (shardId: number) => ShardFacts;
  readonly names: NodeNames;
  /** The next press goes on from the last one: ranges without a drag. */
  readonly extending: boolean;
  readonly onExtended: () => void;
  readonly onOpen: (shardId: number) => void;
}

interface Hover { readonly shardId: number; readonly xPx: number; readonly yPx: number }

const CELL_ID = 'ps-shard-cell';
const TOOLTIP_WIDTH_PX = 230;

/** The map as one tab stop: an ARIA grid that exposes the active cell, with a pointer that draws ranges. */
export function MapGrid({ layout, picture, heightPx, selection, factsOf, names, extending, onExtended, onOpen }: MapGridProps) {
  const renderer = useRef<ShardCanvas | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const [focused, setFocused] = useState(false);
  const dragging = useRef(false);
  const { grid, dispatch, commit } = selection;
  const marks = useMemo(
    () => ({ selected: grid.selected.includes(1) ? grid.selected : null, cursor: focused ? grid.focus : null, hover: hover?.shardId ?? null }),
    [grid.selected, grid.focus, focused, hover?.shardId],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey) return;
    const active = grid.focus ?? layout.order[0];
    if (event.key === 'Enter' && active !== undefined) {
      event.preventDefault();
      onOpen(active);
    } else if (dispatch({ kind: 'key', key: event.key, shift: event.shiftKey, control: event.ctrlKey || event.metaKey })) {
      event.preventDefault();
    }
  };
  const shardUnder = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const point = { xPx: event.clientX - box.left, yPx: event.clientY - box.top };
    const shardId = renderer.current?.shardAt(point.xPx, point.yPx) ?? null;
    return shardId === null ? null : { shardId, ...point };
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    const under = shardUnder(event);
    if (under === null || event.button !== 0) return;
    const extend = event.shiftKey || extending;
    dispatch({ kind: 'press', shardId: under.shardId, mode: extend ? 'extend' : event.ctrlKey || event.metaKey ? 'add' : 'replace' });
    if (extending) onExtended();
    // A finger scrolls the page; it selects by taps and "Extend to next press".
    if (event.pointerType === 'touch') return;
    dragging.current = true;
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const under = shardUnder(event);
    setHover(dragging.current ? null : under);
    if (dragging.current && under !== null) dispatch({ kind: 'drag', shardId: under.shardId });
  };
  const endDrag = () => {
    dragging.current = false;
    commit();
  };
  const active = grid.focus ?? layout.order[0];

  return (
    <div>
      <div
        role="grid" tabIndex={0} className={classes.grid} aria-multiselectable aria-label={`Shard map, ${formatCount(layout.order.length)} shards`}
        aria-rowcount={layout.rows} aria-colcount={layout.columns} {...(active !== undefined && { 'aria-activedescendant': CELL_ID })}
        onKeyDown={onKeyDown} onFocus={() => { setFocused(true); dispatch({ kind: 'enter' }); }} onBlur={() => setFocused(false)}
      >
        {active !== undefined && <ActiveCell shardId={active} layout={layout} selected={grid.selected[active] === 1} label={readOutOf(factsOf(active), names.nameOf)} />}
        <div
          className={classes.pointer} onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={endDrag} onPointerCancel={endDrag}
          onPointerLeave={() => setHover(null)} onDoubleClick={() => { if (grid.focus !== null) onOpen(grid.focus); }}
        >
          <ShardPicture layout={layout} picture={picture} marks={marks} heightMax={`${heightPx}px`} rendererRef={renderer} />
          {hover !== null && <HoverCard hover={hover} factsOf={factsOf} names={names} />}
        </div>
      </div>
      <p className={classes.readOut} aria-live="polite">{focused && grid.focus !== null ? readOutOf(factsOf(grid.focus), names.nameOf) : ' '}</p>
    </div>
  );
}

/** The one cell that assistive technology sees: where the cursor stands. */
function ActiveCell({ shardId, layout, selected, label }: { shardId: number; layout: ShardLayout; selected: boolean; label: string }) {
  const cell = layout.cellOf[shardId]!;
  return (
    <VisuallyHidden role="row" aria-rowindex={Math.floor(cell / layout.columns) + 1}>
      <span role="gridcell" id={CELL_ID} aria-colindex={(cell % layout.columns) + 1} aria-selected={selected}>{label}</span>
    </VisuallyHidden>
  );
}

function HoverCard({ hover, factsOf, names }: { hover: Hover; factsOf: (shardId: number) => ShardFacts; names: NodeNames }) {
  const style = { left: `clamp(0px, ${hover.xPx + 14}px, calc(100% - ${TOOLTIP_WIDTH_PX}px))`, top: hover.yPx + 18, width: TOOLTIP_WIDTH_PX };
  return (
    <Paper withBorder shadow="md" p="xs" className={classes.hover} style={style} aria-hidden="true">
      <ShardTooltip facts={factsOf(hover.shardId)} names={names} />
    </Paper>
  );
}
