import { plural } from '@/lib/client/format';
import type { Capabilities } from '@/lib/contract/cluster';
import type { Node } from '@/lib/contract/node';
import type { NodeRow } from './node-rows';

export interface DecommissionChecks {
  /** What the server would refuse for, in words, with the numbers. */
  readonly blocking: readonly string[];
  /** What is good to know before. */
  readonly notes: readonly string[];
}

/** What is known here before the server is asked. The server checks all of it again, and more, on the node itself. */
export function decommissionChecks(options: { row: NodeRow; nodes: readonly Node[]; capabilities: Capabilities; replicationFactor: number | null }): DecommissionChecks {
  const { row, nodes, capabilities, replicationFactor } = options;
  const { node, counts, followerCount } = row;
  const blocking: string[] = [];
  const notes: string[] = [];
  if (!capabilities.removeNode) blocking.push('This kind of cluster cannot remove nodes from here');
  if (counts !== null && counts.shards > 0) blocking.push(`It still holds ${plural(counts.shards, 'shard')}, ${plural(counts.primaries, 'primary', 'primaries')} among them: drain it first`);
  const leadersLeft = nodes.filter((other) => other.followerOf === null && other.lifecycle !== 'decommissioned' && other.id !== node.id).length;
  if (node.followerOf === null && leadersLeft === 0) blocking.push('It is the last node');
  else if (node.followerOf === null && capabilities.replication === 'per-shard' && replicationFactor !== null && leadersLeft < replicationFactor) {
    blocking.push(`${plural(leadersLeft, 'node')} cannot hold ${replicationFactor} copies of each shard`);
  }
  if (node.followerOf === null && counts === null) notes.push('What it holds is not known here yet.');
  if (followerCount > 0) notes.push(`${plural(followerCount, 'follower')} mirror${followerCount === 1 ? 's' : ''} it and will have nothing to mirror.`);
  if (row.leaderName !== null) notes.push(`${row.leaderName} loses this copy of its data.`);
  if (node.liveness !== 'alive') notes.push(`It is ${node.liveness}: whether it is empty may not be readable from it.`);
  return { blocking, notes };
}
