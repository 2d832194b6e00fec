'use client';

import { Button, Group, Tooltip } from '@mantine/core';
import Link from 'next/link';
import { memo } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { ApiCall } from '@/components/ui/api-call';
import { AcceptAction } from './accept-action';
import { CordonButton } from './cordon-button';
import { DecommissionAction } from './decommission-action';
import { MaintenanceAction } from './maintenance-action';
import type { NodeRow } from './node-rows';
import { RepairAction } from './repair-action';
import { ReplaceAction } from './replace-action';
import { useNodeChecks, type NodeChecks } from './use-node-checks';

/** What can be done with a node, from the harmless to the final. What the server would refuse says why before it is pressed. */
export const NodeActions = memo(({ row }: { readonly row: NodeRow }) => {
  const clusterId = useClusterId();
  const { node } = row;
  const checks = useNodeChecks(node.id);
  return (
    <Group gap="xs">
      <CordonButton nodes={[node]} cordoned={!node.cordoned} blockedBy={checks.reasonsAgainst(node.cordoned ? 'uncordon' : 'cordon')[0] ?? null} />
      {node.lifecycle !== 'joining' && <MaintenanceAction node={node} checks={checks} />}
      <DrainLink row={row} checks={checks} />
      <AcceptAction node={node} checks={checks} />
      <RepairAction row={row} />
      <ReplaceAction row={row} />
      <DecommissionAction row={row} checks={checks} />
      <ApiCall method="POST" path={`/clusters/${clusterId}/nodes/${encodeURIComponent(node.id)}/${node.cordoned ? 'uncordon' : 'cordon'}`} />
    </Group>
  );
}, sameForActions);
NodeActions.displayName = 'NodeActions';

/** Actions hang on what is wanted and held, not on the numbers that change with every reading. */
function sameForActions({ row: before }: { readonly row: NodeRow }, { row: next }: { readonly row: NodeRow }): boolean {
  const fields = ['id', 'name', 'cordoned', 'maintenanceUntilMs', 'lifecycle', 'liveness', 'followerOf'] as const;
  return fields.every((field) => before.node[field] === next.node[field]) && before.counts?.shards === next.counts?.shards;
}

/** A drain is planned first: the link leads to the preview, where it is approved. */
function DrainLink({ row: { node, counts }, checks }: { readonly row: NodeRow; readonly checks: NodeChecks }) {
  const clusterId = useClusterId();
  const [refusal] = checks.reasonsAgainst('drain');
  const reason = refusal ?? (counts?.shards === 0 ? 'It holds nothing' : null);
  const query = new URLSearchParams({ scope: 'evacuate', node: node.id });
  if (reason === null) return <Button component={Link} variant="default" href={`/${clusterId}/operations/new?${query.toString()}`}>Plan a drain</Button>;
  return <Tooltip label={reason} multiline maw={280}><Button variant="default" data-disabled aria-disabled aria-description={reason}>Plan a drain</Button></Tooltip>;
}
