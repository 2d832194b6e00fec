'use client';

import { useQueryState } from 'nuqs';
import { useState } from 'react';
import type { ShardLayout } from '@/components/charts/shard-layout';
import { createMarks, marksOfRanges, rangesOfMarks } from '@/components/charts/shard-ranges';
import { createGridState, reduceGrid, type GridAction, type GridState } from './grid-keyboard';

/**
 * The selection lives in the address, so that a reload or a colleague finds it again. A
 * selection of very many scattered ranges is longer than addresses should be: it is kept
 * in this tab's storage and the address says so.
 */
export const LINK_CHARACTERS_MAX = 4_000;
const STORED = 'stored';

export interface ShardSelection {
  readonly grid: GridState;
  /** Returns whether the action meant anything. A drag is written to the address when it ends, by `commit`. */
  readonly dispatch: (action: GridAction) => boolean;
  readonly commit: () => void;
}

export function useShardSelection(options: { readonly layout: ShardLayout; readonly clusterId: string }): ShardSelection {
  const { layout, clusterId } = options;
  const shardCount = layout.order.length;
  const storageKey = `ps-shard-selection:${clusterId}`;
  const [text, setText] = useQueryState('sel', { defaultValue: '', history: 'replace' });
  const [held, setHeld] = useState(() => ({ text: '', grid: createGridState(createMarks(shardCount)) }));

  // The address changed under us (first render, back, forward), or the cluster has another number of shards.
  let { grid } = held;
  if (held.text !== text || grid.selected.length !== shardCount) {
    grid = createGridState(marksOfRanges(text === STORED ? readStored(storageKey) : text, shardCount));
    setHeld({ text, grid });
  }

  const write = (next: GridState) => {
    const ranges = rangesOfMarks(next.selected);
    const short = ranges.length <= LINK_CHARACTERS_MAX;
    if (!short) window.sessionStorage.setItem(storageKey, ranges);
    const address = short ? ranges : STORED;
    setHeld({ text: address, grid: next });
    void setText(address);
  };
  const dispatch = (action: GridAction): boolean => {
    const next = reduceGrid(grid, action, layout);
    if (next === grid) return false;
    const unwritten = action.kind === 'drag' || action.kind === 'press' || next.selected === grid.selected;
    if (unwritten) setHeld({ text: held.text, grid: next });
    else write(next);
    return true;
  };
  return { grid, dispatch, commit: () => write(grid) };
}

function readStored(key: string): string {
  return typeof window === 'undefined' ? '' : window.sessionStorage.getItem(key) ?? '';
}
