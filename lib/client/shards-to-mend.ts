import type { ClusterSummary } from '@/lib/contract/cluster';

/**
 * How many shards seem to need mending, by the last reading: those that nobody alive serves,
 * those that a half-done move of others left open, and those of which others have keys. What is really wrong is asked of the
 * nodes when it is looked at. 0 where the cluster cannot be mended from here, or is being mended.
 */
export function shardsToMend({ capabilities, health, warnings, operations }: Pick<ClusterSummary, 'capabilities' | 'health' | 'warnings' | 'operations'>): number {
  if (!capabilities.mendShards || operations.some(({ kind }) => kind === 'mend-shards')) return 0;
  const unserved = health.reasons.reduce((sum, { code, shardCount }) => sum + (code === 'shards-lost' || code === 'shards-without-primary' ? shardCount : 0), 0);
  const marked = warnings.reduce((sum, { code, shardCount = 1 }) => sum + (code === 'open-slot' || code === 'stray-keys' ? shardCount : 0), 0);
  return unserved + marked;
}
