'use client';

import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { NodeSwatch, type NodeNames } from '@/components/charts/node-names';
import { formatBytes, formatCores, formatCount, formatRate } from '@/lib/client/format';
import type { NodeHolding } from '@/lib/contract/imbalance';
import type { Plan } from '@/lib/contract/plan';
import classes from './operations.module.css';

const MEASURES = {
  shards: { label: 'Shards', valueOf: (holding: NodeHolding): number | null => holding.shards, print: formatCount },
  primaries: { label: 'Primaries', valueOf: (holding: NodeHolding): number | null => holding.primaries, print: formatCount },
  data: { label: 'Data', valueOf: (holding: NodeHolding) => holding.dataBytes, print: formatBytes },
  operations: { label: 'Operations', valueOf: (holding: NodeHolding) => holding.operationsPerSecond, print: (value: number | null) => formatRate(value, 'ops') },
  cpu: { label: 'CPU', valueOf: (holding: NodeHolding) => holding.cpuCores, print: formatCores },
} as const;

type Measure = keyof typeof MEASURES;

/** What each node holds before and after, as paired bars: the upper one is before. */
export function HoldingBars({ plan, names }: { readonly plan: Plan; readonly names: NodeNames }) {
  const [measure, setMeasure] = useState<Measure>(plan.before.holdings.every((holding) => holding.dataBytes === null) ? 'shards' : 'data');
  const { valueOf, print, label } = MEASURES[measure];
  const after = new Map(plan.after.holdings.map((holding) => [holding.nodeId, holding]));
  const rows = plan.before.holdings.map((holding) => ({ nodeId: holding.nodeId, before: valueOf(holding), after: valueOf(after.get(holding.nodeId) ?? holding) }));
  const top = Math.max(1e-9, ...rows.flatMap((row) => [row.before ?? 0, row.after ?? 0]));
  return (
    <div className={classes['bars']}>
      <SegmentedControl aria-label="What the bars measure" value={measure} onChange={setMeasure} data={(Object.keys(MEASURES) as Measure[]).map((value) => ({ value, label: MEASURES[value].label }))} />
      <table className={classes['barTable']}>
        <caption className={classes['caption']}>{label} per node; the pale bar is before, the full one after</caption>
        <thead className={classes['hidden']}><tr><th scope="col">Node</th><th scope="col">Bars</th><th scope="col">Before to after</th></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.nodeId}>
              <th scope="row"><NodeSwatch nodeId={row.nodeId} names={names} /> {names.nameOf(row.nodeId)}</th>
              <td aria-hidden>
                <span className={classes['barBefore']} style={{ width: `${((row.before ?? 0) / top) * 100}%` }} />
                <span className={classes['barAfter']} style={{ width: `${((row.after ?? 0) / top) * 100}%` }} />
              </td>
              <td>{row.before === row.after ? print(row.after) : `${print(row.before)} → ${print(row.after)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
