'use client';

import { Checkbox, Group, SegmentedControl, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useThrottledValue } from '@mantine/hooks';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { ExportMenu } from '@/components/charts/export-menu';
import { FilterChip } from '@/components/charts/filter-chip';
import { SHARD_METRIC_FACTS, SHARD_METRICS } from '@/components/charts/shard-metrics';
import { NoMatchState } from '@/components/ui/states';
import { formatCount, plural } from '@/lib/client/format';
import type { ShardTable } from '@/lib/contract/shard-table';
import { NodeLink, type NodeNames } from '@/components/charts/node-names';
import { factsOf } from './shard-facts';
import { orderedShards, SHARD_EXPORT_COLUMNS, shardExportRows } from './shard-rows';
import type { SetShardUrl, ShardUrl, SortKey } from './shard-url';
import type { ShardSelection } from './use-shard-selection';
import classes from './shard-table.module.css';

interface ShardTableViewProps {
  readonly clusterId: string;
  readonly table: ShardTable;
  readonly url: ShardUrl;
  readonly setUrl: SetShardUrl;
  readonly selection: ShardSelection;
  readonly names: NodeNames;
}

const ROW_HEIGHT_PX = 32;
/** The order is made anew this often, so that rows hold still long enough to be read; their numbers stay live. */
const REORDER_MS = 3_000;
const COLUMNS: readonly { readonly key: SortKey; readonly label: string }[] = [
  { key: 'id', label: 'Shard' },
  { key: 'owner', label: 'Primary' },
  ...SHARD_METRICS.map((metric) => ({ key: metric, label: SHARD_METRIC_FACTS[metric].label })),
];

/** The map's twin: the same shards, filter and selection, as rows. */
export function ShardTableView({ clusterId, table, url, setUrl, selection, names }: ShardTableViewProps) {
  const { selected } = selection.grid;
  const sorted = useThrottledValue(table, REORDER_MS);
  const order = useMemo(() => orderedShards(
    sorted,
    { nodeIndex: url.node === '' ? null : names.indexOf(url.node), ids: url.ids, only: url.only, selected },
    url.sort, url.order,
  ), [sorted, url.node, url.ids, url.only, url.sort, url.order, names, selected]);
  const clear = () => void setUrl({ node: '', ids: '', only: 'all' });
  return (
    <div>
      <Group gap="sm" mb="xs" align="flex-end">
        <TextInput size="xs" w={170} aria-label="Only these shard ids" placeholder="Shard ids: 0-99,120" value={url.ids} onChange={(event) => void setUrl({ ids: event.currentTarget.value })} />
        <SegmentedControl
          aria-label="Rows" value={url.only} onChange={(only) => void setUrl({ only })}
          data={[{ value: 'all', label: 'All' }, { value: 'selected', label: 'Selected' }, { value: 'no-primary', label: 'No primary' }]}
        />
        <ExportMenu fileName={`shards-${clusterId}`} columns={SHARD_EXPORT_COLUMNS} rows={() => shardExportRows(table, order)} />
      </Group>
      <Group gap="xs" mb="xs">
        {url.node !== '' && <FilterChip label={`Held by ${names.nameOf(url.node)}`} onRemove={() => void setUrl({ node: '' })} />}
        {url.ids !== '' && <FilterChip label={`Shards ${url.ids}`} onRemove={() => void setUrl({ ids: '' })} />}
        {url.only !== 'all' && <FilterChip label={url.only === 'selected' ? 'Selected only' : 'Without a primary'} onRemove={() => void setUrl({ only: 'all' })} />}
        <Text size="xs" c="dimmed">{formatCount(order.length)} of {plural(table.shardCount, 'shard')}</Text>
      </Group>
      {order.length === 0
        ? <NoMatchState what="shards" total={table.shardCount} onClear={clear} />
        : <Rows {...{ clusterId, table, order, url, setUrl, selection, names }} />}
    </div>
  );
}

function Rows({ clusterId, table, order, url, setUrl, selection, names }: ShardTableViewProps & { readonly order: Int32Array }) {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called in this component only, nothing memoised takes them
  const virtualizer = useVirtualizer({ count: order.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT_PX, overscan: 12 });
  const { grid, dispatch } = selection;
  const toggle = (shardId: number) => {
    const selected = grid.selected.slice();
    selected[shardId] = selected[shardId] === 1 ? 0 : 1;
    dispatch({ kind: 'replace', selected });
  };
  const sortBy = (key: SortKey) => void setUrl({ sort: key, order: url.sort === key && url.order === 'asc' ? 'desc' : 'asc' });
  return (
    <div ref={scroller} className={classes.scroller} tabIndex={0} role="region" aria-label="Shards as a table">
      <div role="table" aria-label="Shards" aria-rowcount={order.length + 1} className={classes.table}>
        <div role="row" aria-rowindex={1} className={classes.head}>
          <span role="columnheader" className={classes.check}><span className={classes.hidden}>Selected</span></span>
          {COLUMNS.map(({ key, label }) => {
            const active = url.sort === key;
            return (
              <span key={key} role="columnheader" aria-sort={active ? (url.order === 'asc' ? 'ascending' : 'descending') : 'none'} data-column={key} data-numeric={key !== 'id' && key !== 'owner'}>
                <UnstyledButton className={classes.sort} onClick={() => sortBy(key)}>
                  {label}{active && (url.order === 'asc' ? <IconArrowUp size={12} aria-hidden /> : <IconArrowDown size={12} aria-hidden />)}
                </UnstyledButton>
              </span>
            );
          })}
        </div>
        <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {virtualizer.getVirtualItems().map((item) => {
            const shardId = order[item.index]!;
            return (
              <Row
                key={shardId} {...{ clusterId, table, shardId, names }} index={item.index} startPx={item.start}
                selected={grid.selected[shardId] === 1} onToggle={() => toggle(shardId)} onOpen={() => void setUrl({ shard: shardId })}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  readonly clusterId: string;
  readonly table: ShardTable;
  readonly shardId: number;
  readonly names: NodeNames;
  readonly index: number;
  readonly startPx: number;
  readonly selected: boolean;
  readonly onToggle: () => void;
  readonly onOpen: () => void;
}

function Row({ clusterId, table, shardId, names, index, startPx, selected, onToggle, onOpen }: RowProps) {
  const facts = factsOf(table, shardId, null);
  return (
    <div role="row" aria-rowindex={index + 2} className={classes.row} data-selected={selected} style={{ transform: `translateY(${startPx}px)`, height: ROW_HEIGHT_PX }}>
      <span role="cell" className={classes.check}><Checkbox size="xs" checked={selected} onChange={onToggle} aria-label={`Select shard ${shardId}`} /></span>
      <span role="cell" data-column="id"><UnstyledButton className={classes.open} onClick={onOpen}>{formatCount(shardId)}</UnstyledButton></span>
      <span role="cell" data-column="owner">
        {facts.primaryNodeId === null ? 'No primary' : <NodeLink nodeId={facts.primaryNodeId} names={names} clusterId={clusterId} />}
        {facts.secondaryNodeIds.length > 0 && <Text span size="xs" c="dimmed"> + {facts.secondaryNodeIds.map(names.nameOf).join(', ')}</Text>}
      </span>
      {facts.metrics.map(({ metric, text, quality }) => <span key={metric} role="cell" data-column={metric} data-numeric title={quality}>{text}</span>)}
    </div>
  );
}
