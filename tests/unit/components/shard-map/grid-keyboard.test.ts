import { describe, expect, it } from 'vitest';
import { gridLayout, groupedLayout, type ShardLayout } from '@/components/charts/shard-layout';
import { createMarks, rangesOfMarks } from '@/components/charts/shard-ranges';
import { createGridState, PAGE_ROWS, reduceGrid, type GridAction, type GridState } from '@/components/shard-map/grid-keyboard';
import { createShardTable } from '@/lib/contract/shard-table';

const layout = gridLayout(1_024);

function run(actions: readonly (string | GridAction)[], on: ShardLayout = layout, from?: GridState): GridState {
  const start = from ?? createGridState(createMarks(on.order.length));
  return actions.reduce((state, action) => reduceGrid(state, typeof action === 'string' ? keyOf(action) : action, on), start);
}

function keyOf(text: string): GridAction {
  const parts = text.split('+');
  return { kind: 'key', key: parts.at(-1)!, shift: parts.includes('Shift'), control: parts.includes('Control') };
}

const selectionOf = (state: GridState) => rangesOfMarks(state.selected);

describe('moving', () => {
  it('arrows go one cell and stop at the edges', () => {
    expect(run([{ kind: 'enter' }]).focus).toBe(0);
    expect(run([{ kind: 'enter' }, 'ArrowLeft', 'ArrowUp']).focus).toBe(0);
    expect(run([{ kind: 'enter' }, 'ArrowRight', 'ArrowDown']).focus).toBe(33);
    expect(run([{ kind: 'enter' }, 'End', 'ArrowRight']).focus).toBe(31);
  });

  it('Home and End stay in the row, with Control they go to the first and last shard', () => {
    const inside: GridAction = { kind: 'press', shardId: 40, mode: 'replace' };
    expect(run([inside, 'Home']).focus).toBe(32);
    expect(run([inside, 'End']).focus).toBe(63);
    expect(run([inside, 'Control+Home']).focus).toBe(0);
    expect(run([inside, 'Control+End']).focus).toBe(1_023);
  });

  it('PageDown goes ten rows and stops in the last row', () => {
    expect(run([{ kind: 'enter' }, 'PageDown']).focus).toBe(32 * PAGE_ROWS);
    expect(run([{ kind: 'enter' }, 'PageDown', 'PageDown', 'PageDown', 'PageDown']).focus).toBe(31 * 32);
    expect(run([{ kind: 'press', shardId: 64, mode: 'replace' }, 'PageUp']).focus).toBe(0);
  });

  it('a key that is not ours changes nothing, so that the browser keeps it', () => {
    const state = run([{ kind: 'enter' }]);
    expect(reduceGrid(state, keyOf('q'), layout)).toBe(state);
    expect(reduceGrid(state, keyOf('Escape'), layout)).toBe(state);
  });

  it('gaps between the blocks of the grouped layout are jumped over', () => {
    const table = createShardTable({ shardCount: 4, replicaMax: 1, nodeIds: ['a', 'b'] });
    table.replicas.set([0, 1, 0, 1]);
    const grouped = groupedLayout(table, { aspect: 4, labelRows: 1, nodeIndexes: [0, 1] });
    expect(run([{ kind: 'enter' }, 'ArrowRight', 'ArrowRight'], grouped).focus).toBe(1);
  });

  it('a map without shards has nothing to enter', () => {
    expect(run([{ kind: 'enter' }, 'ArrowRight', 'Shift+ArrowDown'], gridLayout(0)).focus).toBeNull();
  });
});

describe('selecting', () => {
  it('Shift with arrows extends from the anchor and shrinks on the way back', () => {
    const start: GridAction = { kind: 'press', shardId: 10, mode: 'replace' };
    expect(selectionOf(run([start, 'Shift+ArrowRight', 'Shift+ArrowRight']))).toBe('10-12');
    expect(selectionOf(run([start, 'Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowLeft']))).toBe('10-11');
    expect(selectionOf(run([start, 'Shift+ArrowLeft']))).toBe('9-10');
  });

  it('Space toggles one shard and a walk without Shift keeps the selection', () => {
    const state = run([{ kind: 'enter' }, ' ', 'ArrowRight', 'ArrowRight', ' ']);
    expect(selectionOf(state)).toBe('0,2');
    expect(selectionOf(run([' '], layout, state))).toBe('0');
  });

  it('a second range by Shift joins the first', () => {
    expect(selectionOf(run([{ kind: 'enter' }, 'Shift+ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Shift+ArrowRight']))).toBe('0-1,4-5');
  });

  it('a drag selects between press and pointer, in either direction, and a plain press starts over', () => {
    const dragged = run([{ kind: 'press', shardId: 20, mode: 'replace' }, { kind: 'drag', shardId: 25 }, { kind: 'drag', shardId: 18 }]);
    expect(selectionOf(dragged)).toBe('18-20');
    expect(selectionOf(run([{ kind: 'press', shardId: 1, mode: 'replace' }], layout, dragged))).toBe('1');
    expect(selectionOf(run([{ kind: 'press', shardId: 1, mode: 'add' }], layout, dragged))).toBe('1,18-20');
    expect(selectionOf(run([{ kind: 'press', shardId: 30, mode: 'extend' }], layout, dragged))).toBe('20-30');
  });

  it('Control+A selects all, Escape nothing', () => {
    const all = run(['Control+a']);
    expect(selectionOf(all)).toBe('0-1023');
    expect(selectionOf(run(['Escape'], layout, all))).toBe('');
  });

  it('grouped: a range follows the owner, not the shard ids', () => {
    const table = createShardTable({ shardCount: 6, replicaMax: 1, nodeIds: ['a', 'b'] });
    table.replicas.set([0, 1, 0, 1, 0, 1]);
    const grouped = groupedLayout(table, { aspect: 2, labelRows: 1, nodeIndexes: [0, 1] });
    expect(selectionOf(run([{ kind: 'press', shardId: 0, mode: 'replace' }, { kind: 'drag', shardId: 4 }], grouped))).toBe('0,2,4');
  });
});
