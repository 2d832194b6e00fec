import type { ClusterSummary } from '@/lib/contract/cluster';
import { plural } from './format';

export interface HealthSentence {
  /** "2 of 12 nodes need attention" */
  readonly head: string;
  /** What is the matter, most severe first; at most three, then how many more. */
  readonly details: readonly string[];
}

const DETAILS_MAX = 3;

/** The one sentence an operator reads first. Built from the typed reasons, never from numbers of its own. */
export function healthSentence(summary: Pick<ClusterSummary, 'health' | 'totals'>): HealthSentence {
  const { health, totals } = summary;
  const serious = health.reasons.filter((reason) => reason.severity !== 'notice');
  const nodeCount = new Set(serious.flatMap((reason) => reason.nodeIds)).size;
  const shown = health.reasons.slice(0, DETAILS_MAX).map((reason) => reason.message);
  const more = health.reasons.length - shown.length;
  const details = more > 0 ? [...shown, `and ${plural(more, 'more reason')}`] : shown;
  if (health.status === 'unknown') return { head: 'The state of the cluster is not known', details };
  if (health.status === 'healthy') {
    const followers = totals.nodes - totals.leaders;
    const nodes = followers > 0 ? `All ${plural(totals.nodes, 'node')} (${plural(followers, 'follower')})` : `All ${plural(totals.nodes, 'node')}`;
    return { head: `${nodes} are alive and ${plural(totals.shards, 'shard')} are served`, details };
  }
  if (nodeCount > 0) return { head: `${nodeCount} of ${plural(health.nodesTotal, 'node')} need${nodeCount === 1 ? 's' : ''} attention`, details };
  return { head: `${plural(Math.max(1, serious.length), 'matter')} need${serious.length <= 1 ? 's' : ''} attention`, details };
}
