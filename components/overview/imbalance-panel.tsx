'use client';

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useApi } from '@/components/realtime/live-provider';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useSummary } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { Quantity } from '@/components/ui/quantity';
import { formatRatio } from '@/lib/client/format';
import type { BalanceDimension } from '@/lib/contract/imbalance';
import { BALANCE_DIMENSIONS } from '@/lib/contract/vocabulary';
import classes from './overview.module.css';

const LABELS: Record<BalanceDimension, string> = {
  cpu: 'CPU', memory: 'Memory', disk: 'Disk', network: 'Network', operations: 'Operations', data: 'Data', shards: 'Shards', primaries: 'Primaries',
};
/** The bar's end; an imbalance above it fills the bar and is read off the number. */
const SCALE_MIN = 0.5;

/** How uneven the cluster is in each dimension, against the threshold above which a rebalance is worth its moves. */
export function ImbalancePanel() {
  const clusterId = useClusterId();
  const { imbalance } = useSummary();
  const settings = useQuery(useApi().settings.get.queryOptions({ input: { clusterId } }));
  const rebalancing = settings.data?.settings.rebalancing ?? null;
  const threshold = rebalancing?.imbalanceThreshold ?? null;
  const scale = Math.max(SCALE_MIN, (threshold ?? 0) * 1.5, ...BALANCE_DIMENSIONS.map((dimension) => imbalance[dimension] ?? 0));
  return (
    <Panel
      title="Imbalance"
      note={`(max - mean) / mean over eligible leaders${threshold === null ? '' : `; act above ${formatRatio(threshold)}`}${rebalancing === null ? '' : `, ${rebalancing.mode}`}`}
      actions={<Button component={Link} href={`/${clusterId}/operations/new`} variant="default">Plan a rebalance</Button>}
    >
      <table className={classes['bars']}>
        <caption className="ps-visually-hidden">Imbalance per dimension</caption>
        <tbody>
          {BALANCE_DIMENSIONS.map((dimension) => {
            const value = imbalance[dimension] ?? null;
            return (
              <tr key={dimension}>
                <th scope="row">{LABELS[dimension]}</th>
                <td>
                  <div className={`${classes['track'] ?? ''} ${value === null ? 'ps-hatched' : ''}`} aria-hidden>
                    {value !== null && <div className={classes['fill']} data-above={threshold !== null && value > threshold ? true : undefined} style={{ width: `${(value / scale) * 100}%` }} />}
                    {threshold !== null && <div className={classes['threshold']} style={{ left: `${(threshold / scale) * 100}%` }} />}
                  </div>
                </td>
                <td><ImbalanceValue value={value} threshold={threshold} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Panel>
  );
}

function ImbalanceValue({ value, threshold }: { readonly value: number | null; readonly threshold: number | null }) {
  const above = value !== null && threshold !== null && value > threshold;
  return <>{above && <span title="Above the threshold">▲ </span>}<Quantity kind="ratio" value={value} unknownTitle="Unknown, or nothing to compare" /></>;
}
