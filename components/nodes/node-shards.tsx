'use client';

import { Anchor, Group, SegmentedControl, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { memo } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { Quantity } from '@/components/ui/quantity';
import { EmptyState, LoadingState, ProblemState } from '@/components/ui/states';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatCount, plural } from '@/lib/client/format';
import type { ShardRow } from '@/lib/contract/api';

const ORDERS = ['sizeBytes', 'keyCount', 'cpu', 'operations'] as const;
const ORDER_LABELS: Readonly<Record<(typeof ORDERS)[number], string>> = { sizeBytes: 'Size', keyCount: 'Keys', cpu: 'CPU', operations: 'Operations' };
const TOP_COUNT = 10;

interface NodeShardsProps {
  readonly nodeId: string;
  /** `null` for a leader. */
  readonly leaderName: string | null;
  /** `null` while unknown. */
  readonly primaryCount: number | null;
  readonly shardCount: number | null;
}

/** How much the node holds, and its heaviest shards. */
export const NodeShards = memo(({ nodeId, leaderName, primaryCount, shardCount }: NodeShardsProps) => {
  const clusterId = useClusterId();
  const api = useApi();
  const [orderBy, setOrderBy] = useQueryState('top', parseAsStringLiteral(ORDERS).withDefault('sizeBytes').withOptions({ history: 'replace' }));
  const quality = useCluster((state) => state.shards?.quality ?? null);
  const query = useQuery({
    ...api.shards.list.queryOptions({ input: { clusterId, nodeId, orderBy, limit: TOP_COUNT } }),
    enabled: leaderName === null,
  });
  const note = leaderName === null
    ? primaryCount === null || shardCount === null ? undefined : `${plural(primaryCount, 'primary', 'primaries')} of ${plural(shardCount, 'shard')}`
    : `mirrors everything of ${leaderName}`;
  return (
    <Panel title="Shards" note={note} actions={<Anchor component={Link} size="xs" href={`/${clusterId}/shards?node=${encodeURIComponent(nodeId)}`}>Show on the map</Anchor>}>
      {leaderName !== null && <Text size="sm" c="dimmed">A follower holds what its leader holds and nothing of its own.</Text>}
      {leaderName === null && (
        <>
          <Group gap="xs" mb="xs">
            <Text size="xs">Heaviest {TOP_COUNT} by</Text>
            <SegmentedControl aria-label="Order" value={orderBy} onChange={(next) => void setOrderBy(next)} data={ORDERS.map((value) => ({ value, label: ORDER_LABELS[value] }))} />
          </Group>
          {query.isPending && <LoadingState what="its shards" />}
          {query.isError && <ProblemState what="its shards" problem={toApiProblem(query.error)} onRetry={() => void query.refetch()} />}
          {query.data?.total === 0 && <EmptyState title="It holds no shard">It gets some by a rebalance.</EmptyState>}
          {query.data !== undefined && query.data.total > 0 && <TopShards rows={query.data.shards} nodeId={nodeId} />}
          {quality?.size === 'sampled' && <Text size="xs" c="dimmed" mt={4}>Sizes are sampled from {formatCount(quality.sizeSampleCount)} keys.</Text>}
          {quality?.load === 'estimated' && <Text size="xs" c="dimmed" mt={4}>Loads per shard are estimated.</Text>}
        </>
      )}
    </Panel>
  );
});
NodeShards.displayName = 'NodeShards';

function TopShards({ rows, nodeId }: { readonly rows: readonly ShardRow[]; readonly nodeId: string }) {
  const clusterId = useClusterId();
  return (
    <div style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label="Heaviest shards">
      <Table fz="xs" verticalSpacing={3} miw={420}>
        <Table.Thead>
          <Table.Tr>{['Shard', 'Role', 'Size', 'Keys', 'CPU', 'Operations'].map((label) => <Table.Th key={label} scope="col">{label}</Table.Th>)}</Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((shard) => (
            <Table.Tr key={shard.shardId}>
              <Table.Th scope="row" fw={500}><Anchor component={Link} size="xs" href={`/${clusterId}/shards?shard=${shard.shardId}`}>{formatCount(shard.shardId)}</Anchor></Table.Th>
              <Table.Td>{shard.primaryNodeId === nodeId ? 'primary' : 'secondary'}</Table.Td>
              <Table.Td><Quantity kind="bytes" value={shard.sizeBytes} /></Table.Td>
              <Table.Td><Quantity kind="count-short" value={shard.keyCount} /></Table.Td>
              <Table.Td><Quantity kind="cores" value={shard.cpu} /></Table.Td>
              <Table.Td><Quantity kind="ops" value={operationsOf(shard)} /></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** Reads and writes together; unknown when either is. */
function operationsOf({ readsPerSecond, writesPerSecond }: ShardRow): number | null {
  return readsPerSecond === null || writesPerSecond === null ? null : readsPerSecond + writesPerSecond;
}
