import type { ClusterSummary } from '@/lib/contract/cluster';
import { plural } from './format';

/**
 * The one sentence an operator reads first: "2 of 12 nodes need attention, 3 shards one
 * failure from loss". Built from the typed reasons, never from numbers of its own.
 */
export function healthSentence(summary: Pick<ClusterSummary, 'health' | 'totals'>): string {
  const { health, totals } = summary;
  if (health.status === 'unknown') return 'The state of the cluster is not known';
  if (health.status === 'healthy') {
    const followers = totals.nodes - totals.leaders;
    const nodes = followers > 0 ? `All ${plural(totals.nodes, 'node')} (${plural(followers, 'follower')})` : `All ${plural(totals.nodes, 'node')}`;
    return `${nodes} are alive and ${plural(totals.shards, 'shard')} are served`;
  }
  const serious = health.reasons.filter((reason) => reason.severity !== 'notice');
  const nodeCount = new Set(serious.flatMap((reason) => reason.nodeIds)).size;
  const shards = shardWords(health);
  if (nodeCount === 0 && shards !== null) return shards;
  const head = nodeCount > 0
    ? `${nodeCount} of ${plural(health.nodesTotal, 'node')} need${nodeCount === 1 ? 's' : ''} attention`
    : `${plural(Math.max(1, serious.length), 'matter')} need${serious.length <= 1 ? 's' : ''} attention`;
  return shards === null ? head : `${head}, ${shards}`;
}

/** The worst that can be said of shards: lost, without a primary, or next to loss. */
function shardWords({ reasons, shardsAtRisk }: ClusterSummary['health']): string | null {
  const count = (code: string) => reasons.find((reason) => reason.code === code)?.shardCount ?? 0;
  const lost = count('shards-lost');
  if (lost > 0) return `${plural(lost, 'shard')} without any living copy`;
  const dark = count('shards-without-primary');
  if (dark > 0) return `${plural(dark, 'shard')} without a living primary`;
  return shardsAtRisk > 0 ? `${plural(shardsAtRisk, 'shard')} one failure from loss` : null;
}
