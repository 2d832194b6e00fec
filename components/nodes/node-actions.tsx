'use client';

import { Button, Group, Tooltip } from '@mantine/core';
import Link from 'next/link';
import { memo } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { ApiCall } from '@/components/ui/api-call';
import { CordonButton } from './cordon-button';
import { DecommissionAction } from './decommission-action';
import { MaintenanceAction } from './maintenance-action';
import type { NodeRow } from './node-rows';

/** What can be done with a node, from the harmless to the final. */
export const NodeActions = memo(({ row }: { readonly row: NodeRow }) => {
  const clusterId = useClusterId();
  const { node } = row;
  return (
    <Group gap="xs">
      <CordonButton nodes={[node]} cordoned={!node.cordoned} />
      <MaintenanceAction node={node} />
      <DrainLink row={row} />
      <DecommissionAction row={row} />
      <ApiCall method="POST" path={`/clusters/${clusterId}/nodes/${encodeURIComponent(node.id)}/${node.cordoned ? 'uncordon' : 'cordon'}`} />
    </Group>
  );
}, sameForActions);
NodeActions.displayName = 'NodeActions';

/** Actions hang on what is wanted and held, not on the numbers that change with every reading. */
function sameForActions({ row: before }: { readonly row: NodeRow }, { row: next }: { readonly row: NodeRow }): boolean {
  const fields = ['id', 'name', 'cordoned', 'maintenanceUntilMs', 'lifecycle', 'liveness', 'followerOf'] as const;
  return fields.every((field) => before.node[field] === next.node[field]) && before.leaderName === next.leaderName && before.followerCount === next.followerCount
    && before.counts?.shards === next.counts?.shards && before.counts?.primaries === next.counts?.primaries;
}

/** A drain is planned first: the link leads to the preview, where it is approved. */
function DrainLink({ row }: { readonly row: NodeRow }) {
  const clusterId = useClusterId();
  const canMove = useCluster((state) => state.summary?.capabilities.moveShard ?? false);
  const reason = drainBlockedBy(row, canMove);
  const query = new URLSearchParams({ scope: 'evacuate', node: row.node.id });
  if (reason === null) return <Button component={Link} variant="default" href={`/${clusterId}/operations/new?${query.toString()}`}>Plan a drain</Button>;
  return <Tooltip label={reason} multiline maw={280}><Button variant="default" data-disabled aria-disabled aria-description={reason}>Plan a drain</Button></Tooltip>;
}

function drainBlockedBy({ node, counts, leaderName }: NodeRow, canMove: boolean): string | null {
  if (!canMove) return 'This kind of cluster cannot move shards';
  if (leaderName !== null) return `It holds nothing of its own: it mirrors ${leaderName}`;
  if (node.lifecycle === 'draining') return 'It is being drained already';
  if (counts !== null && counts.shards === 0) return 'It holds nothing';
  return null;
}
