'use client';

import { useCluster } from '@/components/realtime/use-cluster';
import type { ShardTable } from '@/lib/contract/shard-table';

/** The shard table as of the last change of what is where: loads arrive every second, and would have every map drawn again for nothing. */
export function usePlacement(): ShardTable | null {
  return useCluster((state) => state.shards, samePlacement);
}

function samePlacement(a: ShardTable | null, b: ShardTable | null): boolean {
  if (a === b) return true;
  if (a === null || b === null || a.nodeIds !== b.nodeIds || a.replicas.length !== b.replicas.length) return false;
  if (a.replicas === b.replicas) return true;
  for (let at = 0; at < a.replicas.length; at += 1) if (a.replicas[at] !== b.replicas[at]) return false;
  return true;
}
