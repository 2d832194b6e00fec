'use client';

import { Group, Title } from '@mantine/core';
import { useThrottledValue } from '@mantine/hooks';
import dynamic from 'next/dynamic';
import { useMemo } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useFreshness, useLiveView } from '@/components/realtime/use-cluster';
import { Panel, StalePanel } from '@/components/ui/panel';
import { EmptyState, LoadingState, NoMatchState } from '@/components/ui/states';
import { AddNode } from './add-node';
import { filterNodeRows, type NodeRow } from './node-rows';
import { useNodeUrl } from './node-url';
import { NodesToolbar } from './nodes-toolbar';
import { PickedNodes } from './picked-nodes';
import { useNodeRows, useSafetyLines } from './use-node-rows';

// The table's libraries arrive while the nodes are on their way.
const NodesTable = dynamic(() => import('./nodes-table').then((module) => module.NodesTable), { ssr: false, loading: () => <LoadingState what="the table" /> });

/** Which rows, and in which order, is decided this often; the numbers in them are live. */
const REORDER_MS = 3_000;

/** All nodes: how they are, how full, how far from the mean. */
export function NodesScreen() {
  useLiveView('nodes');
  useLiveView('shards');
  const rows = useNodeRows();
  const freshness = useFreshness();
  return (
    <>
      <Group justify="space-between" mb="sm">
        <Title order={1}>Nodes</Title>
        <AddNode />
      </Group>
      <StalePanel {...freshness}>
        {rows === null && <LoadingState what="the nodes" />}
        {rows?.length === 0 && <EmptyState title="This cluster has no nodes">They appear here as soon as one answers.</EmptyState>}
        {rows !== null && rows.length > 0 && <LiveNodes rows={rows} />}
      </StalePanel>
    </>
  );
}

function LiveNodes({ rows }: { readonly rows: readonly NodeRow[] }) {
  const clusterId = useClusterId();
  const safetyLines = useSafetyLines();
  const [url, setUrl] = useNodeUrl();
  const settled = useThrottledValue(rows, REORDER_MS);
  const { q, status, zone } = url;
  const shown = useMemo(() => filterNodeRows(settled, { search: q, statuses: status, zones: zone }), [settled, q, status, zone]);
  const live = useMemo(() => new Map(rows.map((row) => [row.node.id, row])), [rows]);
  const picked = url.picked.flatMap((nodeId) => live.get(nodeId) ?? []);
  const stale = rows.filter((row) => row.stale).length;
  return (
    <Panel
      title={`${rows.length.toLocaleString('en-US')} nodes`}
      note={stale === 0 ? 'rates: mean over the last observation interval' : `partial: ${stale} of ${rows.length} did not answer in time`}
    >
      <NodesToolbar clusterId={clusterId} all={settled} shown={shown} url={url} setUrl={setUrl} />
      {picked.length > 0 && <PickedNodes rows={picked} onClear={() => void setUrl({ picked: [] })} />}
      {shown.length === 0
        ? <NoMatchState what="nodes" total={rows.length} onClear={() => void setUrl({ q: '', status: [], zone: [] })} />
        : <NodesTable ordered={shown} live={live} url={url} setUrl={setUrl} context={{ clusterId, safetyLines }} />}
    </Panel>
  );
}
