'use client';

import { Checkbox, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { columnVisibilityFeature, createSortedRowModel, rowSelectionFeature, rowSortingFeature, tableFeatures, useTable, type ColumnDef } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useMemo, useRef } from 'react';
import { NODE_COLUMNS, type CellContext, type NodeColumn } from './node-columns';
import { isSameRow, type NodeRow } from './node-rows';
import type { NodeUrl, SetNodeUrl } from './node-url';
import classes from './nodes.module.css';

const natural = new Intl.Collator('en', { numeric: true });
const features = tableFeatures({
  rowSortingFeature, columnVisibilityFeature, rowSelectionFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: {
    /** Numbers by size, words as people count: node-9 before node-10. Unknown values never get here: they stay last. */
    natural: (a, b, columnId) => {
      const left = a.getValue<string | number>(columnId);
      const right = b.getValue<string | number>(columnId);
      return typeof left === 'number' && typeof right === 'number' ? left - right : natural.compare(String(left), String(right));
    },
  },
});

const columnDefs: ColumnDef<typeof features, NodeRow>[] = NODE_COLUMNS.map(({ id, label, value }) => ({
  id, header: label, accessorFn: value, sortFn: 'natural', sortUndefined: 'last',
}));
const columnById = new Map(NODE_COLUMNS.map((column) => [column.id, column]));
const ROW_HEIGHT_PX = 36;

interface NodesTableProps {
  /** Decides which rows are shown and in which order; refreshed slowly, so that rows hold still. */
  readonly ordered: readonly NodeRow[];
  /** The newest rows by node id: the numbers in the cells. */
  readonly live: ReadonlyMap<string, NodeRow>;
  readonly url: NodeUrl;
  readonly setUrl: SetNodeUrl;
  readonly context: CellContext;
}

export function NodesTable({ ordered, live, url, setUrl, context }: NodesTableProps) {
  const data = useMemo(() => [...ordered], [ordered]);
  const state = useMemo(() => ({
    sorting: [{ id: columnById.has(url.sort) ? url.sort : 'name', desc: url.order === 'desc' }],
    columnVisibility: Object.fromEntries(NODE_COLUMNS.map(({ id }) => [id, id === 'name' || url.columns.includes(id)])),
    rowSelection: Object.fromEntries(url.picked.map((nodeId) => [nodeId, true as const])),
  }), [url.sort, url.order, url.columns, url.picked]);
  const table = useTable({
    features, columns: columnDefs, data, state, getRowId: (row) => row.node.id,
    onRowSelectionChange: (change) => {
      const next = typeof change === 'function' ? change(state.rowSelection) : change;
      void setUrl({ picked: Object.keys(next).filter((nodeId) => next[nodeId]) });
    },
  });
  const columns = table.getVisibleLeafColumns().flatMap(({ id }) => columnById.get(id) ?? []);
  const sortBy = (id: string) => void setUrl({ sort: id, order: url.sort === id && url.order === 'asc' ? 'desc' : 'asc' });
  const template = `2.25rem ${columns.map(({ widthRem }) => `minmax(${widthRem}rem, ${widthRem}fr)`).join(' ')}`;
  const columnKey = columns.map(({ id }) => id).join(' ');
  const rows = table.getRowModel().rows;

  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called in this component only, nothing memoised takes them
  const virtualizer = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT_PX, overscan: 10, getItemKey: (index) => rows[index]!.id });
  return (
    <div ref={scroller} className={classes.scroller} tabIndex={0} role="region" aria-label="Nodes as a table">
      <div role="table" aria-label="Nodes" aria-rowcount={rows.length + 1} className={classes.table}>
        <Head columns={columns} template={template} url={url} onSort={sortBy} allPicked={table.getIsAllRowsSelected()} onPickAll={table.getToggleAllRowsSelectedHandler()} />
        <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {virtualizer.getVirtualItems().map((item) => {
            const row = rows[item.index]!;
            const shown = live.get(row.id) ?? row.original;
            return (
              <Line
                key={row.id} row={shown} index={item.index} startPx={item.start} selected={row.getIsSelected()} template={template}
                columnKey={columnKey} context={context} onToggle={row.getToggleSelectedHandler()}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: NodeRow;
  readonly index: number;
  readonly startPx: number;
  readonly selected: boolean;
  readonly template: string;
  /** Ids of the columns, joined: one comparison instead of a list's. */
  readonly columnKey: string;
  readonly context: CellContext;
  readonly onToggle: (event: unknown) => void;
}

/** One row; drawn again when something in it changed. */
const Line = memo(({ row, index, startPx, selected, template, columnKey, context, onToggle }: LineProps) => (
  <div
    role="row" aria-rowindex={index + 2} className={`${classes.row ?? ''} ${row.stale ? 'ps-hatched' : ''}`} data-selected={selected}
    style={{ gridTemplateColumns: template, height: ROW_HEIGHT_PX, transform: `translateY(${startPx}px)` }}
  >
    <span role="cell" className={classes.check}><Checkbox size="xs" checked={selected} onChange={onToggle} aria-label={`Select ${row.node.name}`} /></span>
    {columnKey.split(' ').map((id) => <span key={id} role="cell" className={classes.cell} data-column={id} data-numeric={columnById.get(id)?.numeric}>{columnById.get(id)?.render(row, context)}</span>)}
  </div>
), (before, next) => isSameRow(before.row, next.row) && before.index === next.index && before.startPx === next.startPx && before.selected === next.selected
  && before.template === next.template && before.columnKey === next.columnKey && before.context.safetyLines === next.context.safetyLines);
Line.displayName = 'Line';

interface HeadProps {
  readonly columns: readonly NodeColumn[];
  readonly template: string;
  readonly url: NodeUrl;
  readonly onSort: (id: string) => void;
  readonly allPicked: boolean;
  readonly onPickAll: (event: unknown) => void;
}

function Head({ columns, template, url, onSort, allPicked, onPickAll }: HeadProps) {
  return (
    <div role="row" aria-rowindex={1} className={classes.head} style={{ gridTemplateColumns: template }}>
      <span role="columnheader" className={classes.check}><Checkbox size="xs" checked={allPicked} onChange={onPickAll} aria-label="Select all nodes shown" /></span>
      {columns.map(({ id, label, hint, numeric }) => {
        const active = url.sort === id;
        return (
          <span key={id} role="columnheader" aria-sort={active ? (url.order === 'asc' ? 'ascending' : 'descending') : 'none'} className={classes.cell} data-column={id} data-numeric={numeric}>
            <UnstyledButton className={classes.sort} onClick={() => onSort(id)} title={hint}>
              {label}{active && (url.order === 'asc' ? <IconArrowUp size={12} aria-hidden /> : <IconArrowDown size={12} aria-hidden />)}
            </UnstyledButton>
          </span>
        );
      })}
    </div>
  );
}
