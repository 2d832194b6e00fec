'use client';

import { Group, Title } from '@mantine/core';
import { MendLink } from '@/components/layout/mend-link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster, useFreshness, useLiveView } from '@/components/realtime/use-cluster';
import { StalePanel } from '@/components/ui/panel';
import { EmptyState, LoadingState } from '@/components/ui/states';
import { ShardMap } from './shard-map';

/** Where every shard is, how big and how busy; select some and plan a move of them. */
export function ShardMapScreen() {
  useLiveView('shards');
  useLiveView('nodes');
  useLiveView('moves');
  const clusterId = useClusterId();
  const table = useCluster((state) => state.shards);
  const freshness = useFreshness();
  return (
    <>
      <Group justify="space-between" mb="sm"><Title order={1}>Shards</Title><MendLink /></Group>
      <StalePanel {...freshness}>
        {table === null && <LoadingState what="the shards" />}
        {table?.shardCount === 0 && <EmptyState title="This cluster has no shards">They appear here as soon as the engine reports some.</EmptyState>}
        {table !== null && table.shardCount > 0 && <ShardMap clusterId={clusterId} table={table} />}
      </StalePanel>
    </>
  );
}
