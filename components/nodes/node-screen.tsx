'use client';

import { Anchor, Group, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import Link from 'next/link';
import { NodeBars } from '@/components/charts/node-bars';
import { Swatch } from '@/components/charts/legend';
import { ownerStyleOf } from '@/components/charts/owner-style';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useFreshness, useLiveView } from '@/components/realtime/use-cluster';
import { Panel, StalePanel } from '@/components/ui/panel';
import { Quantity } from '@/components/ui/quantity';
import { EmptyState, LoadingState } from '@/components/ui/states';
import { StatusBadge } from '@/components/ui/status-badge';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatDuration } from '@/lib/client/format';
import type { DomainEvent } from '@/lib/contract/events';
import { DrainPanel } from './drain-panel';
import { LivenessPanel } from './liveness-panel';
import { NodeActions } from './node-actions';
import { NodeEvents } from './node-events';
import { IdentityPanel, StatePanel } from './node-facts-panel';
import { NodeNotices } from './node-notices';
import type { NodeRow } from './node-rows';
import { NodeShards } from './node-shards';
import { useNodeRows, useSafetyLines } from './use-node-rows';
import classes from './nodes.module.css';

// The chart library is a hundred kilobytes that the state of the node does not wait for.
const NodeCharts = dynamic(() => import('./node-charts').then((module) => module.NodeCharts), { ssr: false, loading: () => <LoadingState what="the history" /> });
const NO_EVENTS: readonly DomainEvent[] = [];

/** One node: who it is, how it is, why, and what can be done with it. */
export function NodeScreen({ nodeId }: { readonly nodeId: string }) {
  useLiveView('nodes');
  useLiveView('shards');
  const clusterId = useClusterId();
  const rows = useNodeRows();
  const freshness = useFreshness();
  const row = rows?.find((candidate) => candidate.node.id === nodeId);
  const back = <Anchor component={Link} size="xs" href={`/${clusterId}/nodes`}>All nodes</Anchor>;
  if (rows === null) return <LoadingState what="the node" />;
  if (row === undefined) {
    return <EmptyState title={`There is no node ${nodeId}`} action={back}>It may have left the cluster; its past is in the events.</EmptyState>;
  }
  return (
    <>
      {back}
      <NodeHead row={row} />
      <StalePanel {...freshness}><NodeBody row={row} /></StalePanel>
    </>
  );
}

function NodeHead({ row }: { readonly row: NodeRow }) {
  const style = row.colorIndex < 0 ? null : ownerStyleOf(row.colorIndex);
  return (
    <Group justify="space-between" mb="sm" mt={4}>
      <Group gap="sm">
        {style !== null && <Swatch color={style.css} pattern={style.pattern} />}
        <Title order={1}>{row.node.name}</Title>
        <StatusBadge status={row.status} />
      </Group>
      <NodeActions row={row} />
    </Group>
  );
}

function NodeBody({ row }: { readonly row: NodeRow }) {
  const { node } = row;
  const clusterId = useClusterId();
  const api = useApi();
  const safetyLines = useSafetyLines();
  const followers = useCluster((state) => state.nodes?.filter((other) => other.followerOf === node.id) ?? []);
  const events = useQuery(api.events.list.queryOptions({ input: { clusterId, nodeId: node.id, limit: 100 } }));
  const problem = events.isError ? toApiProblem(events.error) : null;
  return (
    <Stack gap="md">
      <NodeNotices node={node} />
      {(node.lifecycle === 'draining' || node.lifecycle === 'drained') && <DrainPanel node={node} />}
      <LivenessPanel node={node} />
      <div className={classes.columns}>
        <IdentityPanel row={row} followers={followers} />
        <StatePanel row={row} />
        <Panel title={row.stale ? 'Last known' : 'Now'} note={row.stale ? (row.staleMs === null ? 'never read' : `${formatDuration(row.staleMs)} old`) : 'mean over the last observation interval'}>
          <div className={row.stale ? 'ps-hatched' : undefined}>
            <NodeBars node={node} safetyLines={safetyLines} />
            <NowNumbers row={row} />
          </div>
        </Panel>
      </div>
      <NodeCharts nodeId={node.id} events={events.data?.events ?? NO_EVENTS} />
      <div className={classes.columns}>
        <NodeShards nodeId={node.id} leaderName={row.leaderName} primaryCount={row.counts?.primaries ?? null} shardCount={row.counts?.shards ?? null} />
        <NodeEvents nodeId={node.id} events={events.data?.events ?? null} problem={problem} onRetry={() => void events.refetch()} />
      </div>
    </Stack>
  );
}

function NowNumbers({ row: { node: { stats, followerOf } } }: { readonly row: NodeRow }) {
  return (
    <dl className={classes.facts} style={{ marginTop: '0.75rem' }}>
      <dt>Operations</dt><dd><Quantity kind="ops" value={stats.operationsPerSecond} /> (<Quantity kind="rate" value={stats.readsPerSecond} /> reads, <Quantity kind="rate" value={stats.writesPerSecond} /> writes)</dd>
      <dt>Latency p99</dt><dd><Quantity kind="latency" value={stats.latencyP99Ms} /></dd>
      <dt>Keys</dt><dd><Quantity kind="count-short" value={stats.keyCount} /></dd>
      <dt>Connections</dt><dd><Quantity kind="count-short" value={stats.connections} /></dd>
      {followerOf !== null && <><dt>Replication lag</dt><dd><Quantity kind="bytes" value={stats.replicationLagBytes} /></dd></>}
    </dl>
  );
}
