import { EMPTY_CELL, type ShardLayout } from '@/components/charts/shard-layout';

/**
 * The keyboard and pointer model of the map, as a pure reducer over the layout: the ARIA
 * grid pattern (WAI-ARIA Authoring Practices, "Grid"), with one tab stop. A selection is
 * what was there before the gesture (`base`) joined with the range from `anchor` to
 * `focus` along the layout's reading order, so that Shift can shrink a range as well as
 * extend it.
 */
export interface GridState {
  /** The active shard; `null` until the map was entered. */
  readonly focus: number | null;
  /** Where the present range began; `null` when no range is open. */
  readonly anchor: number | null;
  /** Marks, one per shard, without the open range. */
  readonly base: Uint8Array;
  /** Marks with it: what is shown and acted on. */
  readonly selected: Uint8Array;
}

export type GridAction =
  | { readonly kind: 'key'; readonly key: string; readonly shift: boolean; readonly control: boolean }
  /** A press on a shard: plain starts a new range, `add` keeps the selection, `extend` goes on from the anchor. */
  | { readonly kind: 'press'; readonly shardId: number; readonly mode: 'replace' | 'add' | 'extend' }
  | { readonly kind: 'drag'; readonly shardId: number }
  | { readonly kind: 'enter' }
  | { readonly kind: 'replace'; readonly selected: Uint8Array }
  | { readonly kind: 'clear' };

/** Rows that PageUp and PageDown go. */
export const PAGE_ROWS = 10;

export function createGridState(selected: Uint8Array): GridState {
  return { focus: null, anchor: null, base: selected, selected };
}

/** The next state, or the same object when the action means nothing here (the key is then left to the browser). */
export function reduceGrid(state: GridState, action: GridAction, layout: ShardLayout): GridState {
  switch (action.kind) {
    case 'key': return reduceKey(state, action, layout);
    case 'press': return press(state, action, layout);
    case 'drag': return state.anchor === null ? state : withRange(state, state.anchor, action.shardId, layout);
    case 'enter': return state.focus === null && layout.order.length > 0 ? { ...state, focus: layout.order[0]! } : state;
    case 'replace': return { ...state, anchor: null, base: action.selected, selected: action.selected };
    case 'clear': return cleared(state);
  }
}

function cleared(state: GridState): GridState {
  const none = new Uint8Array(state.selected.length);
  return { focus: state.focus, anchor: null, base: none, selected: none };
}

function press(state: GridState, action: Extract<GridAction, { kind: 'press' }>, layout: ShardLayout): GridState {
  if (action.mode === 'extend' && state.anchor !== null) return withRange(state, state.anchor, action.shardId, layout);
  const base = action.mode === 'add' ? state.selected : new Uint8Array(state.selected.length);
  return withRange({ ...state, base }, action.shardId, action.shardId, layout);
}

function withRange(state: GridState, anchor: number, focus: number, layout: ShardLayout): GridState {
  const selected = state.base.slice();
  const from = layout.positionOf[anchor]!;
  const to = layout.positionOf[focus]!;
  for (let position = Math.min(from, to); position <= Math.max(from, to); position += 1) selected[layout.order[position]!] = 1;
  return { focus, anchor, base: state.base, selected };
}

function reduceKey(state: GridState, action: Extract<GridAction, { kind: 'key' }>, layout: ShardLayout): GridState {
  const focus = state.focus ?? layout.order[0];
  if (focus === undefined) return state;
  if (action.control && action.key.toLowerCase() === 'a') {
    const all = new Uint8Array(state.selected.length).fill(1);
    return { focus, anchor: null, base: all, selected: all };
  }
  if (action.key === 'Escape') return state.selected.includes(1) ? cleared(state) : state;
  if (action.key === ' ') return toggled(state, focus);
  const next = neighbourOf(focus, action, layout);
  if (next === null) return state;
  if (action.shift) {
    const anchor = state.anchor ?? focus;
    return withRange(state.anchor === null ? { ...state, base: state.selected } : state, anchor, next, layout);
  }
  // Moving on without Shift ends the range and keeps what is selected.
  return { focus: next, anchor: null, base: state.selected, selected: state.selected };
}

function toggled(state: GridState, shardId: number): GridState {
  const selected = state.selected.slice();
  selected[shardId] = selected[shardId] === 1 ? 0 : 1;
  return { focus: shardId, anchor: selected[shardId] === 1 ? shardId : null, base: selected, selected };
}

/** The shard a key leads to; the focus itself at an edge, `null` for keys that are not ours. */
function neighbourOf(focus: number, action: { key: string; control: boolean }, layout: ShardLayout): number | null {
  switch (action.key) {
    case 'ArrowRight': return scan(focus, layout, 1, 0);
    case 'ArrowLeft': return scan(focus, layout, -1, 0);
    case 'ArrowDown': return scan(focus, layout, 0, 1);
    case 'ArrowUp': return scan(focus, layout, 0, -1);
    case 'PageDown': return repeat(PAGE_ROWS, focus, (from) => scan(from, layout, 0, 1));
    case 'PageUp': return repeat(PAGE_ROWS, focus, (from) => scan(from, layout, 0, -1));
    case 'Home': return action.control ? layout.order[0]! : repeat(layout.columns, focus, (from) => scan(from, layout, -1, 0));
    case 'End': return action.control ? layout.order[layout.order.length - 1]! : repeat(layout.columns, focus, (from) => scan(from, layout, 1, 0));
    default: return null;
  }
}

/** The next cell with a shard in a direction: the gaps of a grouped layout are jumped over. */
function scan(from: number, layout: ShardLayout, columnStep: number, rowStep: number): number {
  const cell = layout.cellOf[from]!;
  let column = (cell % layout.columns) + columnStep;
  let row = Math.floor(cell / layout.columns) + rowStep;
  while (column >= 0 && column < layout.columns && row >= 0 && row < layout.rows) {
    const shardId = layout.cells[row * layout.columns + column]!;
    if (shardId !== EMPTY_CELL) return shardId;
    column += columnStep;
    row += rowStep;
  }
  return from;
}

function repeat(times: number, from: number, step: (from: number) => number): number {
  let at = from;
  for (let count = 0; count < times; count += 1) {
    const next = step(at);
    if (next === at) break;
    at = next;
  }
  return at;
}
