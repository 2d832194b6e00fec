'use client';

import { Anchor } from '@mantine/core';
import Link from 'next/link';
import { useMemo } from 'react';
import { Swatch } from './legend';
import { ownerStyleOf } from './owner-style';
import { useCluster } from '@/components/realtime/use-cluster';

export interface NodeNames {
  /** Name for people, the id where the node is not (or no longer) known. */
  readonly nameOf: (nodeId: string) => string;
  /** Place in the shard table's dictionary: what the colour hangs on; -1 when it holds nothing and never did. */
  readonly indexOf: (nodeId: string) => number;
}

/** Names and colours of nodes, by id. */
export function useNodeNames(nodeIds: readonly string[]): NodeNames {
  const nodes = useCluster((state) => state.nodes?.flatMap((node) => [node.id, node.name]) ?? null);
  return useMemo(() => {
    const names = new Map<string, string>();
    for (let at = 0; nodes !== null && at < nodes.length; at += 2) names.set(nodes[at]!, nodes[at + 1]!);
    const indexes = new Map(nodeIds.map((nodeId, index) => [nodeId, index]));
    return { nameOf: (nodeId) => names.get(nodeId) ?? nodeId, indexOf: (nodeId) => indexes.get(nodeId) ?? -1 };
  }, [nodes, nodeIds]);
}

/** A node's swatch and its name, leading to its page. */
export function NodeLink({ nodeId, names, clusterId }: { readonly nodeId: string; readonly names: NodeNames; readonly clusterId: string }) {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 6, verticalAlign: 'middle' }}>
      <NodeSwatch nodeId={nodeId} names={names} />
      <Anchor component={Link} href={`/${clusterId}/nodes/${encodeURIComponent(nodeId)}`} inherit>{names.nameOf(nodeId)}</Anchor>
    </span>
  );
}

export function NodeSwatch({ nodeId, names }: { readonly nodeId: string; readonly names: NodeNames }) {
  const index = names.indexOf(nodeId);
  if (index < 0) return <Swatch color="transparent" pattern="solid" />;
  const style = ownerStyleOf(index);
  return <Swatch color={style.css} pattern={style.pattern} />;
}
