'use client';

import { useCluster } from '@/components/realtime/use-cluster';

/** Names of nodes that are still there; the id of those that left. */
export function useNameOfNode(): (nodeId: string) => string {
  const pairs = useCluster((state) => state.nodes?.flatMap((node) => [node.id, node.name]) ?? null);
  return (nodeId) => {
    const at = pairs?.indexOf(nodeId) ?? -1;
    return at < 0 ? nodeId : pairs?.[at + 1] ?? nodeId;
  };
}
