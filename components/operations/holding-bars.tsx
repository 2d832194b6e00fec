'use client';

import { SegmentedControl, Select } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useMemo, useRef, useState } from 'react';
import { NodeSwatch, type NodeNames } from '@/components/charts/node-names';
import { useCluster } from '@/components/realtime/use-cluster';
import type { BalanceDimension, NodeHolding } from '@/lib/contract/imbalance';
import type { SafetyLines } from '@/lib/contract/settings';
import { BALANCE_DIMENSIONS } from '@/lib/contract/vocabulary';
import { knownDimensions, measureOf, type HoldingMeasure, type HoldingRow } from './holding-measures';
import { DIMENSION_WORDS } from './plan-words';
import classes from './holding-bars.module.css';

interface HoldingBarsProps {
  readonly before: readonly NodeHolding[];
  /** `null`: nothing is to change. */
  readonly after: readonly NodeHolding[] | null;
  readonly names: NodeNames;
  readonly safetyLines: SafetyLines;
  /** What is worst now: what the bars measure at first. */
  readonly worst?: BalanceDimension | null;
  /** "after", "what-if". */
  readonly afterLabel?: string;
}

const ROW_PX = 30;
const ORDERS = [{ value: 'name', label: 'By name' }, { value: 'before', label: 'Fullest now first' }, { value: 'after', label: 'Fullest after first' }, { value: 'change', label: 'Biggest change first' }];

/** What each node holds before and after, as paired bars with the line it is held against. Only the rows in sight exist in the page. */
export const HoldingBars = memo(({ before, after, names, safetyLines, worst = null, afterLabel = 'after' }: HoldingBarsProps) => {
  const known = useMemo(() => knownDimensions(before, BALANCE_DIMENSIONS), [before]);
  const [chosen, setChosen] = useState<BalanceDimension | null>(null);
  const [order, setOrder] = useState('name');
  const dimension = chosen ?? (worst !== null && known.includes(worst) ? worst : known.includes('data') ? 'data' : 'shards');
  const nodes = useCluster((state) => state.nodes);
  const measure = useMemo(() => measureOf(dimension, { before, after, nodes: nodes ?? [], safetyLines }), [dimension, before, after, nodes, safetyLines]);
  const rows = useMemo(() => sorted(measure.rows, order, names), [measure, order, names]);
  return (
    <div className={classes['bars']}>
      <div className={classes['controls']}>
        <SegmentedControl className={classes['measures'] ?? ''} aria-label="What the bars measure" value={dimension} onChange={setChosen} data={known.map((value) => ({ value, label: DIMENSION_WORDS[value] }))} />
        <Select size="xs" w={170} aria-label="Order of the nodes" allowDeselect={false} value={order} onChange={(value) => { setOrder(value ?? 'name'); }} data={ORDERS} />
      </div>
      <p className={classes['caption']}>
        {DIMENSION_WORDS[dimension]} per node: <span className={classes['keyBefore']} aria-hidden /> now{after !== null && <>, <span className={classes['keyAfter']} aria-hidden /> {afterLabel}</>}
        {measure.line !== null && <>, <span className={classes['keyLine']} data-kind={measure.line.kind} aria-hidden /> {measure.line.kind === 'safety' ? 'safety line' : 'mean'} {measure.print(measure.line.at)}</>}
      </p>
      <Rows rows={rows} measure={measure} names={names} afterLabel={afterLabel} dimension={dimension} />
    </div>
  );
});
HoldingBars.displayName = 'HoldingBars';

function Rows({ rows, measure, names, afterLabel, dimension }: { readonly rows: readonly HoldingRow[]; readonly measure: HoldingMeasure; readonly names: NodeNames; readonly afterLabel: string; readonly dimension: BalanceDimension }) {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called in this component only, nothing memoised takes them
  const virtualizer = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 12 });
  return (
    <div ref={scroller} className={classes['scroller']} tabIndex={0} role="region" aria-label={`${DIMENSION_WORDS[dimension]} per node`}>
      <div role="table" aria-label={`${DIMENSION_WORDS[dimension]} per node, now and ${afterLabel}`} aria-rowcount={rows.length} style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index]!;
          return (
            <div key={row.nodeId} role="row" aria-rowindex={item.index + 1} className={classes['row']} style={{ height: ROW_PX, transform: `translateY(${item.start}px)` }}>
              <span role="rowheader" className={classes['node']}><NodeSwatch nodeId={row.nodeId} names={names} /> <span>{names.nameOf(row.nodeId)}</span></span>
              <span role="cell" className={classes['track']}><Track row={row} measure={measure} /></span>
              <span role="cell" className={classes['words']}><Words row={row} measure={measure} /></span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Track({ row, measure: { top, line } }: { readonly row: HoldingRow; readonly measure: HoldingMeasure }) {
  const width = (value: number) => ({ width: `${(value / top) * 100}%` });
  if (row.before === null) return <span className={`${classes['unknown'] ?? ''} ps-hatched`} aria-hidden />;
  return (
    <span aria-hidden className={classes['pair']}>
      <span className={classes['before']} style={width(row.before)} />
      {row.after !== null && <span className={classes['after']} data-over={isOver(row.after, line) || undefined} style={width(row.after)} />}
      {line !== null && <span className={classes['line']} data-kind={line.kind} style={{ left: `${Math.min(1, line.at / top) * 100}%` }} />}
    </span>
  );
}

function Words({ row, measure: { print, line } }: { readonly row: HoldingRow; readonly measure: HoldingMeasure }) {
  const same = row.after === null || print(row.before) === print(row.after);
  return (
    <>
      {same ? print(row.before) : `${print(row.before)} → ${print(row.after)}`}
      {row.after !== null && isOver(row.after, line) && <span className={classes['over']} title="Over its safety line"> ▲<span className="ps-visually-hidden"> over its safety line</span></span>}
    </>
  );
}

function isOver(value: number, line: HoldingMeasure['line']): boolean {
  return line?.kind === 'safety' && value > line.at;
}

function sorted(rows: readonly HoldingRow[], order: string, names: NodeNames): readonly HoldingRow[] {
  const weight = (row: HoldingRow) => (order === 'before' ? row.before ?? -1 : order === 'after' ? row.after ?? -1 : order === 'change' ? Math.abs((row.after ?? 0) - (row.before ?? 0)) : 0);
  return rows.toSorted((a, b) => weight(b) - weight(a) || names.nameOf(a.nodeId).localeCompare(names.nameOf(b.nodeId), 'en', { numeric: true }));
}
