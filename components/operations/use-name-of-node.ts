'use client';

import { useMemo } from 'react';
import { useCluster } from '@/components/realtime/use-cluster';

/** Names of nodes that are still there; the id of those that left. */
export function useNameOfNode(): (nodeId: string) => string {
  const pairs = useCluster((state) => state.nodes?.flatMap((node) => [node.id, node.name]) ?? null);
  return useMemo(() => {
    const names = new Map<string, string>();
    for (let at = 0; pairs !== null && at < pairs.length; at += 2) names.set(pairs[at]!, pairs[at + 1]!);
    return (nodeId) => names.get(nodeId) ?? nodeId;
  }, [pairs]);
}
